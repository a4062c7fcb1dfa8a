//! What is left of a limit, and when the rest comes back.

use std::time::Duration;

use serde::Serialize;

use super::AccountRecord;
use crate::{
    gate::{Caller, Refusal, ledger_key, limit_cost, limit_keys},
    ledger::LedgerError,
    op::Facts,
    policy::{Limit, RuleLocation},
};

/// A limit that would count a call.
#[derive(Debug, Clone, Serialize)]
pub struct LimitStatus {
    /// The limit in words.
    pub limit: String,
    /// The counter's name.
    pub counter: String,
    /// How much the call takes.
    pub takes: u32,
    /// How much fits into a window.
    pub max: u32,
    /// The window's length in seconds.
    pub window_s: u64,
    #[serde(skip)]
    at_once: u32,
    /// Where it stands.
    pub rule: RuleLocation,
    /// What is left under each key that counts the call; empty below an hour, where each
    /// running server counts in memory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<KeyStatus>,
}

/// What is left of a limit for one caller, connection, chat or account.
#[derive(Debug, Clone, Serialize)]
pub struct KeyStatus {
    /// The key, as `scope:key`.
    pub key: String,
    /// How much of it is left.
    #[serde(flatten)]
    pub left: Left,
}

/// How much of a limit is left.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Left {
    /// How much was counted within the window.
    pub used: u64,
    /// How much more fits.
    pub left: u64,
    /// Seconds until there is room for what is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comes_back_s: Option<u64>,
    /// The same as a length of time.
    #[serde(skip)]
    pub comes_back: Option<Duration>,
}

impl Left {
    /// What an account has left under a key, for something that takes this much.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn of(
        account: &AccountRecord,
        limit: &Limit,
        key: &str,
        takes: u32,
    ) -> Result<Self, LedgerError> {
        let (used, comes_back) = account.used(limit, key, takes).await?;
        Ok(Self {
            used,
            left: u64::from(limit.max.get()).saturating_sub(used),
            comes_back_s: comes_back
                .map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            comes_back,
        })
    }
}

impl LimitStatus {
    /// The status of a limit for a call; `None` if the call takes nothing of it.
    pub(super) async fn of(
        account: &AccountRecord,
        limit: &Limit,
        facts: &Facts,
        caller: &Caller,
        newcomers: usize,
    ) -> Result<Option<Self>, LedgerError> {
        let takes = limit_cost(limit, facts, newcomers);
        if takes == 0 {
            return Ok(None);
        }
        let mut left = Vec::new();
        if account.counts(limit) {
            for key in limit_keys(limit.scope, facts, caller) {
                let key = ledger_key(limit.scope, &key);
                let of_key = Left::of(account, limit, &key, takes).await?;
                left.push(KeyStatus { key, left: of_key });
            }
        }
        Ok(Some(Self {
            limit: limit.to_string(),
            counter: limit.counter.clone(),
            takes,
            max: limit.max.get(),
            window_s: limit.window.as_secs(),
            at_once: limit.burst.get(),
            rule: limit.rule.clone(),
            left,
        }))
    }

    /// Whether there is no room for the call.
    pub(super) fn is_full(&self) -> bool {
        let mut all = self.left.iter();
        self.takes > self.at_once || all.any(|one| one.left.left < u64::from(self.takes))
    }

    /// The refusal of a call that there is no room for.
    pub(super) fn refusal(&self, tool: &str, limit: &Limit) -> Refusal {
        let left = self.left.iter().map(|one| one.left.left).min();
        let left = left.map(u32::try_from).and_then(Result::ok);
        let left = left.unwrap_or(self.at_once);
        Refusal::no_room(tool, limit, left, self.wait())
    }

    /// How long the call would have to wait; `None` if waiting does not help.
    fn wait(&self) -> Option<Duration> {
        let timeouts = self.left.iter().filter_map(|one| one.left.comes_back);
        timeouts.max().filter(|_| self.takes <= self.at_once)
    }
}
