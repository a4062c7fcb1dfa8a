//! Choices that look random and are the same for the same seed.

use std::time::Duration;

#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn of(seed: u64) -> Self {
        let mut random = Self(seed);
        // Neighbouring seeds begin alike.
        for _ in 0..4 {
            random.below(1);
        }
        random
    }

    /// A sequence for this use of the seed.
    pub fn about(seed: u64, subject: &str, nth: usize) -> Self {
        let bytes = subject.bytes().chain((nth as u64).to_le_bytes());
        Self::of(bytes.fold(seed, |sum, byte| {
            sum.wrapping_mul(1_099_511_628_211) ^ u64::from(byte)
        }))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub fn one_in(&mut self, cases: u64) -> bool {
        self.below(cases) == 0
    }

    /// A time below this many milliseconds.
    pub fn up_to_ms(&mut self, end: u64) -> Duration {
        Duration::from_millis(self.below(end))
    }
}
