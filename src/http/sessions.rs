//! Sessions belong to who opened them.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::{HeaderMap, HeaderValue};

use super::Principal;

/// The most sessions at a time.
const MOST: usize = 20_000;

/// The first revision that has no sessions.
const WITHOUT: &str = "2026-07-28";

/// Who opened which session.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<HeaderValue, Principal>>);

impl Sessions {
    /// Whether a session is this principal's.
    pub fn is_of(&self, session: &HeaderValue, principal: &Principal) -> bool {
        self.lock().get(session) == Some(principal)
    }

    /// Takes note of who opened a session; whether there is room for it.
    pub fn bind(&self, session: &HeaderValue, principal: &Principal) -> bool {
        let mut sessions = self.lock();
        let room = sessions.len() < MOST;
        if room {
            sessions.insert(session.clone(), principal.clone());
        }
        room
    }

    /// The session is over.
    pub fn forget(&self, session: &HeaderValue) {
        self.lock().remove(session);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<HeaderValue, Principal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request is of a revision that has no sessions; one that it names all the
/// same means nothing.
pub(super) fn are_unknown_to(headers: &HeaderMap) -> bool {
    let version = headers.get("mcp-protocol-version");
    // Revisions are dates, which sort as text.
    version.is_some_and(|version| version.as_bytes() >= WITHOUT.as_bytes())
}
