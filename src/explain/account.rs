//! What is remembered of an account, to be looked at.

use std::{collections::HashMap, time::Duration};

use crate::{
    kill_switch::Switch,
    ledger::{CounterUsage, Ledger, LedgerError, Pause, SwitchState},
    op::ChatId,
    policy::Limit,
};

/// What is remembered of an account; looking makes no file.
pub struct Account {
    ledger: Option<Ledger>,
    counted: HashMap<(String, String), CounterUsage>,
    /// Whether the operator has stopped it.
    pub panic: SwitchState,
    /// The pause that runs.
    pub pause: Option<Pause>,
    /// Whether it is known whom it wrote to before there was a ledger.
    pub seeded: bool,
}

impl Account {
    /// An account of which nothing is remembered.
    pub fn unknown() -> Self {
        Self {
            ledger: None,
            counted: HashMap::new(),
            panic: SwitchState::Off,
            pause: None,
            seeded: false,
        }
    }

    /// What stands in a ledger, and at the switch.
    ///
    /// # Errors
    /// When there is a ledger that cannot be read.
    pub fn look(ledger: Option<Ledger>, switch: Option<&Switch>) -> Result<Self, LedgerError> {
        let mut found = Self::unknown();
        found.panic = switch.map_or(SwitchState::Off, Switch::state);
        if let Some(ledger) = ledger {
            found.counted = ledger
                .usages()?
                .into_iter()
                .map(|one| ((one.counter.clone(), one.key.clone()), one))
                .collect();
            found.pause = ledger.paused()?;
            found.seeded = ledger.seeded()?;
            found.ledger = Some(ledger);
        }
        Ok(found)
    }

    /// Whether anything was counted or remembered yet.
    pub fn has_ledger(&self) -> bool {
        self.ledger.is_some()
    }

    /// Whether the ledger counts in this window: short ones only where several servers share it.
    pub(super) fn counts(&self, limit: &Limit) -> bool {
        limit.is_durable() || self.ledger.as_ref().is_some_and(Ledger::is_shared)
    }

    /// Whether a chat was never written to, as far as is remembered.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_new(&self, chat: &ChatId) -> Result<bool, LedgerError> {
        match &self.ledger {
            Some(ledger) => Ok(!ledger.is_known(chat.as_str())?),
            None => Ok(true),
        }
    }

    /// What a counter holds of a key.
    pub(super) fn counted(&self, counter: &str, key: &str) -> Option<&CounterUsage> {
        self.counted.get(&(counter.to_owned(), key.to_owned()))
    }

    /// All that is counted, by counter and key.
    pub fn counters(&self) -> Vec<&CounterUsage> {
        let mut all: Vec<&CounterUsage> = self.counted.values().collect();
        all.sort_by_key(|one| (&one.counter, &one.key));
        all
    }
}

/// How much of a window is used, and when room for so much more comes back.
pub(super) fn used(
    usage: Option<&CounterUsage>,
    window: Duration,
    max: u32,
    takes: u32,
) -> (u64, Option<Duration>) {
    let Some(usage) = usage else {
        return (0, None);
    };
    let used = usage.used(window);
    let mut over = (used + u64::from(takes)).saturating_sub(u64::from(max));
    for (wait, amount) in usage.comes_back(window) {
        if over == 0 {
            break;
        }
        over = over.saturating_sub(u64::from(amount));
        if over == 0 {
            return (used, Some(wait));
        }
    }
    (used, None)
}
