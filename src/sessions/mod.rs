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

use crate::{
    clock::Clock,
    shares::{Share, Shares},
};
pub use guard::SessionGuard;

/// How many sessions a server keeps at a time, of all grants. Of one grant alone, half as
/// many.
pub const MAX_SESSIONS: usize = 4_000;

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
    room: Shares,
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
    _room: Share,
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
    /// An empty table for at most `max` sessions, which grants share.
    pub fn new(clock: Clock, max: usize) -> Arc<Self> {
        Arc::new(Self {
            clock,
            room: Shares::new(max),
            table: Mutex::default(),
        })
    }

    /// Adds a session that `owner` opens, and ends others if its grant would have more
    /// than its fair share.
    ///
    /// Returns a guard of the session and a token that is cancelled when the session
    /// ends. There is no guard, and the token is cancelled already, if there is no room
    /// and no other session may end for this one.
    pub fn open(
        self: &Arc<Self>,
        id: &Arc<str>,
        owner: &Principal,
    ) -> (Option<SessionGuard>, CancellationToken) {
        let ended = CancellationToken::new();
        self.sweep();
        let mut table = self.lock();
        let room = loop {
            if let Some(room) = self.room.take(&owner.grant, 1) {
                break room;
            }
            let Some(victim) = victim(&table, &owner.grant) else {
                ended.cancel();
                return (None, ended);
            };
            table.remove(&victim);
        };
        let session = Session {
            owner: owner.clone(),
            in_use: 0,
            last_used: self.clock.elapsed(),
            notified: false,
            ended: ended.clone(),
            _room: room,
        };
        table.insert(id.clone(), session);
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

/// The session that ends for a new one of a grant: of those with nothing under way, the
/// least recently used one of the grant that has the most sessions, the new one included.
/// A grant that has fewer than the opening one would have loses none.
fn victim(table: &HashMap<Arc<str>, Session>, opening: &str) -> Option<Arc<str>> {
    let mut grants = HashMap::<&str, (usize, Option<(Duration, &Arc<str>)>)>::new();
    for (id, session) in table {
        let (count, oldest) = grants.entry(&session.owner.grant).or_default();
        *count += 1;
        let idle = (session.in_use == 0).then_some((session.last_used, id));
        *oldest = oldest.take().into_iter().chain(idle).min();
    }
    let (own, _) = grants.entry(opening).or_default();
    *own += 1;
    let own = *own;
    let grants = grants.into_values().filter(|(count, _)| *count >= own);
    let oldest = grants.filter_map(|(count, oldest)| Some((count, Reverse(oldest?))));
    let (_, Reverse((_, id))) = oldest.max()?;
    Some(id.clone())
}
