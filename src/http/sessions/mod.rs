//! Sessions of older clients: whose each is, and which of them are awake.
//!
//! Nothing here knows how a session is served: what serves a life of one ends when the
//! token does that it was given here.

mod held;
mod table;
mod waking;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::HeaderMap;
use tokio_util::sync::CancellationToken;

use super::Principal;
use crate::clock::Clock;
pub(super) use held::HeldBody;
pub use held::{Held, Teller};
use table::{State, Table};
pub use waking::Waking;

/// The first revision that has no sessions.
const WITHOUT: &str = "2026-07-28";

/// How long a session stays that is not used.
const IDLE: Duration = Duration::from_secs(60 * 60);

/// How long a session stays whose opening was not answered.
const OPENING: Duration = Duration::from_secs(60);

/// How often it is looked which sessions are over, unless there is no room.
const SWEEP: Duration = Duration::from_secs(60);

/// The most bytes that are kept of what a client said when it opened a session.
const LARGEST_HELLO: usize = 8 * 1024;

/// How many sessions there may be.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// The most that are awake, as far as they have nothing under way.
    pub awake: usize,
    /// The most, awake or asleep.
    pub all: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            awake: 256,
            all: 20_000,
        }
    }
}

/// All sessions.
pub struct Sessions {
    clock: Clock,
    table: Mutex<Table>,
}

/// What a session is like for who wants to use it.
pub enum Found {
    /// It is awake.
    Awake,
    /// Somebody else wakes it; look again once this token is cancelled.
    Waking(CancellationToken),
    /// It was asleep; whoever finds it so has to wake it.
    Asleep(Waking),
    /// There is no such session.
    Unknown,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(clock: Clock, room: Room) -> Arc<Self> {
        let table = Mutex::new(Table::new(room));
        Arc::new(Self { clock, table })
    }

    /// Holds a session for a request of this principal; nothing when it has no such session.
    pub fn hold(self: &Arc<Self>, id: &str, principal: &Principal) -> Option<Held> {
        let now = self.clock.elapsed();
        let mut table = self.lock();
        let id = table.name(id)?;
        let session = table.sessions.get(&id)?;
        if session.owner.as_ref() != Some(principal) {
            return None;
        }
        if session.is_over(now) {
            table.remove(&id);
            return None;
        }
        table.hold(&id);
        drop(table);
        Some(Held::new(self.clone(), id))
    }

    /// Takes note of who opened a session; whether there is room for it.
    pub fn bind(&self, id: &str, principal: &Principal) -> bool {
        let now = self.clock.elapsed();
        let mut table = self.lock();
        let Some(id) = table.name(id) else {
            return false;
        };
        if table.is_crowded() {
            table.remove(&id);
            return false;
        }
        if let Some(session) = table.sessions.get_mut(&id) {
            session.owner = Some(principal.clone());
            session.used = now;
        }
        table.place(&id);
        true
    }

    /// A session is awake that nobody owns yet; what ends its first life.
    pub fn opened(&self, id: Arc<str>) -> CancellationToken {
        let now = self.clock.elapsed();
        self.lock().open(id, now)
    }

    /// What a client said when it opened this session. What is too long is not kept: a
    /// session without it does not outlive its sleep, and its client opens another.
    pub fn greeted(&self, id: &Arc<str>, hello: Vec<u8>) {
        if let Some(session) = self.lock().sessions.get_mut(id)
            && hello.len() <= LARGEST_HELLO
        {
            session.hello = Some(hello.into());
        }
    }

    /// Looks for a session that is to be used.
    pub fn find(self: &Arc<Self>, id: &Arc<str>) -> Found {
        let mut table = self.lock();
        match table.sessions.get(id).map(|session| &session.state) {
            None => return Found::Unknown,
            Some(State::Awake(_)) => return Found::Awake,
            Some(State::Waking { woken, .. }) => return Found::Waking(woken.clone()),
            Some(State::Asleep) => {}
        }
        let Some(call) = table.wake(id) else {
            table.remove(id);
            return Found::Unknown;
        };
        drop(table);
        let held = Held::new(self.clone(), id.clone());
        Found::Asleep(Waking::new(held, call))
    }

    /// How often a session was woken.
    pub fn life(&self, id: &Arc<str>) -> u32 {
        let table = self.lock();
        table.sessions.get(id).map_or(0, |session| session.life)
    }

    /// What served this life of a session has ended.
    pub fn ended(&self, id: &Arc<str>, life: u32) {
        self.lock().end(id, life);
    }

    /// How many are awake.
    pub fn awake(&self) -> usize {
        self.lock().awake
    }

    /// Whether a session is asleep.
    pub fn sleeps(&self, id: &str) -> bool {
        let table = self.lock();
        let session = table.sessions.get(id);
        session.is_some_and(|session| matches!(session.state, State::Asleep))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request is of a revision that has no sessions; one that it names all the
/// same means nothing.
pub(super) fn are_unknown_to(headers: &HeaderMap) -> bool {
    let version = headers.get("mcp-protocol-version");
    // Revisions are dates, which sort as text.
    version.is_some_and(|version| version.as_bytes() >= WITHOUT.as_bytes())
}
