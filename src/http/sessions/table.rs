//! What is known of each session, and in which order the idle ones go to sleep.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{IDLE, OPENING, Room, SWEEP, waking::Call};
use crate::http::Principal;

/// Whether a session is served, and what ends that.
pub(super) enum State {
    Asleep,
    Waking {
        over: CancellationToken,
        /// Cancelled once it is awake, or turned out not to become so.
        woken: CancellationToken,
    },
    Awake(CancellationToken),
}

impl State {
    /// Ends what serves it.
    fn end(&self) {
        match self {
            Self::Asleep => {}
            Self::Awake(over) => over.cancel(),
            Self::Waking { over, woken } => {
                over.cancel();
                woken.cancel();
            }
        }
    }
}

/// A session.
pub(super) struct Session {
    /// Who opened it; nobody until the answer to that is on its way.
    pub(super) owner: Option<Principal>,
    /// What its client said when it opened it.
    pub(super) hello: Option<Arc<[u8]>>,
    /// Whether its client has also said that it is ready.
    pub(super) ready: bool,
    /// Whether its client is told of changes in this life.
    pub(super) told: bool,
    /// How often the policy had changed when its client was ready.
    pub(super) since: Option<u64>,
    pub(super) state: State,
    /// How often it was woken.
    pub(super) life: u32,
    /// When it was last used.
    pub(super) used: Duration,
    holds: usize,
    /// Its place among the idle ones.
    turn: Option<u64>,
}

impl Session {
    /// Whether it was not used for so long that it is over.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        let longest = if self.owner.is_some() { IDLE } else { OPENING };
        self.holds == 0 && now.saturating_sub(self.used) >= longest
    }

    /// Whether it is awake for nothing.
    fn is_idle(&self) -> bool {
        self.holds == 0 && self.owner.is_some() && matches!(self.state, State::Awake(_))
    }
}

/// All sessions.
pub(super) struct Table {
    pub(super) sessions: HashMap<Arc<str>, Session>,
    /// How many are awake, or about to be.
    pub(super) awake: usize,
    /// Those that are idle, the least recently used first.
    idle: BTreeMap<u64, Arc<str>>,
    turns: u64,
    swept: Duration,
    room: Room,
}

impl Table {
    pub(super) fn new(room: Room) -> Self {
        Self {
            sessions: HashMap::new(),
            awake: 0,
            idle: BTreeMap::new(),
            turns: 0,
            swept: Duration::ZERO,
            room,
        }
    }

    /// Whether there are more than there may be.
    pub(super) fn is_crowded(&self) -> bool {
        self.sessions.len() > self.room.all
    }

    /// The name that a session is kept under.
    pub(super) fn name(&self, id: &str) -> Option<Arc<str>> {
        let (name, _) = self.sessions.get_key_value(id)?;
        Some(name.clone())
    }

    /// One more, which is awake; what ends that.
    pub(super) fn open(&mut self, id: Arc<str>, now: Duration) -> CancellationToken {
        self.sweep(now);
        let over = CancellationToken::new();
        let session = Session {
            owner: None,
            hello: None,
            ready: false,
            told: false,
            since: None,
            state: State::Awake(over.clone()),
            life: 0,
            used: now,
            holds: 0,
            turn: None,
        };
        self.sessions.insert(id, session);
        self.awake += 1;
        self.make_room();
        over
    }

    /// One more holds a session.
    pub(super) fn hold(&mut self, id: &Arc<str>) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.holds += 1;
        }
        self.place(id);
    }

    /// One less holds a session.
    pub(super) fn release(&mut self, id: &Arc<str>, now: Duration) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.holds = session.holds.saturating_sub(1);
            session.used = now;
        }
        self.place(id);
        self.make_room();
    }

    /// Puts a session among the idle ones, or takes it from there.
    pub(super) fn place(&mut self, id: &Arc<str>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        match (session.is_idle(), session.turn) {
            (true, None) => {
                self.turns += 1;
                session.turn = Some(self.turns);
                self.idle.insert(self.turns, id.clone());
            }
            (false, Some(turn)) => {
                session.turn = None;
                self.idle.remove(&turn);
            }
            _ => {}
        }
    }

    /// A session that is asleep is on its way to be awake, and held; nothing when it
    /// is not known what its client said.
    pub(super) fn wake(&mut self, id: &Arc<str>) -> Option<Call> {
        let session = self.sessions.get_mut(id)?;
        let call = Call {
            hello: session.hello.clone()?,
            owner: session.owner.clone()?,
            ready: session.ready,
            life: session.life.checked_add(1)?,
            over: CancellationToken::new(),
        };
        session.life = call.life;
        session.told = false;
        session.holds += 1;
        session.state = State::Waking {
            over: call.over.clone(),
            woken: CancellationToken::new(),
        };
        self.awake += 1;
        self.make_room();
        Some(call)
    }

    /// This life of a session has begun, if it is `served`; whether it is awake now.
    pub(super) fn settle(&mut self, id: &Arc<str>, life: u32, served: bool) -> bool {
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let State::Waking { over, woken } = &session.state else {
            return false;
        };
        if session.life != life {
            return false;
        }
        if !served || over.is_cancelled() {
            self.sleep(id);
            return false;
        }
        woken.cancel();
        session.state = State::Awake(over.clone());
        self.place(id);
        true
    }

    /// What served this life of a session has ended.
    pub(super) fn end(&mut self, id: &Arc<str>, life: u32) {
        match self.sessions.get(id) {
            Some(session) if session.life == life => match &session.state {
                // Whoever wakes it finds that out.
                State::Waking { over, .. } => over.cancel(),
                _ => self.sleep(id),
            },
            _ => {}
        }
    }

    /// A session is over.
    pub(super) fn remove(&mut self, id: &Arc<str>) {
        self.sleep(id);
        self.sessions.remove(id);
    }

    /// Puts a session to sleep.
    fn sleep(&mut self, id: &Arc<str>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let state = mem::replace(&mut session.state, State::Asleep);
        if !matches!(state, State::Asleep) {
            state.end();
            self.awake = self.awake.saturating_sub(1);
        }
        self.place(id);
    }

    /// Puts idle ones to sleep until no more are awake than may be.
    fn make_room(&mut self) {
        while self.awake > self.room.awake
            && let Some(id) = self.idle.first_entry().map(|first| first.get().clone())
        {
            self.sleep(&id);
        }
    }

    /// Removes what was not used for too long; not each time, as it looks at all.
    fn sweep(&mut self, now: Duration) {
        if self.sessions.len() < self.room.all && now.saturating_sub(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        let over = |(id, session): (&Arc<str>, &Session)| session.is_over(now).then(|| id.clone());
        let over: Vec<_> = self.sessions.iter().filter_map(over).collect();
        for id in over {
            self.remove(&id);
        }
    }
}
