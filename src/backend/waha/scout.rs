//! What WAHA finds out for the gate.

use super::{
    Waha,
    chats::{STRIDE, chat},
    groups::summary,
};
use crate::{
    backend::Fault,
    op::{ChatId, GroupId, PersonId},
    toolset::Scout,
};

/// How many chats of the past are looked at.
const PAST: usize = 10_000;

impl Scout for Waha {
    async fn person(self, hidden: PersonId) -> Result<Option<PersonId>, Fault> {
        Ok(self.identities(&hidden).await.0)
    }

    async fn groups(self) -> Result<Vec<(String, GroupId)>, Fault> {
        let groups = self.all_groups().await?.unwrap_or_default();
        let named = groups.iter().filter_map(summary).filter_map(|group| {
            let name = group.name?;
            Some((name.as_str().to_owned(), group.group))
        });
        Ok(named.collect())
    }

    async fn history(self) -> Result<Vec<ChatId>, Fault> {
        let mut chats = Vec::new();
        for offset in (0..PAST).step_by(STRIDE) {
            let Some(page) = self.overview(None, STRIDE, offset).await? else {
                let all = self.all_chats().await?;
                return Ok(all.into_iter().map(|chat| chat.chat).collect());
            };
            if page.is_empty() {
                break;
            }
            chats.extend(page.iter().filter_map(chat).map(|chat| chat.chat));
        }
        Ok(chats)
    }

    async fn state(self) -> Result<Option<String>, Fault> {
        let report = self.report().await?;
        Ok(report.reported.map(|word| word.as_str().to_owned()))
    }
}
