//! What the ledger and the kill switch hold of an account.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    gate::{Snapshot, limit_windows},
    kill_switch::Switch,
    ledger::{
        Count, CounterUsage, Ledger, LedgerError, Pause, Rejection, Request, SwitchReading,
        SwitchState,
    },
    op::{ChatId, Facts, TargetRole},
    policy::{KnownNames, Limit, Policy},
};

/// What the ledger and the kill switch hold of an account. Reading it creates no file.
pub struct AccountRecord {
    ledger: Option<Ledger>,
    counted: HashMap<(String, String), CounterUsage>,
    /// What the kill switch stops.
    pub panic: SwitchState,
    /// The pause that is in force.
    pub pause: Option<Pause>,
    /// Whether the ledger knows whom the account wrote to before there was a ledger.
    pub seeded: bool,
}

impl AccountRecord {
    /// An account without a ledger, which is not stopped.
    pub fn unknown() -> Self {
        Self {
            ledger: None,
            counted: HashMap::new(),
            panic: SwitchState::Off,
            pause: None,
            seeded: false,
        }
    }

    /// Reads a ledger and a kill switch; counters in the windows of a policy.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn read(
        ledger: Option<Ledger>,
        switch: Option<&Switch>,
        policy: &Policy,
    ) -> Result<Self, LedgerError> {
        let mut found = Self::unknown();
        if let Some(switch) = switch {
            found.panic = switch.state().await;
        }
        if let Some(ledger) = ledger {
            found.counted = ledger
                .usages(limit_windows(policy))
                .await?
                .into_iter()
                .map(|one| ((one.counter.clone(), one.key.clone()), one))
                .collect();
            found.pause = ledger.paused().await?;
            found.seeded = ledger.seeded().await?;
            found.ledger = Some(ledger);
        }
        Ok(found)
    }

    /// Whether there is a ledger.
    pub fn has_ledger(&self) -> bool {
        self.ledger.is_some()
    }

    /// Whether the ledger counts this limit: short windows only if several servers share it.
    pub(super) fn counts(&self, limit: &Limit) -> bool {
        limit.is_durable() || self.ledger.as_ref().is_some_and(Ledger::is_shared)
    }

    /// Whether the account has never written to a chat, as far as the ledger knows.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    async fn is_new(&self, chat: &ChatId) -> Result<bool, LedgerError> {
        match &self.ledger {
            Some(ledger) => Ok(!ledger.is_known(&chat.key()).await?),
            None => Ok(true),
        }
    }

    /// What the decision on a call at this time depends on, as far as this record has it.
    pub(super) async fn snapshot(
        &self,
        policy: &Policy,
        facts: &Facts,
        grant: &str,
        at: Timestamp,
    ) -> Result<Snapshot, LedgerError> {
        let mut newcomers: Vec<ChatId> = Vec::new();
        if policy.asks_who_is_new(grant) {
            for chat in facts.targets.of(TargetRole::Recipient) {
                if self.is_new(chat).await? && !newcomers.contains(chat) {
                    newcomers.push(chat.clone());
                }
            }
        }
        Ok(Snapshot {
            now: at,
            account: None,
            switch: SwitchReading {
                state: self.panic,
                ..SwitchReading::default()
            },
            newcomers: Ok(newcomers),
            pause: Ok(self.pause.clone()),
            counts_short_windows: self.ledger.as_ref().is_some_and(Ledger::is_shared),
            groups: Arc::new(KnownNames::unknown()),
            has_read: Vec::new(),
            incoming: facts.incoming.clone(),
        })
    }

    /// How much of a limit is used under a key, and when there is room again for what a call
    /// takes; `None` if there is room now, or never.
    pub(super) async fn used(
        &self,
        limit: &Limit,
        key: &str,
        takes: u32,
    ) -> Result<(u64, Option<Duration>), LedgerError> {
        let counted = self.counted.get(&(limit.counter.clone(), key.to_owned()));
        let (Some(counted), Some(ledger)) = (counted, &self.ledger) else {
            return Ok((0, None));
        };
        let count = Count {
            counter: limit.counter.clone(),
            key: key.to_owned(),
            amount: takes,
            max: limit.max.get(),
            window: limit.window,
            longest_window: limit.window,
        };
        let request = Request {
            counts: vec![count],
            ..Request::default()
        };
        let wait = match ledger.probe(request).await? {
            Some(Rejection::Full(full)) => full.wait,
            Some(Rejection::Claimed(_) | Rejection::TooSoon(_)) | None => None,
        };
        Ok((counted.used(limit.window), wait))
    }

    /// What all counters hold, by counter and key.
    pub fn counters(&self) -> Vec<&CounterUsage> {
        let mut all: Vec<&CounterUsage> = self.counted.values().collect();
        all.sort_by_key(|one| (&one.counter, &one.key));
        all
    }
}
