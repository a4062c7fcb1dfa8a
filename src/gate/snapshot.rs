//! What a decision depends on beside the policy, the call and the caller.

use std::{sync::Arc, time::Instant};

use jiff::Timestamp;

use super::{Caller, Gate, Refusal, health::signals_danger};
use crate::{
    ledger::{Glance, LedgerError, Pause, SwitchReading},
    op::{ChatId, Facts, LastIncoming, Risk, TargetRole},
    policy::{Context, KnownNames, Policy, ReadChat},
};

/// What a decision depends on beside the policy, the call and the caller, at one moment.
pub(crate) struct Snapshot {
    /// The time of day.
    pub(crate) now: Timestamp,
    /// The account's name if the server has several.
    pub(crate) account: Option<String>,
    /// The kill switch.
    pub(crate) switch: SwitchReading,
    /// Recipients that the account has never written to; or why the ledger cannot be read.
    pub(crate) newcomers: Result<Vec<ChatId>, LedgerError>,
    /// The pause of the account that is in force; or why the ledger cannot be read.
    pub(crate) pause: Result<Option<Pause>, LedgerError>,
    /// Whether the ledger counts windows below an hour too.
    pub(crate) counts_short_windows: bool,
    /// The groups that the policy names.
    pub(crate) groups: Arc<KnownNames>,
    /// Chats whose messages the caller has read, at this server or another one.
    pub(crate) has_read: Vec<ReadChat>,
    /// When others wrote last in the chats of the call.
    pub(crate) incoming: LastIncoming,
}

impl Snapshot {
    /// What the policy needs to know to decide.
    pub(crate) fn context<'a>(&'a self, caller: &'a Caller) -> Context<'a> {
        Context {
            grant: &caller.grant,
            now: Some(self.now),
            groups: &self.groups,
            newcomers: self.newcomers.as_deref().unwrap_or_default(),
            has_read: &self.has_read,
            incoming: &self.incoming,
        }
    }

    /// Refuses if it is not known which recipients are new.
    pub(super) fn check_newcomers(&self) -> Result<(), Refusal> {
        match &self.newcomers {
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal::ledger_unavailable(error)),
        }
    }
}

impl Gate {
    /// Gathers what the decision on a call depends on. It asks the ledger only for what
    /// the policy uses.
    pub(super) async fn snapshot(
        &self,
        policy: &Policy,
        facts: &Facts,
        caller: &Caller,
    ) -> Snapshot {
        let recipients: Vec<&ChatId> = match policy.asks_who_is_new(&caller.grant) {
            true => facts.targets.of(TargetRole::Recipient).collect(),
            false => Vec::new(),
        };
        let people = recipients.iter().map(|chat| chat.key().into_owned());
        let people: Vec<String> = people.collect();
        let mut snapshot = Snapshot {
            now: self.clock.timestamp(),
            account: self.account.clone(),
            switch: SwitchReading::default(),
            newcomers: Ok(Vec::new()),
            pause: Ok(None),
            counts_short_windows: false,
            groups: self.attributes.groups(),
            has_read: self.has_read(&caller.grant, &[]),
            incoming: facts.incoming.clone(),
        };
        let asks_what_was_read =
            facts.risk != Risk::Read && policy.asks_what_was_read(&caller.grant);
        let reader = asks_what_was_read.then_some(&*caller.grant);
        match self.glance(facts.risk, people, reader).await {
            // A ledger that cannot be read is reason enough to refuse.
            Err(error) => snapshot.newcomers = Err(error),
            Ok((switch, glance)) => {
                snapshot.switch = switch;
                snapshot.newcomers = self.newcomers(&recipients, glance.as_ref()).await;
                snapshot.counts_short_windows = glance.is_some();
                if let Some(glance) = &glance {
                    snapshot.has_read = self.has_read(&caller.grant, &glance.read);
                }
                snapshot.pause = match glance {
                    Some(glance) => Ok(glance.pause),
                    None if signals_danger(facts) => self.health.pause(policy).await,
                    None => Ok(None),
                };
            }
        }
        snapshot
    }

    /// Those among the recipients that the account has never written to, each once.
    pub(super) async fn newcomers(
        &self,
        recipients: &[&ChatId],
        glance: Option<&Glance>,
    ) -> Result<Vec<ChatId>, LedgerError> {
        let mut newcomers = Vec::new();
        for (index, chat) in recipients.iter().copied().enumerate() {
            let known = match glance.and_then(|glance| glance.known.get(index)) {
                Some(known) => *known,
                None => self.ledger.is_known(&chat.key()).await?,
            };
            if !known && !newcomers.contains(chat) {
                newcomers.push(chat.clone());
            }
        }
        Ok(newcomers)
    }

    /// The kill switch, and what a shared ledger knows, in one request; `None` for a ledger on
    /// this machine, and for calls that only read while a shared one does not answer. What it
    /// reported of the switch last has to hold, or everything may be stopped.
    async fn glance(
        &self,
        risk: Risk,
        people: Vec<String>,
        reader: Option<&str>,
    ) -> Result<(SwitchReading, Option<Glance>), LedgerError> {
        let asked = Instant::now();
        match self.ledger.glance(people, reader).await {
            Ok(None) => Ok((self.kill_switch.read().await, None)),
            Ok(Some(glance)) => {
                self.kill_switch.hear(asked, glance.switch);
                Ok((glance.switch, Some(glance)))
            }
            Err(error) => match self.kill_switch.last_heard() {
                Some(heard) if risk == Risk::Read && error.is_unreachable() => {
                    tracing::warn!(%error, "the ledger cannot be read; a call that only reads continues");
                    Ok((heard, None))
                }
                _ => Err(error),
            },
        }
    }

    /// Asks a shared ledger for the kill switch, unless what it reported last is recent.
    ///
    /// # Errors
    /// If it answers that it cannot be used. While it does not answer, its last report holds
    /// as long as it does.
    pub(super) async fn hear_of_switch(&self) -> Result<(), LedgerError> {
        if !self.ledger.is_shared() || self.kill_switch.is_fresh() {
            return Ok(());
        }
        self.glance(Risk::Read, Vec::new(), None).await.map(drop)
    }
}
