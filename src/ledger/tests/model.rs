//! The ledger beside a naive one that keeps a list.

use jiff::SignedDuration;
use proptest::{prelude::*, test_runner::TestRunner};

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Ask { key: usize, amount: u32 },
    Reduce(u32),
    Restart,
    Kill,
    Reboot(u64),
    SetClock(i64),
}

pub(super) const KEYS: [&str; 2] = ["Ann", "Ben"];

fn step() -> impl Strategy<Value = Step> {
    let millis = prop_oneof![0..5u64, 0..4_000_000u64, 20_000_000..90_000_000u64];
    prop_oneof![
        4 => millis.clone().prop_map(Step::Wait),
        8 => (0..KEYS.len(), 0..4u32).prop_map(|(key, amount)| Step::Ask { key, amount }),
        1 => (0..3u32).prop_map(Step::Reduce),
        1 => Just(Step::Restart),
        1 => Just(Step::Kill),
        1 => millis.prop_map(Step::Reboot),
        1 => (-100_000_000..100_000_000i64).prop_map(Step::SetClock),
    ]
}

/// Limits of one series, too small for a lease: a crash adds nothing to what is counted.
pub(super) fn limits() -> impl Strategy<Value = Vec<(u32, Duration)>> {
    let window = prop_oneof![1..100u64, 1000..4_000_000u64, Just(86_400_000)];
    let limit = (1..10u32, window.prop_map(Duration::from_millis));
    prop::collection::vec(limit, 1..4)
}

#[derive(Default)]
struct Naive(Vec<(Duration, usize, u32)>);

impl Naive {
    fn used(&self, key: usize, at: Duration, window: Duration) -> u32 {
        let inside = |&&(then, whose, _): &&(Duration, usize, u32)| {
            whose == key && then <= at && then + window > at
        };
        self.0
            .iter()
            .filter(inside)
            .map(|(_, _, amount)| amount)
            .sum()
    }

    fn passes(&self, key: usize, at: Duration, amount: u32, limits: &[(u32, Duration)]) -> bool {
        let fits = |(max, window): &(u32, Duration)| self.used(key, at, *window) + amount <= *max;
        amount == 0 || limits.iter().all(fits)
    }
}

pub(super) fn counts(key: &str, amount: u32, limits: &[(u32, Duration)]) -> Vec<Count> {
    let count = |&(max, window): &(u32, Duration)| Count {
        counter: "sends".to_owned(),
        key: key.to_owned(),
        amount,
        max,
        window,
        longest_window: crate::ledger::DAY,
    };
    limits.iter().map(count).collect()
}

/// Holds a ledger against the naive one, and both against time.
fn compare(
    mut fixture: Fixture,
    limits: &[(u32, Duration)],
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    fixture
        .manual
        .set_wall("2026-07-01T12:00:00Z".parse().unwrap());
    let mut naive = Naive::default();
    let mut last: Option<(Receipt, usize)> = None;
    for step in steps {
        match step {
            Step::Wait(millis) => fixture.manual.advance(Duration::from_millis(millis)),
            Step::Restart => fixture.restart(),
            Step::Kill => {
                let image = fixture.image();
                fixture.recover(image);
            }
            Step::Reboot(millis) => {
                fixture.restart();
                fixture.manual.advance(Duration::from_millis(millis));
                fixture.manual.reboot();
                // Opened before the clock is set again, which nobody could notice.
                fixture.ledger.paused().unwrap();
            }
            Step::SetClock(millis) => {
                let by = SignedDuration::from_millis(millis);
                fixture.manual.set_wall(fixture.clock.timestamp() + by);
                fixture.ledger.remember("someone").unwrap();
            }
            Step::Reduce(to) => {
                if let Some((receipt, line)) = &last {
                    fixture.ledger.reduce(receipt, 0, to).unwrap();
                    let amount = &mut naive.0[*line].2;
                    *amount = to.min(*amount);
                }
            }
            Step::Ask { key, amount } => {
                let at = fixture.clock.elapsed();
                match admit(&fixture.ledger, &counts(KEYS[key], amount, limits)) {
                    Admission::Counted(receipt) => {
                        prop_assert!(naive.passes(key, at, amount, limits));
                        if amount > 0 {
                            last = Some((receipt, naive.0.len()));
                            naive.0.push((at, key, amount));
                        }
                    }
                    Admission::Refused(Rejection::Claimed(_) | Rejection::TooSoon(_)) => {
                        prop_assert!(false, "nothing is claimed, and nothing has to wait");
                    }
                    Admission::Refused(Rejection::Full(full)) => {
                        prop_assert!(!naive.passes(key, at, amount, limits));
                        let (max, window) = limits[full.index];
                        let used = naive.used(key, at, window);
                        prop_assert_eq!(full.left, max.saturating_sub(used));
                        match full.wait {
                            None => prop_assert!(amount > max),
                            Some(wait) => {
                                let then = at + wait;
                                let sooner = then - Duration::from_nanos(1);
                                prop_assert!(naive.passes(key, then, amount, limits));
                                prop_assert!(!naive.passes(key, sooner, amount, limits));
                            }
                        }
                    }
                }
            }
        }
    }
    let usages = fixture.ledger.usages().unwrap();
    for (key, name) in KEYS.iter().enumerate() {
        let used = naive.used(key, fixture.clock.elapsed(), crate::ledger::DAY);
        let usage = usages.iter().find(|usage| usage.key == *name);
        let told = usage.map_or(0, |usage| usage.used(crate::ledger::DAY));
        prop_assert_eq!(told, u64::from(used));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn the_ledger_says_what_a_list_says(
        limits in limits(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        compare(Fixture::new(), &limits, steps)?;
    }
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn redis_says_what_a_list_says() {
    let redis = Arc::new(RedisServer::start());
    let steps = prop::collection::vec(step().prop_map(elsewhere), 1..60);
    TestRunner::new(ProptestConfig::with_cases(80))
        .run(&(limits(), steps), |(limits, steps)| {
            redis.command(&["FLUSHALL"]);
            compare(Fixture::at(redis.clone(), "account"), &limits, steps)
        })
        .unwrap();
}

/// What happens to a machine is nothing to a ledger that is on another one.
fn elsewhere(step: Step) -> Step {
    match step {
        Step::Kill | Step::SetClock(_) => Step::Restart,
        Step::Reboot(millis) => Step::Wait(millis),
        other => other,
    }
}
