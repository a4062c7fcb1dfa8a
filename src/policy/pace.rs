//! A random delay between calls, so that they do not look automated.

use std::{fmt, time::Duration};

use super::Problem;
use crate::text::for_people;

/// The longest delay: clients give up calls that wait longer.
const MAX_DELAY: Duration = Duration::from_secs(120);

/// The range of delays between two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    min: Duration,
    max: Duration,
}

impl Pace {
    /// Delays from `min` to `max`.
    ///
    /// # Errors
    /// If `max` is zero, above two minutes, or below `min`.
    pub fn new(min: Duration, max: Duration) -> Result<Self, Problem> {
        let wrong = |key, message: String| {
            let hint = "write a range such as { min = \"3s\", max = \"8s\" }";
            Err(Problem::new(key, "bad-value", message, hint))
        };
        if max.is_zero() || max > MAX_DELAY {
            let (most, got) = (for_people(MAX_DELAY), for_people(max));
            return wrong(
                "max",
                format!("max must be above 0s and at most {most}, got {got}"),
            );
        }
        if min > max {
            let (max, got) = (for_people(max), for_people(min));
            return wrong(
                "min",
                format!("min must be at most max, which is {max}, got {got}"),
            );
        }
        Ok(Self { min, max })
    }

    /// The shortest delay.
    pub const fn min(&self) -> Duration {
        self.min
    }

    /// The longest delay.
    pub const fn max(&self) -> Duration {
        self.max
    }

    /// The delay for a random number; all lengths are equally likely.
    pub fn draw(&self, random: u64) -> Duration {
        // Two minutes are fewer than 2^37 nanoseconds, so that the probabilities differ by less
        // than one part in 2^27.
        let lengths = (self.max - self.min).as_nanos() + 1;
        let more = (u128::from(random) * lengths) >> 64;
        self.min + Duration::from_nanos(u64::try_from(more).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} to {:?}", self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(min: u64, max: u64) -> Result<Pace, &'static str> {
        Pace::new(Duration::from_secs(min), Duration::from_secs(max)).map_err(|problem| problem.key)
    }

    #[test]
    fn a_pace_has_an_order_and_a_maximum() {
        assert_eq!(seconds(8, 3), Err("min"));
        assert_eq!(seconds(0, 0), Err("max"));
        assert_eq!(seconds(3, 121), Err("max"));
        assert_eq!(seconds(130, 125), Err("max"));
        for (min, max) in [(0, 1), (3, 8), (5, 5), (0, 120), (120, 120)] {
            let pace = seconds(min, max).unwrap();
            assert_eq!(pace.min(), Duration::from_secs(min));
            assert_eq!(pace.max(), Duration::from_secs(max));
        }
    }

    #[test]
    fn the_ends_and_the_middle_are_drawn() {
        let pace = seconds(3, 8).unwrap();
        assert_eq!(pace.draw(0), Duration::from_secs(3));
        assert_eq!(pace.draw(u64::MAX), Duration::from_secs(8));
        assert_eq!(pace.draw(1 << 63), Duration::from_millis(5500));
        assert_eq!(
            seconds(5, 5).unwrap().draw(u64::MAX),
            Duration::from_secs(5)
        );
    }

    #[test]
    fn a_pace_is_shown_as_a_range() {
        assert_eq!(seconds(3, 8).unwrap().to_string(), "3s to 8s");
    }

    #[test]
    fn all_delays_are_equally_likely() {
        let pace = seconds(0, 120).unwrap();
        let mut parts = [0_u32; 12];
        // Multiples of the golden ratio are spread evenly over all numbers.
        for step in 0..12_000_u64 {
            let delay = pace.draw(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            parts[usize::try_from(delay.as_secs() / 10).unwrap().min(11)] += 1;
        }
        assert!(
            parts.iter().all(|count| (980..=1020).contains(count)),
            "{parts:?}"
        );
    }

    proptest! {
        #[test]
        fn a_delay_is_within_its_range(
            one in 0..=MAX_DELAY.as_nanos() as u64,
            other in 1..=MAX_DELAY.as_nanos() as u64,
            random: u64,
        ) {
            let (min, max) = (one.min(other), one.max(other));
            let pace = Pace::new(Duration::from_nanos(min), Duration::from_nanos(max)).unwrap();
            let delay = pace.draw(random);
            prop_assert!(pace.min() <= delay && delay <= pace.max());
        }
    }
}
