//! What the gate has to know before it can judge, and how a back end finds it out.

use std::{sync::Arc, time::Duration};

use super::Boxed;
use crate::{
    gate::LookupPermit,
    op::{BackendError, ChatId, GroupId, Identities, PersonId, Progress},
};

/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(10);

/// What a back end can find out for the gate. What it cannot do stays unknown.
pub trait AttributeSource: Clone + Send + Sync + 'static {
    /// The same for one call, which reports its progress and can be cancelled by it.
    #[must_use]
    fn with_progress(self, progress: Progress) -> Self;

    /// The person behind a hidden identity.
    fn person(
        self,
        hidden: PersonId,
    ) -> impl Future<Output = Result<Option<PersonId>, BackendError>> + Send;

    /// The groups of this account with their names.
    fn groups(self) -> impl Future<Output = Result<Vec<(String, GroupId)>, BackendError>> + Send;

    /// The chats that there are already.
    fn history(self) -> impl Future<Output = Result<Vec<ChatId>, BackendError>> + Send;

    /// The account's state in the API's own words, and what it may not do for now.
    fn states(self) -> impl Future<Output = Result<Vec<String>, BackendError>> + Send;
}

/// What is to be found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookupRequest {
    /// Who is behind these hidden identities.
    pub people: Vec<PersonId>,
    /// What the groups are called.
    pub groups: bool,
    /// Which chats there are.
    pub history: bool,
    /// The account's state.
    pub state: bool,
}

impl LookupRequest {
    /// Whether there is nothing to find out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was found out; nothing where it could not be in time.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// Hidden identities with the people behind them.
    pub identities: Identities,
    /// The groups with their names.
    pub groups: Option<Vec<(String, GroupId)>>,
    /// The chats that there are.
    pub history: Option<Vec<ChatId>>,
    /// The account's state in the API's own words, and what it may not do for now.
    pub states: Vec<String>,
}

/// A back end's way of finding out, whatever its type.
#[derive(Clone)]
pub(super) struct Resolver(Arc<dyn Fn(LookupRequest) -> Boxed<Resolved> + Send + Sync>);

impl Resolver {
    pub(super) fn of<B: AttributeSource>(backend: &B) -> Self {
        let backend = backend.clone();
        Self(Arc::new(move |errand| {
            Box::pin(resolve(backend.clone(), errand))
        }))
    }

    pub(super) async fn run(&self, permit: LookupPermit) -> Resolved {
        self.0(permit.into_errand()).await
    }
}

async fn resolve<B: AttributeSource>(backend: B, errand: LookupRequest) -> Resolved {
    let mut found = Resolved::default();
    let looking = async {
        if errand.state {
            found.states = backend.clone().states().await.unwrap_or_default();
        }
        for hidden in errand.people {
            if let Ok(Some(person)) = backend.clone().person(hidden.clone()).await {
                found.identities.learn(hidden, person);
            }
        }
        if errand.groups {
            found.groups = backend.clone().groups().await.ok();
        }
        if errand.history {
            found.history = backend.history().await.ok();
        }
    };
    // What was found until then is kept.
    let _ = tokio::time::timeout(LONGEST, looking).await;
    found
}
