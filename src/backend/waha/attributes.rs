//! Attributes that WAHA looks up for the gate.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::Value;

use super::{
    Waha,
    chats::{STRIDE, chat},
    groups::{NAMES, subject, summary, text},
    refusals::is_too_old,
};
use crate::{
    backend::http::Body,
    op::{BackendResult, ChatId, GroupId, PersonId, Progress, SessionState},
    text::Secrets,
    toolset::{AddressBook, AttributeSource, HistoryPart},
};

/// How many chats are read for the history; the ledger remembers no more.
const MAX_HISTORY: usize = 100_000;

impl AttributeSource for Waha {
    const RESOLVES_LIDS: bool = true;

    fn with_progress(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.client.secrets)
    }

    async fn person(self, hidden: PersonId) -> BackendResult<Option<PersonId>> {
        Ok(self.identities(&hidden).await.0)
    }

    async fn groups(self) -> BackendResult<Vec<(String, GroupId)>> {
        let groups = self.all_groups().await?.unwrap_or_default();
        let named = groups.iter().filter_map(|group| {
            let name = text(group, NAMES).or_else(|| subject(group))?;
            Some((name.to_owned(), summary(group)?.group))
        });
        Ok(named.collect())
    }

    async fn address_book(self) -> BackendResult<AddressBook> {
        self.saved_contacts().await
    }

    async fn history(self, from: usize) -> BackendResult<HistoryPart> {
        let Some(page) = self.overview(None, STRIDE, from).await? else {
            let all = self.all_chats().await?.into_iter();
            return Ok(HistoryPart {
                chats: all.map(|chat| chat.chat).collect(),
                next: None,
            });
        };
        // Merged chats leave holes: only an empty page is the end.
        let next = from + STRIDE;
        Ok(HistoryPart {
            chats: page.iter().filter_map(chat).map(|chat| chat.chat).collect(),
            next: (!page.is_empty() && next < MAX_HISTORY).then_some(next),
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
        let report = self.report().await?;
        let works = report.state == SessionState::Working;
        let mut words: Vec<String> = report
            .reported
            .map(|word| word.as_str().to_owned())
            .into_iter()
            .collect();
        if works {
            let unable = &self.client.unable;
            let (locked, capped) = tokio::join!(
                self.ask("timelock", &unable.timelock),
                self.ask("capping", &unable.capping),
            );
            if locked.is_some_and(|lock| lock.get("isActive") == Some(&Value::Bool(true))) {
                words.push("timelock".to_owned());
            }
            if capped.is_some_and(|cap| cap.get("cappingStatus") == Some(&"CAPPED".into())) {
                words.push("capped".to_owned());
            }
        }
        Ok(words)
    }
}

/// What the server turned out not to report; it is not requested again.
#[derive(Default)]
pub(super) struct Unable {
    timelock: AtomicBool,
    capping: AtomicBool,
}

impl Waha {
    /// What the server reports of the session under a name that newer servers know.
    async fn ask(&self, name: &str, unable: &AtomicBool) -> Option<Value> {
        if unable.load(Ordering::Relaxed) {
            return None;
        }
        let path = ["api", "sessions", self.client.session(), name];
        let reply = self.client.try_get(&self.progress, &path, &[]).await.ok()?;
        if reply.is_success() {
            return match reply.into_body() {
                Body::Json(json) => Some(json),
                Body::Text(_) | Body::Empty => None,
            };
        }
        let lacking = reply.status == StatusCode::NOT_IMPLEMENTED;
        if lacking || is_too_old(&self.client.refusal(&reply)) {
            unable.store(true, Ordering::Relaxed);
        }
        None
    }
}
