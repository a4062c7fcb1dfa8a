//! In which chats each caller has read messages, for the flow rule.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::op::{ChatId, Identities};

/// The chats that are remembered for each caller. Two suffice: for any recipient at least
/// one of them is a different chat, so the flow rule applies.
const MAX_CHATS: usize = 2;

/// Chats whose messages callers have read, by grant.
#[derive(Default)]
pub(super) struct ReadHistory(Mutex<HashMap<String, Vec<ChatId>>>);

impl ReadHistory {
    /// The chats that a caller has read in, at most [`MAX_CHATS`].
    pub(super) fn of(&self, grant: &str) -> Vec<ChatId> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(grant).cloned().unwrap_or_default()
    }

    /// Records that a caller reads in these chats.
    pub(super) fn record<'a>(
        &self,
        grant: &str,
        chats: impl Iterator<Item = &'a ChatId>,
        identities: &Identities,
    ) {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = read.entry(grant.to_owned()).or_default();
        for chat in chats {
            let chat = identities.of(chat);
            if read.len() < MAX_CHATS && !read.contains(&chat) {
                read.push(chat.into_owned());
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
