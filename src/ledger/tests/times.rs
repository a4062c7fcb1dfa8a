use jiff::{SignedDuration, Timestamp};

use super::*;

fn set_wall(fixture: &Fixture, by: SignedDuration) {
    fixture.manual.set_wall(fixture.clock.timestamp() + by);
}

#[test]
fn setting_the_clock_gives_nothing_back() {
    let mut fixture = Fixture::new();
    fixture
        .manual
        .set_wall("2026-07-01T12:00:00Z".parse().unwrap());
    let one = [count(1, 1, HOUR)];
    assert!(passes(&fixture.ledger, &one));
    for hours in [48, -96, 24 * 365, -24 * 700] {
        set_wall(&fixture, SignedDuration::from_hours(hours));
        assert_eq!(full(&fixture.ledger, &one).wait, Some(HOUR));
        fixture.restart();
        assert_eq!(full(&fixture.ledger, &one).wait, Some(HOUR));
    }
    fixture.manual.advance(HOUR);
    assert!(passes(&fixture.ledger, &one));
}

#[test]
fn time_passes_while_the_machine_is_off() {
    let mut fixture = Fixture::new();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&fixture.ledger, &one));
    fixture.restart();
    fixture.manual.advance(HOUR / 2);
    fixture.manual.reboot();
    assert_eq!(full(&fixture.ledger, &one).wait, Some(HOUR / 2));
    fixture.manual.advance(HOUR / 2);
    assert!(passes(&fixture.ledger, &one));
}

#[test]
fn a_clock_set_back_before_a_boot_gives_nothing_back() {
    let mut fixture = Fixture::new();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&fixture.ledger, &one));
    fixture.manual.advance(HOUR / 2);
    fixture.ledger.remember("Ann").unwrap();
    fixture.restart();
    fixture.manual.reboot();
    fixture.manual.set_wall(Timestamp::UNIX_EPOCH);
    assert_eq!(full(&fixture.ledger, &one).wait, Some(HOUR / 2));
}

#[test]
fn a_clock_that_was_set_is_known_at_the_next_boot() {
    let mut fixture = Fixture::new();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&fixture.ledger, &one));
    // As when a machine without a battery hears of the time at last.
    fixture
        .manual
        .set_wall("2026-07-01T12:00:00Z".parse().unwrap());
    let before = fixture.syncs();
    fixture.ledger.remember("Ann").unwrap();
    assert_eq!(fixture.syncs(), before + 1);
    let image = fixture.image();
    fixture.recover(image);
    fixture.manual.reboot();
    assert_eq!(full(&fixture.ledger, &one).wait, Some(HOUR));
}

#[test]
fn without_a_boot_of_the_machine_another_process_goes_by_the_day() {
    let mut fixture = Fixture::new();
    fixture.manual.forget_machine();
    let one = [count(1, 1, HOUR)];
    assert!(passes(&fixture.ledger, &one));
    fixture
        .manual
        .set_wall("2026-07-01T12:00:00Z".parse().unwrap());
    assert_eq!(full(&fixture.ledger, &one).wait, Some(HOUR));
    fixture.ledger.remember("Ann").unwrap();
    fixture.restart();
    fixture.manual.reboot();
    set_wall(&fixture, SignedDuration::from_hours(-5));
    assert_eq!(full(&fixture.ledger, &one).wait, Some(HOUR));
    fixture.manual.advance(HOUR);
    assert!(passes(&fixture.ledger, &one));
    // Nothing is counted ahead of the disk there.
    assert_eq!(fixture.syncs(), 0);
}
