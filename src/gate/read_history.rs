//! In which chats each caller has read messages, for the flow rule.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Gate, Refusal};
use crate::{
    op::{ChatId, Identities},
    policy::ReadChat,
};

/// The chats that are remembered for each caller: those that were read last. Two suffice: for
/// any recipient at least one of them is a different chat, so the flow rule applies.
const MAX_CHATS: usize = 2;

/// How long other servers remember what a caller has read: as long as any policy can ask.
const SHARED_MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// How often other servers are told the same again, while the caller reads. They may take
/// what was read for so much older than it is.
const RECORD_INTERVAL: Duration = Duration::from_secs(60);

/// Chats whose messages callers have read, by grant. Clones are one history: what a caller
/// has read through one account counts for all of a server's.
#[derive(Clone, Default)]
pub struct ReadHistory(Arc<Mutex<HashMap<String, Vec<RecentRead>>>>);

/// A chat that a caller has read in.
struct RecentRead {
    chat: ChatId,
    /// When, the last time, since the clock's beginning.
    at: Duration,
    /// When other servers were told the last time.
    recorded: Option<Duration>,
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
        let (history, now) = (&self.read_history, self.clock.elapsed());
        history.record(grant, chats, &identities, now);
        if !shared {
            return Ok(());
        }
        let chats = history.unrecorded(grant, now);
        if chats.is_empty() {
            return Ok(());
        }
        let ledger = &self.ledger;
        let recorded = ledger.record_reading(grant, &chats, MAX_CHATS, SHARED_MEMORY);
        recorded
            .await
            .map_err(|error| Refusal::ledger_unavailable(&error))?;
        history.recorded(grant, &chats, now);
        Ok(())
    }

    /// What a caller has read at this server, and at others as far as these report it.
    pub(super) fn has_read(&self, grant: &str, at_others: &[(String, Duration)]) -> Vec<ReadChat> {
        let mut read = self.read_history.of(grant, self.clock.elapsed());
        read.extend(at_others.iter().filter_map(|(chat, ago)| {
            let chat = ChatId::parse(chat).ok()?;
            let ago = ago.saturating_sub(RECORD_INTERVAL);
            Some(ReadChat { chat, ago })
        }));
        read
    }
}

impl ReadHistory {
    /// The chats that a caller has read in last, at most [`MAX_CHATS`].
    fn of(&self, grant: &str, now: Duration) -> Vec<ReadChat> {
        let read = self.lock();
        let read = read.get(grant).into_iter().flatten();
        read.map(|read| ReadChat {
            chat: read.chat.clone(),
            ago: now.saturating_sub(read.at),
        })
        .collect()
    }

    /// The chats of a caller that other servers have to be told.
    fn unrecorded(&self, grant: &str, now: Duration) -> Vec<String> {
        let is_due = |read: &&RecentRead| {
            let told = |recorded| now.saturating_sub(recorded) < RECORD_INTERVAL;
            read.at == now && !read.recorded.is_some_and(told)
        };
        let read = self.lock();
        let due = read.get(grant).into_iter().flatten().filter(is_due);
        due.map(|read| read.chat.as_str().to_owned()).collect()
    }

    /// Other servers were told these chats of a caller.
    fn recorded(&self, grant: &str, chats: &[String], now: Duration) {
        let mut read = self.lock();
        for read in read.get_mut(grant).into_iter().flatten() {
            if chats.iter().any(|chat| chat == read.chat.as_str()) {
                read.recorded = Some(now);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<RecentRead>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a caller reads in these chats.
    fn record<'a>(
        &self,
        grant: &str,
        chats: impl Iterator<Item = &'a ChatId>,
        identities: &Identities,
        now: Duration,
    ) {
        let mut read = self.lock();
        let read = read.entry(grant.to_owned()).or_default();
        for chat in chats {
            let chat = identities.of(chat).into_owned();
            let before = read.iter().position(|read| read.chat == chat);
            let recorded = before.and_then(|place| read.remove(place).recorded);
            read.push(RecentRead {
                chat,
                at: now,
                recorded,
            });
            if read.len() > MAX_CHATS {
                read.remove(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_chats_that_were_read_last_are_remembered_for_each_caller() {
        let chats = ["1", "1", "2", "3"]
            .map(|id| ChatId::parse(&format!("1203630000000{id}@g.us")).unwrap());
        let (history, identities) = (ReadHistory::default(), Identities::default());
        let seconds = Duration::from_secs;
        history.record("one", chats.iter(), &identities, seconds(1));
        history
            .clone()
            .record("one", chats[2..3].iter(), &identities, seconds(5));
        let read = |chat: &ChatId, ago| ReadChat {
            chat: chat.clone(),
            ago,
        };
        assert_eq!(
            history.of("one", seconds(7)),
            [read(&chats[3], seconds(6)), read(&chats[2], seconds(2))]
        );
        assert!(history.of("two", seconds(7)).is_empty());
    }
}
