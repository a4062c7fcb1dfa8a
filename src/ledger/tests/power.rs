//! What is counted when the machine itself stops.

use proptest::prelude::*;

use super::{
    model::{KEYS, counts},
    *,
};

#[test]
fn only_the_room_of_a_lease_can_be_lost_and_it_is_counted() {
    let mut fixture = Fixture::new();
    let one = [count(1, 100, HOUR)];
    assert!(passes(&fixture.ledger, &one));
    let image = fixture.image();
    for _ in 0..10 {
        assert!(passes(&fixture.ledger, &one));
    }
    assert_eq!(fixture.syncs(), 1);
    fixture.recover(image);
    fixture.manual.reboot();
    assert_eq!(fixture.ledger.usages().unwrap()[0].used(HOUR), 11);
    // In the same boot nothing was lost, and nothing is added.
    fixture.restart();
    assert_eq!(fixture.ledger.usages().unwrap()[0].used(HOUR), 11);
}

#[test]
fn a_small_limit_waits_for_the_disk_and_loses_nothing() {
    let mut fixture = Fixture::new();
    let one = [count(1, 9, HOUR)];
    for times in 1..=3 {
        assert!(passes(&fixture.ledger, &one));
        assert_eq!(fixture.syncs(), times);
    }
    let image = fixture.image();
    fixture.recover(image);
    fixture.manual.reboot();
    assert_eq!(fixture.ledger.usages().unwrap()[0].used(HOUR), 3);
}

#[test]
fn what_ends_in_order_gives_its_lease_back() {
    let mut fixture = Fixture::new();
    assert!(passes(&fixture.ledger, &[count(1, 100, HOUR)]));
    fixture.restart();
    fixture.manual.reboot();
    assert_eq!(fixture.ledger.usages().unwrap()[0].used(HOUR), 1);
}

#[test]
fn a_lease_given_back_by_one_is_not_used_by_another() {
    let fixture = Fixture::new();
    let other = at(&fixture.path(), &fixture.clock);
    let one = [count(1, 100, HOUR)];
    assert!(passes(&fixture.ledger, &one));
    assert!(passes(&other, &one));
    assert_eq!(fixture.syncs(), 1);
    drop(other);
    assert!(passes(&fixture.ledger, &one));
    assert_eq!(fixture.syncs(), 2);
}

#[test]
fn what_was_lowered_makes_no_room_to_be_lost() {
    let mut fixture = Fixture::new();
    let reserved = receipt(&fixture.ledger, &[count(50, 100, HOUR)]);
    let (mut lasting, mut syncs) = (fixture.image(), fixture.syncs());
    fixture.ledger.reduce(&reserved, 0, 0).unwrap();
    fixture.manual.advance(HOUR / 2);
    for _ in 0..5 {
        assert!(passes(&fixture.ledger, &[count(10, 100, HOUR)]));
        if fixture.syncs() != syncs {
            (lasting, syncs) = (fixture.image(), fixture.syncs());
        }
    }
    fixture.recover(lasting);
    fixture.manual.reboot();
    fixture.ledger.paused().unwrap();
    // The reserved line has left the window, what was counted after it has not.
    fixture.manual.advance(HOUR / 2);
    assert!(!passes(&fixture.ledger, &[count(51, 100, HOUR)]));
    assert!(passes(&fixture.ledger, &[count(40, 100, HOUR)]));
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Ask {
        key: usize,
        amount: u32,
    },
    Reduce(u32),
    Restart,
    /// How long it is off, and whether the disk has all that it was given.
    Crash(u64, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let millis = prop_oneof![0..5u64, 0..4_000_000u64];
    prop_oneof![
        3 => millis.clone().prop_map(Step::Wait),
        12 => (0..KEYS.len(), 1..9u32).prop_map(|(key, amount)| Step::Ask { key, amount }),
        5 => (0..5u32).prop_map(Step::Reduce),
        1 => Just(Step::Restart),
        2 => (millis, any::<bool>()).prop_map(|(off, all)| Step::Crash(off, all)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn no_window_takes_more_whatever_the_disk_has_lost(
        limits in prop::collection::vec(
            (1..200u32, (1..8_000_000u64).prop_map(Duration::from_millis)), 1..3),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut fixture = Fixture::new();
        let mut passed: Vec<(Duration, usize, u32)> = Vec::new();
        let mut last: Option<(Receipt, usize)> = None;
        let (mut lasting, mut syncs) = (fixture.image(), 0);
        for step in steps {
            match step {
                Step::Wait(millis) => fixture.manual.advance(Duration::from_millis(millis)),
                Step::Restart => {
                    fixture.restart();
                    (lasting, syncs) = (fixture.image(), 0);
                }
                Step::Crash(off, all) => {
                    let now = fixture.image();
                    fixture.recover(if all { now } else { lasting });
                    fixture.manual.advance(Duration::from_millis(off));
                    fixture.manual.reboot();
                    fixture.ledger.paused().unwrap();
                    (lasting, syncs) = (fixture.image(), 0);
                    last = None;
                }
                Step::Reduce(to) => if let Some((receipt, line)) = &last {
                    fixture.ledger.reduce(receipt, 0, to).unwrap();
                    let amount = &mut passed[*line].2;
                    *amount = to.min(*amount);
                },
                Step::Ask { key, amount } => {
                    let asked = counts(KEYS[key], amount, &limits);
                    if let Admission::Counted(receipt) = admit(&fixture.ledger, &asked) {
                        last = Some((receipt, passed.len()));
                        passed.push((fixture.clock.elapsed(), key, amount));
                    }
                    if fixture.syncs() != syncs {
                        (lasting, syncs) = (fixture.image(), fixture.syncs());
                    }
                }
            }
            for (max, window) in &limits {
                for (begin, key, _) in &passed {
                    let inside = passed.iter().filter(|(at, whose, _)| {
                        whose == key && at >= begin && *at < *begin + *window
                    });
                    let sum: u32 = inside.map(|(_, _, amount)| amount).sum();
                    prop_assert!(sum <= *max, "{sum} of {max} within {window:?}");
                }
            }
        }
    }
}
