//! Looking up what a decision depends on and the call itself does not contain.

use std::{sync::Arc, time::Duration};

use super::Boxed;
use crate::{
    op::{BackendError, ChatId, GroupId, Identities, PersonId, Progress},
    text::Secrets,
};

/// How long all look-ups of a request may take together.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// What a back end can look up for decisions. What it fails to look up stays unknown.
pub trait AttributeSource: Clone + Send + Sync + 'static {
    /// The back end for one call, which reports its progress and can be cancelled by it.
    #[must_use]
    fn with_progress(self, progress: Progress) -> Self;

    /// The secrets that no answer may show.
    fn secrets(&self) -> Arc<Secrets>;

    /// The person behind a hidden identity.
    fn person(
        self,
        hidden: PersonId,
    ) -> impl Future<Output = Result<Option<PersonId>, BackendError>> + Send;

    /// The groups of this account with their names.
    fn groups(self) -> impl Future<Output = Result<Vec<(String, GroupId)>, BackendError>> + Send;

    /// The existing chats.
    fn history(self) -> impl Future<Output = Result<Vec<ChatId>, BackendError>> + Send;

    /// The account's state in the API's own words, and its present restrictions.
    fn states(self) -> impl Future<Output = Result<Vec<String>, BackendError>> + Send;
}

/// What has to be looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookupRequest {
    /// Hidden identities whose people are wanted.
    pub people: Vec<PersonId>,
    /// Whether the names of the groups are wanted.
    pub groups: bool,
    /// Whether the list of existing chats is wanted.
    pub history: bool,
    /// Whether the account's state is wanted.
    pub state: bool,
}

impl LookupRequest {
    /// Whether nothing has to be looked up.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was found out in time.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// Hidden identities with the people behind them.
    pub identities: Identities,
    /// The groups with their names.
    pub groups: Option<Vec<(String, GroupId)>>,
    /// The existing chats.
    pub history: Option<Vec<ChatId>>,
    /// The account's state in the API's own words, and its restrictions.
    pub states: Vec<String>,
}

impl Resolved {
    /// The same without secrets.
    #[must_use]
    pub(super) fn redacted(mut self, secrets: &Secrets) -> Self {
        let names = self.groups.iter_mut().flatten().map(|(name, _)| name);
        for text in self.states.iter_mut().chain(names) {
            if let Some(redacted) = secrets.redact(text) {
                *text = redacted;
            }
        }
        self
    }
}

/// An [`AttributeSource`] of any type.
pub(super) trait Resolver: Send + Sync {
    /// Looks up what the request names.
    fn resolve(&self, request: LookupRequest) -> Boxed<Resolved>;
}

impl<B: AttributeSource> Resolver for B {
    fn resolve(&self, request: LookupRequest) -> Boxed<Resolved> {
        let backend = self.clone();
        Box::pin(async move {
            let mut found = Resolved::default();
            // What was found before the timeout is kept.
            let _ = tokio::time::timeout(LOOKUP_TIMEOUT, fill(&mut found, backend, request)).await;
            found
        })
    }
}

async fn fill<B: AttributeSource>(found: &mut Resolved, backend: B, request: LookupRequest) {
    if request.state {
        found.states = backend.clone().states().await.unwrap_or_default();
    }
    for hidden in request.people {
        if let Ok(Some(person)) = backend.clone().person(hidden.clone()).await {
            found.identities.learn(hidden, person);
        }
    }
    if request.groups {
        found.groups = backend.clone().groups().await.ok();
    }
    if request.history {
        found.history = backend.history().await.ok();
    }
}
