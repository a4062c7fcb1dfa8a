//! When an account is in danger, and left alone.

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use super::RuleLocation;
use crate::config::BackendSpecs;

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
