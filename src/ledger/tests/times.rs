use jiff::{SignedDuration, Timestamp};

use super::*;

fn set_wall(desk: &Desk, by: SignedDuration) {
    desk.hand.set_wall(desk.clock.timestamp() + by);
}

#[test]
fn setting_the_clock_gives_nothing_back() {
    let mut desk = Desk::new();
    desk.hand.set_wall("2026-07-01T12:00:00Z".parse().unwrap());
    let one = [count(1, 1, HOUR)];
    assert!(passes(&desk.ledger, &one));
    for hours in [48, -96, 24 * 365, -24 * 700] {
        set_wall(&desk, SignedDuration::from_hours(hours));
        assert_eq!(full(&desk.ledger, &one).wait, Some(HOUR));
        desk.restart();
        assert_eq!(full(&desk.ledger, &one).wait, Some(HOUR));
    }
    desk.hand.advance(HOUR);
    assert!(passes(&desk.ledger, &one));
}

#[test]
fn time_passes_while_the_machine_is_off() {
    let mut desk = Desk::new();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&desk.ledger, &one));
    desk.restart();
    desk.hand.advance(HOUR / 2);
    desk.hand.reboot();
    assert_eq!(full(&desk.ledger, &one).wait, Some(HOUR / 2));
    desk.hand.advance(HOUR / 2);
    assert!(passes(&desk.ledger, &one));
}

#[test]
fn a_clock_set_back_before_a_boot_gives_nothing_back() {
    let mut desk = Desk::new();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&desk.ledger, &one));
    desk.hand.advance(HOUR / 2);
    desk.ledger.remember(&["Ann"]).unwrap();
    desk.restart();
    desk.hand.reboot();
    desk.hand.set_wall(Timestamp::UNIX_EPOCH);
    assert_eq!(full(&desk.ledger, &one).wait, Some(HOUR / 2));
}

#[test]
fn a_clock_that_was_set_is_known_at_the_next_boot() {
    let mut desk = Desk::new();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&desk.ledger, &one));
    // As when a machine without a battery hears of the time at last.
    desk.hand.set_wall("2026-07-01T12:00:00Z".parse().unwrap());
    let before = desk.syncs();
    desk.ledger.remember(&["Ann"]).unwrap();
    assert_eq!(desk.syncs(), before + 1);
    let image = desk.image();
    desk.recover(image);
    desk.hand.reboot();
    assert_eq!(full(&desk.ledger, &one).wait, Some(HOUR));
}

#[test]
fn without_a_boot_of_the_machine_another_process_goes_by_the_day() {
    let mut desk = Desk::new();
    desk.hand.forget_machine();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&desk.ledger, &one));
    desk.hand.set_wall("2026-07-01T12:00:00Z".parse().unwrap());
    assert_eq!(full(&desk.ledger, &one).wait, Some(HOUR));
    desk.ledger.remember(&["Ann"]).unwrap();
    desk.restart();
    desk.hand.reboot();
    set_wall(&desk, SignedDuration::from_hours(-5));
    assert_eq!(full(&desk.ledger, &one).wait, Some(HOUR));
    desk.hand.advance(HOUR);
    assert!(passes(&desk.ledger, &one));
    // Nothing is counted ahead of the disk there.
    assert_eq!(desk.syncs(), 0);
}
