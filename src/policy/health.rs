//! `[health]`: when an account is paused.

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use super::RuleLocation;
use crate::config::BackendSpecs;

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

impl Health {
    /// The words that may pause an account, in order.
    pub(super) fn states(backends: BackendSpecs) -> Vec<&'static str> {
        let all = backends.iter().flat_map(|spec| spec.states);
        let words = all.filter(|state| state.can_pause).map(|state| state.word);
        words.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether a state is one to pause on.
    pub fn pauses_on(&self, state: &str) -> bool {
        self.pause_on
            .iter()
            .any(|word| word.eq_ignore_ascii_case(state))
    }
}
