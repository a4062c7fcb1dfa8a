//! In which chats each caller has read messages, for the flow rule.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Gate, Refusal};
use crate::op::{ChatId, Identities};

/// The chats that are remembered for each caller. Two suffice: for any recipient at least
/// one of them is a different chat, so the flow rule applies.
const MAX_CHATS: usize = 2;

/// How long other servers remember what a caller has read, after it was recorded last.
const SHARED_MEMORY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How often it is recorded for them again, while the caller reads.
const RECORD_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Chats whose messages callers have read, by grant.
#[derive(Default)]
pub(super) struct ReadHistory(Mutex<HashMap<String, ReadChats>>);

/// The chats that a caller has read in.
#[derive(Default)]
struct ReadChats {
    chats: Vec<ChatId>,
    /// When all of them were recorded for other servers last.
    recorded: Option<Instant>,
}

impl Gate {
    /// Records that a caller reads messages in these chats, before it gets them. Where the
    /// flow rule depends on it, the other servers that share the ledger know it then too.
    ///
    /// # Errors
    /// If they cannot be told: the caller must not get the messages.
    pub(super) async fn record_reading(
        &self,
        grant: &str,
        chats: impl Iterator<Item = &ChatId>,
    ) -> Result<(), Refusal> {
        let identities = self.attributes.identities();
        let shared = self.ledger.is_shared() && self.policy().asks_what_was_read(grant);
        let history = &self.read_history;
        history.record(grant, chats, &identities);
        if !shared {
            return Ok(());
        }
        let now = Instant::now();
        let Some(chats) = history.unrecorded(grant, now) else {
            return Ok(());
        };
        let names: Vec<String> = chats.iter().map(|chat| chat.key().into_owned()).collect();
        let ledger = &self.ledger;
        let recorded = ledger.record_reading(grant, &names, MAX_CHATS, SHARED_MEMORY);
        recorded
            .await
            .map_err(|error| Refusal::ledger_unavailable(&error))?;
        history.recorded(grant, &chats, now);
        Ok(())
    }
}

impl ReadHistory {
    /// The chats that a caller has read in, at most [`MAX_CHATS`].
    pub(super) fn of(&self, grant: &str) -> Vec<ChatId> {
        let read = self.lock();
        let read = read.get(grant).map(|read| read.chats.clone());
        read.unwrap_or_default()
    }

    /// The chats of a caller, if other servers have to be told them.
    fn unrecorded(&self, grant: &str, now: Instant) -> Option<Vec<ChatId>> {
        let read = self.lock();
        let read = read.get(grant).filter(|read| !read.chats.is_empty())?;
        let is_new = |recorded| now.duration_since(recorded) < RECORD_INTERVAL;
        match read.recorded.is_some_and(is_new) {
            true => None,
            false => Some(read.chats.clone()),
        }
    }

    /// Other servers were told these chats of a caller.
    fn recorded(&self, grant: &str, chats: &[ChatId], now: Instant) {
        if let Some(read) = self.lock().get_mut(grant)
            && read.chats == chats
        {
            read.recorded = Some(now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, ReadChats>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a caller reads in these chats.
    pub(super) fn record<'a>(
        &self,
        grant: &str,
        chats: impl Iterator<Item = &'a ChatId>,
        identities: &Identities,
    ) {
        let mut read = self.lock();
        let read = read.entry(grant.to_owned()).or_default();
        for chat in chats {
            let chat = identities.of(chat);
            if read.chats.len() < MAX_CHATS && !read.chats.contains(&chat) {
                read.chats.push(chat.into_owned());
                read.recorded = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_chats_are_remembered_for_each_caller() {
        let chats = ["1", "1", "2", "3"]
            .map(|id| ChatId::parse(&format!("1203630000000{id}@g.us")).unwrap());
        let (history, identities) = (ReadHistory::default(), Identities::default());
        history.record("one", chats.iter(), &identities);
        history.record("one", chats.iter().rev(), &identities);
        assert_eq!(history.of("one"), [chats[0].clone(), chats[2].clone()]);
        assert!(history.of("two").is_empty());
    }
}
