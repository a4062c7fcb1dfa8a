//! When an account is in danger, and left alone.

use std::{num::NonZeroU32, time::Duration};

use super::RuleLocation;

/// The ledger counter of changes that failed; no rule may use its name.
pub const FAILURES_COUNTER: &str = "health.failures";

/// What makes an account pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Words of the APIs for states of the account.
    pub pause_on: Vec<String>,
    /// How many calls may fail in how long a time.
    pub failures: Option<(NonZeroU32, Duration)>,
    /// How long it pauses.
    pub cooldown: Duration,
    /// Where it stands.
    pub rule: RuleLocation,
}

/// Words that the APIs have for the state of an account, or of what it may still do.
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
    /// Whether a state is one to pause on.
    pub fn pauses_on(&self, state: &str) -> bool {
        self.pause_on
            .iter()
            .any(|word| word.eq_ignore_ascii_case(state))
    }
}
