//! The one place where a call is decided.
//!
//! Nothing is sent without a [`Permitted`], and only this module makes one.

mod account;
mod admit;
mod approval;
mod ask;
mod change;
mod durable;
mod headroom;
mod health;
mod judge;
mod known;
mod limits;
mod meter;
mod outside;
mod pacing;
mod permit;
mod question;
mod read_filter;
mod refusal;
mod repeats;
mod room;
mod shared_key;
mod terms;
mod verdict;
mod weigh;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, atomic::AtomicBool};

pub use approval::Reply;
pub use change::Rejected;
pub(crate) use durable::ledger_key;
pub(crate) use health::signals_danger;
pub(crate) use limits::keys;
pub use permit::{BriefPermit, Ending, LookupPermit, Permitted};
pub use question::Question;
pub use refusal::Refusal;
pub use shared_key::ApprovalKey;
pub use verdict::Verdict;

use jiff::Timestamp;

use crate::{
    audit::Audit,
    clock::Clock,
    kill_switch::Switch,
    ledger::{Ledger, SwitchState},
    op::Risk,
    policy::{Effect, Policy},
};
use approval::Approvals;
use known::Known;
use limits::Limiter;
use pacing::Pacing;
use repeats::Repeats;

/// Judges calls of one account by a policy.
pub struct Gate {
    /// What the account is called, where there are others beside it.
    account: Option<String>,
    clock: Clock,
    audit: Arc<Audit>,
    ledger: Ledger,
    switch: Option<Switch>,
    /// Held while a call is decided: its limits are those of the policy it began with.
    turn: RwLock<()>,
    /// Whether everything was stopped when that could last be asked.
    all_stopped: AtomicBool,
    state: Mutex<State>,
}

struct State {
    policy: Arc<Policy>,
    rejected: Option<Rejected>,
    limiter: Limiter,
    approvals: Approvals,
    repeats: Repeats,
    known: Known,
    pacing: Pacing,
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name under which a policy knows the caller; `local` on stdio.
    pub grant: String,
    /// The connection, for limits that count by it.
    pub session: String,
    /// Whether a person can be asked through the caller's client.
    pub can_ask: bool,
}

impl Gate {
    /// A gate with a key and counters of its own; what it counts for longer goes to
    /// the ledger.
    ///
    /// # Errors
    /// When the system gives no random bytes for the approval key.
    pub fn new(
        policy: impl Into<Arc<Policy>>,
        clock: &Clock,
        audit: Arc<Audit>,
        ledger: Ledger,
    ) -> Result<Self, getrandom::Error> {
        let policy = policy.into();
        let state = State {
            limiter: Limiter::new(&policy, clock),
            approvals: Approvals::new(clock.clone(), &policy)?,
            repeats: Repeats::new(clock.clone()),
            known: Known::default(),
            pacing: Pacing::default(),
            policy,
            rejected: None,
        };
        Ok(Self {
            account: None,
            clock: clock.clone(),
            audit,
            ledger,
            switch: None,
            turn: RwLock::default(),
            all_stopped: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    /// The same gate, which a person can stop by a switch.
    #[must_use]
    pub fn stopped_by(mut self, switch: Switch) -> Self {
        self.switch = Some(switch);
        self
    }

    /// The same gate, whose approvals are good at all servers with this key.
    #[must_use]
    pub fn sealing_with(self, key: ApprovalKey) -> Self {
        self.lock().approvals.share(key);
        self
    }

    /// The policy that is in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.lock().policy.clone()
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.clock.timestamp()
    }

    /// What the switch stops now.
    pub fn stopped(&self) -> SwitchState {
        let switch = self.switch.as_ref();
        switch.map_or(SwitchState::Off, Switch::state)
    }

    /// Whether a tool is shown to this caller.
    pub fn lists(&self, tool: &str, risk: Risk, caller: &Caller) -> bool {
        match self.policy().effect(tool, risk, &caller.grant) {
            Effect::Allow | Effect::Deny(_) => true,
            Effect::Confirm(_) => caller.can_ask,
            Effect::Hidden(_) => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves counters that are at most too strict.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
