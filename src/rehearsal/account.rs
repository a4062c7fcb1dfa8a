//! What is remembered of an account, to be looked at.

use std::{collections::HashMap, path::Path, time::Duration};

use crate::{
    clock::Clock,
    ledger::{Ledger, LedgerError, Pause, Standing},
    op::ChatId,
    panic_switch::{State, Switch},
};

/// What is remembered of an account; looking makes no file.
pub struct Account {
    ledger: Option<Ledger>,
    counted: HashMap<(String, String), Standing>,
    /// Whether the operator has stopped it.
    pub panic: State,
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
            panic: State::Off,
            pause: None,
            seeded: false,
        }
    }

    /// What stands in the state directory; the sandbox has no account there.
    ///
    /// # Errors
    /// When there is a ledger that cannot be read.
    pub fn look(directory: Option<&Path>, account: Option<&str>) -> Result<Self, LedgerError> {
        let mut found = Self::unknown();
        let Some(directory) = directory else {
            return Ok(found);
        };
        found.panic = Switch::at(directory).state();
        if let Some(ledger) = ledger(directory, account) {
            found.counted = ledger
                .standings()?
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
    pub(super) fn counted(&self, counter: &str, key: &str) -> Option<&Standing> {
        self.counted.get(&(counter.to_owned(), key.to_owned()))
    }

    /// All that is counted, by counter and key.
    pub fn counters(&self) -> Vec<&Standing> {
        let mut all: Vec<&Standing> = self.counted.values().collect();
        all.sort_by_key(|one| (&one.counter, &one.key));
        all
    }
}

/// The ledger of an account, where there is one already.
pub fn ledger(directory: &Path, account: Option<&str>) -> Option<Ledger> {
    let path = directory.join(account?).join("ledger.sqlite");
    path.exists().then(|| Ledger::at(path, Clock::real()))
}

/// How much of a window is used, and when room for so much more comes back.
pub(super) fn used(
    standing: Option<&Standing>,
    window: Duration,
    max: u32,
    takes: u32,
) -> (u64, Option<Duration>) {
    let Some(standing) = standing else {
        return (0, None);
    };
    let used = standing.used(window);
    let mut over = (used + u64::from(takes)).saturating_sub(u64::from(max));
    for (wait, amount) in standing.comes_back(window) {
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
