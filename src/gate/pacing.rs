//! Random delays between calls, so that they come like a person's.

use std::time::Duration;

use super::Refusal;
use crate::policy::{Code, PaceRule};

/// The longest time that a call is delayed. A client would not wait much longer.
pub(super) const MAX_DELAY: Duration = Duration::from_secs(20);

/// When the next call with a pace may be run.
#[derive(Default)]
pub(super) struct Pacing {
    next: Duration,
}

impl Pacing {
    /// How long a call has to wait now; refuses a call that would wait too long.
    pub(super) fn probe(&self, rules: &[&PaceRule], now: Duration) -> Result<Duration, Refusal> {
        if rules.is_empty() {
            return Ok(Duration::ZERO);
        }
        let wait = self.next.saturating_sub(now);
        match wait <= MAX_DELAY {
            true => Ok(wait),
            false => Err(too_soon(rules, wait)),
        }
    }

    /// Reserves the time of a call that is run after `wait`, and after which the next one
    /// waits for `delay`.
    pub(super) fn reserve(&mut self, delay: Option<Duration>, now: Duration, wait: Duration) {
        if let Some(delay) = delay {
            self.next = now + wait + delay;
        }
    }
}

/// The longest delay that the rules of a call draw; `None` without a rule.
pub(super) fn draw(rules: &[&PaceRule]) -> Option<Duration> {
    rules.iter().map(|rule| rule.pace.draw(random())).max()
}

/// A call that would wait too long for its turn.
pub(super) fn too_soon(rules: &[&PaceRule], wait: Duration) -> Refusal {
    let reason = "Earlier calls are still waiting for the delay between calls.";
    let refusal = Refusal::new(Code::TooSoon, reason).after(wait);
    match rules.first() {
        Some(rule) => refusal.by(&rule.rule),
        None => refusal,
    }
}

/// A random number; without random bytes from the system, the one of the longest delay.
fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pace;

    #[test]
    fn calls_wait_for_each_other_up_to_a_bound() {
        let seconds = Duration::from_secs;
        let rule = PaceRule {
            pace: Pace::new(seconds(8), seconds(8)).unwrap(),
            rule: "policy.toml".into(),
        };
        let (mut pacing, now) = (Pacing::default(), seconds(100));
        for waits in [0, 8, 16] {
            assert_eq!(pacing.probe(&[], now).unwrap(), Duration::ZERO);
            assert_eq!(pacing.probe(&[&rule], now).unwrap(), seconds(waits));
            pacing.reserve(draw(&[&rule]), now, seconds(waits));
        }
        let refusal = pacing.probe(&[&rule], now).unwrap_err();
        assert_eq!(refusal.code, Code::TooSoon);
        assert_eq!(refusal.retry_after_s, Some(24));
        assert_eq!(
            pacing.probe(&[&rule], now + seconds(24)).unwrap(),
            Duration::ZERO
        );
    }
}
