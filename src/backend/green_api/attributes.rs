//! Attributes that GREEN-API looks up for the gate.

use super::GreenApi;
use crate::{
    op::{BackendError, ChatId, GroupId, PersonId},
    toolset::AttributeSource,
};

impl AttributeSource for GreenApi {
    /// There is no method for it.
    async fn person(self, _hidden: PersonId) -> Result<Option<PersonId>, BackendError> {
        Ok(None)
    }

    async fn groups(self) -> Result<Vec<(String, GroupId)>, BackendError> {
        let groups = self.all_groups().await?.into_iter();
        let named = groups.filter_map(|group| {
            let name = group.name?;
            Some((name.as_str().to_owned(), group.group))
        });
        Ok(named.collect())
    }

    async fn history(self) -> Result<Vec<ChatId>, BackendError> {
        let chats = self.chats().await?;
        Ok(chats.into_iter().map(|chat| chat.chat).collect())
    }

    async fn states(self) -> Result<Vec<String>, BackendError> {
        let report = self.state().await?;
        let word = report.reported.map(|word| word.as_str().to_owned());
        Ok(word.into_iter().collect())
    }
}
