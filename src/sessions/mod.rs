//! The sessions of clients before 2026-07-28: who opened each, which are in use, and
//! which end first.
//!
//! Nothing here serves a session. Whatever serves one stops when the session's token is
//! cancelled.

mod guard;

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
pub use guard::SessionGuard;

/// How many sessions a server keeps at a time.
pub const MAX_SESSIONS: usize = 2_000;

/// How long a session lasts without use.
const MAX_IDLE: Duration = Duration::from_secs(60 * 60);

/// Who makes a request, according to its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The grant's name.
    pub grant: String,
    /// SHA-256 of the token's subject, for tokens of an authorization server.
    pub subject: Option<[u8; 32]>,
}

impl Principal {
    /// The principal of a grant, without a subject.
    pub fn of(grant: &str) -> Self {
        Self {
            grant: grant.to_owned(),
            subject: None,
        }
    }
}

/// The table of all sessions.
pub struct Sessions {
    clock: Clock,
    max: usize,
    table: Mutex<HashMap<Arc<str>, Session>>,
}

struct Session {
    owner: Principal,
    /// How many requests, calls and response bodies are under way.
    in_use: usize,
    /// When it was last in use, on the table's clock.
    last_used: Duration,
    /// Whether its client is notified of changes.
    notified: bool,
    ended: CancellationToken,
}

impl Session {
    /// Whether it ends at this time because nobody used it.
    fn is_expired(&self, now: Duration) -> bool {
        self.in_use == 0 && now.saturating_sub(self.last_used) >= MAX_IDLE
    }
}

/// A session that leaves the table has ended.
impl Drop for Session {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

impl Sessions {
    /// An empty table for at most `max` sessions.
    pub fn new(clock: Clock, max: usize) -> Arc<Self> {
        let table = Mutex::default();
        Arc::new(Self { clock, max, table })
    }

    /// Adds a session that `owner` opens, and ends another one if the table is full.
    ///
    /// Returns a guard of the session and a token that is cancelled when the session
    /// ends. There is no guard, and the token is cancelled already, if the table is full
    /// and no other session may end for this one.
    pub fn open(
        self: &Arc<Self>,
        id: &Arc<str>,
        owner: &Principal,
    ) -> (Option<SessionGuard>, CancellationToken) {
        let ended = CancellationToken::new();
        let session = Session {
            owner: owner.clone(),
            in_use: 0,
            last_used: self.clock.elapsed(),
            notified: false,
            ended: ended.clone(),
        };
        self.sweep();
        let mut table = self.lock();
        table.insert(id.clone(), session);
        while table.len() > self.max
            && let Some(victim) = victim(&table)
        {
            table.remove(&victim);
        }
        drop(table);
        (self.hold(id, owner), ended)
    }

    /// A guard of a session for a request of its owner. `None` if there is no such
    /// session, if somebody else opened it, or if it was idle for too long.
    pub fn hold(self: &Arc<Self>, id: &str, principal: &Principal) -> Option<SessionGuard> {
        let now = self.clock.elapsed();
        let mut table = self.lock();
        let session = table.get_mut(id)?;
        if session.owner != *principal || session.is_expired(now) {
            return None;
        }
        session.in_use += 1;
        drop(table);
        Some(SessionGuard::new(self.clone(), id.into()))
    }

    /// Ends a session at once, whatever it has under way.
    pub fn end(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Ends the sessions that were idle for an hour.
    pub fn sweep(&self) {
        let now = self.clock.elapsed();
        self.lock().retain(|_, session| !session.is_expired(now));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Session>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session that ends when there are too many: of those with nothing under way, the
/// least recently used one of the grant that has the most sessions. So a grant that has
/// more than its share ends its own, and the newest may be the only one to end.
fn victim(table: &HashMap<Arc<str>, Session>) -> Option<Arc<str>> {
    let mut grants = HashMap::<&str, (usize, Option<(Duration, &Arc<str>)>)>::new();
    for (id, session) in table {
        let (count, oldest) = grants.entry(&session.owner.grant).or_default();
        *count += 1;
        let idle = (session.in_use == 0).then_some((session.last_used, id));
        *oldest = oldest.take().into_iter().chain(idle).min();
    }
    let grants = grants.into_values();
    let oldest = grants.filter_map(|(count, oldest)| Some((count, Reverse(oldest?))));
    let (_, Reverse((_, id))) = oldest.max()?;
    Some(id.clone())
}
