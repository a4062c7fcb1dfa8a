//! Attributes that GREEN-API looks up for the gate.

use super::GreenApi;
use crate::{
    op::{BackendResult, GroupId, PersonId, Progress},
    toolset::{AttributeSource, HistoryPart},
};

impl AttributeSource for GreenApi {
    fn with_progress(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// There is no method for it.
    async fn person(self, _hidden: PersonId) -> BackendResult<Option<PersonId>> {
        Ok(None)
    }

    async fn groups(self) -> BackendResult<Vec<(String, GroupId)>> {
        let groups = self.all_groups().await?.into_iter();
        let named = groups.filter_map(|group| {
            let name = group.name?;
            Some((name.as_str().to_owned(), group.group))
        });
        Ok(named.collect())
    }

    /// One answer holds all chats.
    async fn history(self, _from: usize) -> BackendResult<HistoryPart> {
        let chats = self.chats().await?.into_iter();
        Ok(HistoryPart {
            chats: chats.map(|chat| chat.chat).collect(),
            next: None,
        })
    }

    async fn states(self) -> BackendResult<Vec<String>> {
        let report = self.state().await?;
        let word = report.reported.map(|word| word.as_str().to_owned());
        Ok(word.into_iter().collect())
    }
}
