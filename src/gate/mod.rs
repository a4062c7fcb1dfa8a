//! The one place where a call is decided.
//!
//! Nothing is sent without a [`Permitted`], and only this module makes one.

mod account;
mod approval;
mod change;
mod durable;
mod headroom;
mod health;
mod known;
mod limits;
mod meter;
mod outside;
mod pacing;
mod permit;
mod question;
mod refusal;
mod repeats;
mod room;
mod shared_key;
mod terms;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, atomic::AtomicBool},
    time::Duration,
};

pub use approval::Reply;
pub use change::Rejected;
pub(crate) use durable::ledger_key;
pub(crate) use health::{FAILURES, endangers};
pub(crate) use limits::keys;
pub use permit::{BriefPermit, Ending, Permitted, ScoutPermit};
pub use question::Question;
pub use refusal::{Code, Refusal};
pub use shared_key::ApprovalKey;

use jiff::Timestamp;

use crate::{
    audit::Audit,
    backend::Fault,
    clock::Clock,
    ledger::{Glance, Ledger},
    op::{ChatId, Part, Risk},
    panic_switch::{self, Switch},
    policy::{Decision, Policy, Situation, Standing},
    toolset::{Answer, Facts, Prepared, Sight},
};
use approval::Approvals;
use durable::Asked;
use health::Watched;
use known::Known;
use limits::Limiter;
use pacing::Pacing;
use permit::Grounds;
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

/// What becomes of a call.
pub enum Verdict {
    /// It may be run.
    Go(Box<Permitted>),
    /// A person has to say yes first.
    Ask(Box<Question>),
    /// It may not be run.
    Refuse(Box<Refusal>),
    /// The same was run just now; this came of it.
    Again(Box<Result<Answer, Fault>>),
}

/// A call with all that the policy says of it.
struct Weighed<'p> {
    facts: Facts,
    decision: Decision<'p>,
    newcomers: Vec<ChatId>,
    /// What a shared ledger told; it counts short windows too.
    seen: Option<Glance>,
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
    pub fn stopped(&self) -> panic_switch::State {
        let switch = self.switch.as_ref();
        switch.map_or(panic_switch::State::Off, Switch::state)
    }

    /// Whether a tool is shown to this caller.
    pub fn lists(&self, tool: &str, risk: Risk, caller: &Caller) -> bool {
        match self.policy().standing(tool, risk, &caller.grant) {
            Standing::Allow | Standing::Deny(_) => true,
            Standing::Confirm(_) => caller.can_ask,
            Standing::Hidden(_) => false,
        }
    }

    /// Decides a call that comes without a person's answer.
    pub fn judge(&self, call: Prepared, caller: &Caller) -> Verdict {
        self.naming(self.decide(call, caller, None))
    }

    /// Decides a call again, now with what came back for its question.
    pub fn judge_again(
        &self,
        call: Prepared,
        caller: &Caller,
        ticket: &str,
        reply: Reply,
    ) -> Verdict {
        // The ticket is burned first: an answer counts once, whatever comes of it.
        let tool = call.facts().tool;
        let spent = self.lock().approvals.redeem(ticket, call.facts(), caller);
        let heard = spent
            .and_then(|spent| spent.burn(&self.ledger, tool))
            .and_then(|()| reply.heard(tool));
        self.naming(match heard {
            Ok(()) => self.decide(call, caller, Some(Grounds::Approval)),
            Err(refusal) => refuse(refusal),
        })
    }

    fn decide(&self, mut call: Prepared, caller: &Caller, yes: Option<Grounds>) -> Verdict {
        let _turn = self.turn.read().unwrap_or_else(PoisonError::into_inner);
        let policy = {
            let state = self.lock();
            call.identify(&state.known.identities);
            state.policy.clone()
        };
        let weighed = match self.weigh(&policy, &call, caller) {
            Ok(weighed) => weighed,
            Err(refusal) => return refuse(refusal),
        };
        let facts = call.facts();
        if weighed.decision.standing().admits()
            && let Err(refusal) = self.healthy(&policy, facts, weighed.seen.as_ref())
        {
            if refusal.code == Code::LedgerUnavailable || !policy.lets_through(facts) {
                return refuse(refusal);
            }
            let grounds = Grounds::Shadow(refusal.code);
            return self.admit(&policy, &weighed, call, caller, grounds);
        }
        let grounds = match (weighed.decision.standing(), yes) {
            (Standing::Allow, yes) => yes.unwrap_or(Grounds::Policy),
            (standing, None) if policy.lets_through(facts) => Grounds::Shadow(code_of(standing)),
            (Standing::Confirm(_), Some(yes)) => yes,
            (Standing::Confirm(because), None) if !caller.can_ask => {
                return refuse(Refusal::cannot_ask(facts.tool, because));
            }
            (Standing::Confirm(_), None) => return self.ask(&policy, &weighed, call, caller),
            (Standing::Deny(because) | Standing::Hidden(because), _) => {
                let now = self.clock.timestamp();
                return refuse(Refusal::by_rule(facts.tool, because, now));
            }
        };
        self.admit(&policy, &weighed, call, caller, grounds)
    }

    /// All that the policy says of a call.
    fn weigh<'p>(
        &self,
        policy: &'p Policy,
        call: &Prepared,
        caller: &Caller,
    ) -> Result<Weighed<'p>, Refusal> {
        let facts = call.facts();
        if !policy.knows(&caller.grant) {
            return Err(Refusal::unknown(&caller.grant));
        }
        if !self.is_open_to(policy, caller) {
            return Err(Refusal::no_account(&caller.grant));
        }
        let recipients: Vec<&str> = match policy.asks_who_is_new(&caller.grant) {
            true => facts
                .touches
                .of(Part::Recipient)
                .map(ChatId::as_str)
                .collect(),
            false => Vec::new(),
        };
        let seen = self.emergency(facts, &recipients)?;
        let newcomers = self.newcomers(policy, facts, caller, seen.as_ref())?;
        let decision = {
            let state = self.lock();
            let situation = Situation {
                grant: &caller.grant,
                now: Some(self.clock.timestamp()),
                groups: &state.known.groups,
                newcomers: &newcomers,
                has_read: state.known.has_read(&caller.grant),
            };
            policy.decide(facts, &situation)
        };
        Ok(Weighed {
            facts: facts.clone(),
            decision,
            newcomers,
            seen,
        })
    }

    fn ask(
        &self,
        policy: &Policy,
        weighed: &Weighed<'_>,
        mut call: Prepared,
        caller: &Caller,
    ) -> Verdict {
        // Nobody is asked about a call that would be refused anyway.
        if let Err(refusal) = self.recordable(&weighed.facts) {
            return refuse(refusal);
        }
        let durable = self.durable(policy, weighed, caller);
        let mut state = self.lock();
        if let Some(key) = repeats::Key::of(call.facts(), caller)
            && let Some(verdict) = state.repeated(&key)
        {
            return verdict;
        }
        let looked = state.look(weighed, caller, self.clock.elapsed());
        // The ledger is asked while nobody waits for the gate.
        drop(state);
        let looked = looked.and_then(|_| match &durable {
            Some(asked) => asked.look(&self.ledger, &weighed.facts),
            None => Ok(()),
        });
        let asked = looked.and_then(|()| self.lock().approvals.ask(call.facts(), caller));
        let ticket = match asked {
            Ok(ticket) => ticket,
            Err(refusal) => return refuse(refusal),
        };
        let brief = call.take_brief().map(BriefPermit);
        let reasons = weighed.decision.reasons_to_ask();
        let expires = policy.confirmation.expires;
        let question = Question::new(call, brief, reasons, ticket, expires);
        Verdict::Ask(Box::new(question.on_account(self.account.clone())))
    }

    /// Counts the call and lets it through, unless it could not be written down or
    /// a limit is reached.
    fn admit(
        &self,
        policy: &Arc<Policy>,
        weighed: &Weighed<'_>,
        call: Prepared,
        caller: &Caller,
        grounds: Grounds,
    ) -> Verdict {
        if let Err(refusal) = self.recordable(&weighed.facts) {
            return refuse(refusal);
        }
        let once = repeats::Key::of(call.facts(), caller);
        let durable = self.durable(policy, weighed, caller);
        let mut state = self.lock();
        if let Some(key) = &once {
            if let Some(verdict) = state.repeated(key) {
                return verdict;
            }
            state.repeats.begin(key.clone());
        }
        drop(state);
        let counted = self.count(weighed, durable.as_ref(), caller);
        let mut state = self.lock();
        let (wait, counted, grounds) = match counted {
            Ok((wait, counted)) => (wait, counted, grounds),
            Err(refusal)
                if refusal.code != Code::LedgerUnavailable
                    && policy.lets_through(&weighed.facts) =>
            {
                (Duration::ZERO, None, Grounds::Shadow(refusal.code))
            }
            Err(refusal) => {
                if let Some(key) = &once {
                    state.repeats.forget(key);
                }
                return refuse(refusal);
            }
        };
        Self::reads(&mut state, &weighed.facts, caller);
        drop(state);
        Verdict::Go(Box::new(Permitted {
            sight: self.sight(policy, &weighed.facts, caller),
            ending: Ending {
                grant: caller.grant.clone(),
                once,
                counted,
                watched: Watched::of(policy, &weighed.facts),
            },
            call,
            grounds,
            wait,
        }))
    }

    /// Takes note of what a call came to.
    pub fn ended(&self, ending: Ending, outcome: &Result<Answer, Fault>) {
        let reading = outcome.as_ref().ok().map(|answer| &answer.reading);
        if let Some(counted) = &ending.counted {
            let messages = reading.map_or(0, |reading| reading.messages);
            counted.settle(&self.ledger, messages);
        }
        let mut state = self.lock();
        if let Some(reading) = reading {
            state.known.reads(&ending.grant, reading.chats.iter());
        }
        if let Some(key) = ending.once {
            state.repeats.settle(key, outcome);
        }
        let policy = state.policy.clone();
        drop(state);
        self.watch(&policy, ending.watched, outcome);
    }

    /// What is counted in the ledger, if anything is.
    fn durable<'p>(
        &self,
        policy: &'p Policy,
        weighed: &Weighed<'_>,
        caller: &Caller,
    ) -> Option<Asked<'p>> {
        let limits = weighed.decision.limits.iter();
        let limits = limits.filter_map(|index| policy.limits.get(*index));
        let (all, remembers) = (weighed.seen.is_some(), policy.remembers_people());
        Asked::of(limits, &weighed.facts, caller, all, remembers)
    }

    /// Which chats' messages may be told, for what tells those of several.
    fn sight(&self, policy: &Arc<Policy>, facts: &Facts, caller: &Caller) -> Sight {
        let named = facts.touches.of(Part::Source).next().is_some();
        if facts.reads == 0 || named {
            return None;
        }
        let (policy, grant) = (policy.clone(), caller.grant.clone());
        let (groups, identities) = {
            let state = self.lock();
            (state.known.groups.clone(), state.known.identities.clone())
        };
        Some(Arc::new(move |chat: &ChatId| {
            let chat = &identities.of(chat);
            let situation = Situation {
                grant: &grant,
                now: None,
                groups: &groups,
                newcomers: &[],
                has_read: &[],
            };
            policy.may_read(chat, &situation)
        }))
    }

    /// What changes something has to be written down; reading goes on without.
    fn recordable(&self, facts: &Facts) -> Result<(), Refusal> {
        match facts.risk {
            Risk::Read => Ok(()),
            _ => self
                .audit
                .ready()
                .map_err(|error| Refusal::unrecorded(&error)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves counters that are at most too strict.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is to be said of a call that was made just now.
    fn repeated(&mut self, key: &repeats::Key) -> Option<Verdict> {
        match self.repeats.look(key) {
            Ok(outcome) => outcome.map(|outcome| Verdict::Again(Box::new(outcome))),
            Err(refusal) => Some(refuse(refusal)),
        }
    }
}

fn code_of(standing: &Standing) -> Code {
    standing
        .because()
        .map_or(Code::NotAdmitted, |because| because.code)
}

fn refuse(refusal: Refusal) -> Verdict {
    Verdict::Refuse(Box::new(refusal))
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Go(permitted) => permitted.fmt(f),
            Self::Again(_) => f.debug_tuple("Again").finish_non_exhaustive(),
            Self::Ask(question) => f.debug_tuple("Ask").field(question.facts()).finish(),
            Self::Refuse(refusal) => f.debug_tuple("Refuse").field(refusal).finish(),
        }
    }
}
