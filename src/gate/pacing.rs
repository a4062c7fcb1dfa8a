//! A gap between calls that comes like a person's.

use std::time::Duration;

use super::Refusal;
use crate::policy::{Code, PaceRule};

/// The longest that a call is held up; a client would give it up.
const LONGEST: Duration = Duration::from_secs(20);

/// When the next call that has to keep a gap may be made.
#[derive(Default)]
pub(super) struct Pacing(Duration);

impl Pacing {
    /// How long a call has to wait now, or that it has to come again.
    pub(super) fn look(&self, rules: &[&PaceRule], now: Duration) -> Result<Duration, Refusal> {
        let Some(rule) = rules.first() else {
            return Ok(Duration::ZERO);
        };
        let wait = self.0.saturating_sub(now);
        if wait <= LONGEST {
            return Ok(wait);
        }
        let reason = "the calls before this one have to keep a gap between them";
        Err(Refusal::new(Code::TooSoon, reason)
            .by(&rule.rule)
            .after(wait))
    }

    /// The call is made after so long; the next one keeps the longest gap that its
    /// rules ask for.
    pub(super) fn take(&mut self, rules: &[&PaceRule], now: Duration, wait: Duration) {
        let gaps = rules.iter().map(|rule| rule.pace.draw(random()));
        if let Some(gap) = gaps.max() {
            self.0 = now + wait + gap;
        }
    }
}

/// Without the system's random bytes the gap is the longest.
fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX)
}
