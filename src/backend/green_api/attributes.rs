//! Attributes that GREEN-API looks up for the gate.

use std::sync::Arc;

use jiff::Timestamp;

use super::GreenApi;
use crate::{
    op::{BackendResult, ChatId, GroupId, PersonId, Progress},
    text::Secrets,
    toolset::{AddressBook, AttributeSource, HistoryPart},
};

impl AttributeSource for GreenApi {
    const RESOLVES_LIDS: bool = false;

    fn with_progress(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.client.secrets)
    }

    /// There is no method for it.
    async fn person(self, _hidden: PersonId) -> BackendResult<Option<PersonId>> {
        Ok(None)
    }

    async fn groups(self) -> BackendResult<Vec<(String, GroupId)>> {
        self.group_names().await
    }

    async fn address_book(self) -> BackendResult<AddressBook> {
        self.saved_contacts().await
    }

    /// One answer holds all chats.
    async fn history(self, _from: usize) -> BackendResult<HistoryPart> {
        let chats = self.chats().await?.into_iter();
        Ok(HistoryPart {
            chats: chats.map(|chat| chat.chat).collect(),
            next: None,
        })
    }

    async fn last_incoming(
        self,
        chat: ChatId,
        until: Timestamp,
    ) -> BackendResult<Option<Timestamp>> {
        self.newest_incoming(&chat, until).await
    }

    async fn states(self) -> BackendResult<Vec<String>> {
        let report = self.state().await?;
        let word = report.reported.map(|word| word.as_str().to_owned());
        Ok(word.into_iter().collect())
    }
}
