//! Looking up what a decision depends on and the call itself does not contain.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::Boxed;
use crate::{
    op::{BackendError, ChatId, GroupId, Identities, PersonId, Progress},
    text::Secrets,
};

/// How long all look-ups of a request may take together.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// What a back end can look up for decisions. What it fails to look up stays unknown.
pub trait AttributeSource: Clone + Send + Sync + 'static {
    /// Whether it can look up the person behind a hidden identity (`@lid`).
    const RESOLVES_LIDS: bool;

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

    /// The people in the account's own address book, by the names that it has for them.
    fn address_book(self) -> impl Future<Output = Result<AddressBook, BackendError>> + Send;

    /// The existing chats from this position on, or a part of them.
    fn history(self, from: usize)
    -> impl Future<Output = Result<HistoryPart, BackendError>> + Send;

    /// The time of the newest message in a chat that a person other than this account
    /// wrote, at `until` or before; `None` if its history has none. What no person wrote, such
    /// as a notice that somebody joined, is no message.
    fn last_incoming(
        self,
        chat: ChatId,
        until: Timestamp,
    ) -> impl Future<Output = Result<Option<Timestamp>, BackendError>> + Send;

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
    /// Whether the address book is wanted.
    pub contacts: bool,
    /// The part of the list of existing chats that is wanted.
    pub history: Option<HistoryRequest>,
    /// Whether the account's state is wanted.
    pub state: bool,
    /// The chats whose newest message of somebody else is wanted.
    pub incoming: Vec<IncomingRequest>,
}

/// A chat whose newest message of somebody else is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingRequest {
    /// The chat.
    pub chat: ChatId,
    /// Messages with a later time are not looked at.
    pub until: Timestamp,
}

impl LookupRequest {
    /// Whether nothing has to be looked up.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The people in the account's own address book.
#[derive(Debug, Clone, Default)]
pub struct AddressBook {
    /// Each person with the name that the account has for them.
    pub names: Vec<(String, PersonId)>,
    /// Hidden ids with the numbers beside them.
    pub identities: Identities,
    /// Whether there are more people in it.
    pub is_cut: bool,
}

/// Which of the existing chats are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryRequest {
    /// All from this position on.
    From(usize),
    /// The first part of the list, which has the chats with the newest messages.
    Newest,
}

/// A part of the list of existing chats.
#[derive(Debug, Clone, Default)]
pub struct HistoryPart {
    /// The chats of this part.
    pub chats: Vec<ChatId>,
    /// Where the next part begins; `None` at the end of the list.
    pub next: Option<usize>,
}

/// What was found out in time.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// What was looked up at all, found or not. The rest was not reached in time.
    pub tried: LookupRequest,
    /// Hidden identities with the people behind them.
    pub identities: Identities,
    /// The groups with their names.
    pub groups: Option<Vec<(String, GroupId)>>,
    /// The address book.
    pub contacts: Option<AddressBook>,
    /// The existing chats, as far as they were read.
    pub history: Option<HistoryPart>,
    /// The account's state in the API's own words, and its restrictions.
    pub states: Vec<String>,
    /// Chats whose history could be read, with their newest message of somebody else.
    pub incoming: Vec<(ChatId, Option<Timestamp>)>,
}

impl Resolved {
    /// The same without secrets.
    #[must_use]
    pub(super) fn redacted(mut self, secrets: &Secrets) -> Self {
        let names = self.groups.iter_mut().flatten().map(|(name, _)| name);
        let contacts = self.contacts.iter_mut().flat_map(|book| &mut book.names);
        let names = names.chain(contacts.map(|(name, _)| name));
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
    fn resolve(&self, request: LookupRequest, progress: Progress) -> Boxed<Resolved>;
}

impl<B: AttributeSource> Resolver for B {
    fn resolve(&self, request: LookupRequest, progress: Progress) -> Boxed<Resolved> {
        let backend = self.clone().with_progress(progress);
        Box::pin(async move {
            let mut found = Resolved::default();
            // What was found before the timeout is kept.
            let _ = tokio::time::timeout(LOOKUP_TIMEOUT, fill(&mut found, backend, request)).await;
            found
        })
    }
}

/// The parts are looked up at the same time, so that a slow one holds up no other.
async fn fill<B: AttributeSource>(found: &mut Resolved, backend: B, request: LookupRequest) {
    let Resolved {
        tried,
        identities,
        groups,
        contacts,
        history,
        states,
        incoming,
    } = found;
    let LookupRequest {
        people: tried_people,
        groups: tried_groups,
        contacts: tried_contacts,
        history: tried_history,
        state: tried_state,
        incoming: tried_incoming,
    } = tried;
    let state = async {
        if request.state {
            *tried_state = true;
            *states = backend.clone().states().await.unwrap_or_default();
        }
    };
    let people = async {
        for hidden in request.people {
            tried_people.push(hidden.clone());
            if let Ok(Some(person)) = backend.clone().person(hidden.clone()).await {
                identities.learn(hidden, person);
            }
        }
    };
    let names = async {
        if request.groups {
            *tried_groups = true;
            *groups = backend.clone().groups().await.ok();
        }
    };
    let book = async {
        if request.contacts {
            *tried_contacts = true;
            *contacts = backend.clone().address_book().await.ok();
        }
    };
    let chats = async {
        let (mut from, whole) = match request.history {
            Some(HistoryRequest::From(position)) => (Some(position), true),
            Some(HistoryRequest::Newest) => (Some(0), false),
            None => (None, false),
        };
        *tried_history = request.history;
        while let Some(position) = from {
            let Ok(part) = backend.clone().history(position).await else {
                return;
            };
            let read = history.get_or_insert_default();
            // The same part again: the API does not know positions.
            let repeated = !part.chats.is_empty() && read.chats.ends_with(&part.chats);
            if !repeated {
                read.chats.extend(part.chats);
            }
            read.next = part.next.filter(|_| whole && !repeated);
            from = read.next;
        }
    };
    let newest = async {
        for request in request.incoming {
            let IncomingRequest { chat, until } = request.clone();
            tried_incoming.push(request);
            let newest = backend.clone().last_incoming(chat.clone(), until).await;
            incoming.extend(newest.ok().map(|newest| (chat, newest)));
        }
    };
    tokio::join!(state, people, names, book, chats, newest);
}
