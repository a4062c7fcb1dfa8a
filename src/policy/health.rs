//! `[health]`: when an account is paused.

use std::{num::NonZeroU32, time::Duration};

use super::RuleLocation;

/// The ledger counter of failed changes; no rule may use its name.
pub const FAILURES_COUNTER: &str = "health.failures";

/// What pauses an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// States of the account, in the words of the back ends.
    pub pause_on: Vec<String>,
    /// The number of failed changes within a time that pauses.
    pub failures: Option<(NonZeroU32, Duration)>,
    /// How long the pause lasts.
    pub cooldown: Duration,
    /// The rule.
    pub rule: RuleLocation,
}

/// The states in which the back ends' APIs report an account to be in danger.
pub(super) const STATES: [&str; 10] = [
    "FAILED",
    "SCAN_QR_CODE",
    "STOPPED",
    "blocked",
    "capped",
    "notAuthorized",
    "sleepMode",
    "suspended",
    "timelock",
    "yellowCard",
];

impl Health {
    /// Whether this state, in any case, pauses the account.
    pub fn pauses_on(&self, state: &str) -> bool {
        self.pause_on
            .iter()
            .any(|word| word.eq_ignore_ascii_case(state))
    }
}
