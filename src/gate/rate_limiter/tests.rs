use std::{num::NonZeroU32, time::Duration};

use proptest::prelude::*;

use super::{Exceeded, MAX_COUNTERS, RateLimiter};
use crate::clock::Clock;

const MINUTE: Duration = Duration::from_secs(60);

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// A limiter of so many in a window, all at once.
fn limiter(max: u32, window: Duration, clock: &Clock) -> RateLimiter {
    RateLimiter::new(number(max), number(max), window, clock)
}

/// How many fit now.
fn room(limiter: &RateLimiter, key: &str) -> u32 {
    let fits = |amount: &u32| {
        let level = limiter.arrival_time(key);
        let fits = limiter.count(&key.to_owned(), number(*amount)).is_ok();
        if fits {
            limiter.restore(key, level);
        }
        fits
    };
    (1..=50).take_while(fits).count() as u32
}

#[test]
fn what_was_counted_still_counts_under_other_numbers() {
    for (counted, max, window, left) in [
        // The same, more, less, and much less than was counted.
        (3, 5, MINUTE, 2),
        (3, 9, MINUTE, 6),
        (3, 4, MINUTE, 1),
        (5, 2, MINUTE, 0),
        (5, 1, MINUTE, 0),
        (5, 1, MINUTE / 60, 0),
        // Longer and shorter windows.
        (3, 5, 10 * MINUTE, 2),
        (3, 5, MINUTE / 6, 2),
        (5, 5, 10 * MINUTE, 0),
        (0, 5, 10 * MINUTE, 5),
    ] {
        let (clock, hand) = Clock::manual();
        hand.advance(MINUTE * 7);
        let old = limiter(5, MINUTE, &clock);
        for _ in 0..counted {
            old.count(&"one".to_owned(), number(1)).unwrap();
        }
        let new = limiter(max, window, &clock);
        new.inherit(&old);
        let case = format!("{counted} of 5, then {max} in {window:?}");
        assert_eq!(room(&new, "one"), left, "{case}");
        assert_eq!(room(&new, "two"), max, "{case}: another key");
        // Nobody waits longer than the limit itself says.
        hand.advance(window);
        assert!(room(&new, "one") > 0, "{case}: after the window");
        hand.advance(window);
        assert_eq!(room(&new, "one"), max, "{case}: after another one");
    }
}

#[test]
fn a_part_of_a_unit_counts_as_a_whole_one() {
    let (clock, hand) = Clock::manual();
    let old = limiter(6, MINUTE, &clock);
    old.count(&"one".to_owned(), number(3)).unwrap();
    // Half of the second has come back.
    hand.advance(Duration::from_secs(15));
    let new = limiter(6, 2 * MINUTE, &clock);
    new.inherit(&old);
    assert_eq!(room(&new, "one"), 4);
}

#[test]
fn of_several_the_most_counts() {
    let (clock, _hand) = Clock::manual();
    let (few, many) = (limiter(9, MINUTE, &clock), limiter(9, 2 * MINUTE, &clock));
    few.count(&"one".to_owned(), number(2)).unwrap();
    many.count(&"one".to_owned(), number(5)).unwrap();
    for order in [[&few, &many], [&many, &few]] {
        let new = limiter(9, 3 * MINUTE, &clock);
        for old in order {
            new.inherit(old);
        }
        assert_eq!(room(&new, "one"), 4);
    }
}

#[test]
fn a_meter_that_was_made_late_forgets_nothing_that_counts() {
    let (clock, hand) = Clock::manual();
    hand.advance(100 * MINUTE);
    let limiter = limiter(1, MINUTE, &clock);
    for key in 0..=MAX_COUNTERS + 1 {
        limiter.count(&key.to_string(), number(1)).unwrap();
    }
    assert_eq!(
        limiter.count(&"0".to_owned(), number(1)),
        Err(Exceeded::For(MINUTE))
    );
    hand.advance(MINUTE);
    assert_eq!(limiter.count(&"new".to_owned(), number(1)), Ok(()));
    assert_eq!(limiter.counters.lock().len(), 1);
}

proptest! {
    #[test]
    fn no_other_numbers_give_anything_back(
        (max, counted) in (1u32..50).prop_flat_map(|max| (Just(max), 0..=max)),
        (window, passed) in (1u64..3600, 0u64..3600),
        (other_max, other_window) in (1u32..50, 1u64..3600),
    ) {
        let (clock, hand) = Clock::manual();
        let old = limiter(max, Duration::from_secs(window), &clock);
        if let Some(counted) = NonZeroU32::new(counted) {
            old.count(&"one".to_owned(), counted).unwrap();
        }
        hand.advance(Duration::from_secs(passed));
        let missing = max - room(&old, "one");
        let new = limiter(other_max, Duration::from_secs(other_window), &clock);
        new.inherit(&old);
        prop_assert_eq!(room(&new, "one"), other_max.saturating_sub(missing));
        hand.advance(Duration::from_secs(other_window));
        prop_assert!(room(&new, "one") > 0);
    }
}
