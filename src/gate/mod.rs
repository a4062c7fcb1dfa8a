//! The one place where a call is decided.
//!
//! Nothing is sent without a [`Permitted`], and only this module makes one.

mod approval;
mod limits;
mod question;
mod refusal;
mod repeats;
mod terms;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use approval::Reply;
pub use question::Question;
pub use refusal::{Code, Refusal};

use crate::{
    audit::Audit,
    backend::Fault,
    clock::Clock,
    op::{Identities, PersonId, Risk},
    policy::{Policy, Ruling, Standing},
    toolset::{Answer, Brief, Facts, Prepared},
};
use approval::Approvals;
use limits::Limiter;
use repeats::Repeats;

/// Judges calls by one policy.
pub struct Gate {
    policy: Policy,
    audit: Arc<Audit>,
    state: Mutex<State>,
}

struct State {
    limiter: Limiter,
    approvals: Approvals,
    repeats: Repeats,
    identities: Identities,
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

/// A call that may be run, once. Only the gate makes it.
pub struct Permitted {
    call: Prepared,
    grounds: Grounds,
    once: Option<repeats::Key>,
}

/// What has to be told to the gate when a call has ended.
pub struct Ending(Option<repeats::Key>);

/// On what a call was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grounds {
    Policy,
    Approval,
}

impl Permitted {
    /// On what grounds: `allowed` by the policy, or `confirmed` by a person.
    pub fn how(&self) -> &'static str {
        match self.grounds {
            Grounds::Policy => "allowed",
            Grounds::Approval => "confirmed",
        }
    }

    /// What is to be handed to [`Gate::ended`] with the outcome.
    pub fn ending(&mut self) -> Ending {
        Ending(self.once.take())
    }

    pub(crate) fn into_prepared(self) -> Prepared {
        self.call
    }
}

/// Leave to read what a person needs to know before deciding. Only the gate makes it.
pub struct BriefPermit(Brief);

impl BriefPermit {
    pub(crate) fn into_brief(self) -> Brief {
        self.0
    }
}

/// Leave to look up who is behind hidden identities. Only the gate makes it.
pub struct IdentityPermit(Vec<PersonId>);

impl IdentityPermit {
    pub(crate) fn into_people(self) -> Vec<PersonId> {
        self.0
    }
}

/// The most hidden identities that are looked up for one call.
const MOST_HIDDEN: usize = 32;

/// The most hidden identities that are remembered.
const MOST_KNOWN: usize = 4096;

impl Gate {
    /// A gate with a key and counters of its own.
    ///
    /// # Errors
    /// When the system gives no random bytes for the approval key.
    pub fn new(policy: Policy, clock: &Clock, audit: Arc<Audit>) -> Result<Self, getrandom::Error> {
        let state = State {
            limiter: Limiter::new(&policy, clock),
            approvals: Approvals::new(clock.clone(), &policy)?,
            repeats: Repeats::new(clock.clone()),
            identities: Identities::default(),
        };
        Ok(Self {
            policy,
            audit,
            state: Mutex::new(state),
        })
    }

    /// The policy that is in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether a tool is shown to this caller.
    pub fn lists(&self, tool: &str, caller: &Caller) -> bool {
        match &self.policy.ruling(tool).standing {
            Standing::Allow | Standing::Deny(_) => true,
            Standing::Confirm(_) => caller.can_ask,
            Standing::Hidden(_) => false,
        }
    }

    /// What has to be looked up before a call can be judged: who is behind the hidden
    /// identities in it. Nothing is, where the call is refused whoever they are.
    pub fn wonders(&self, call: &Prepared, caller: &Caller) -> Option<IdentityPermit> {
        let facts = call.facts();
        self.standing(self.policy.ruling(facts.tool), facts, caller)
            .ok()?;
        let state = self.lock();
        let mut people: Vec<_> = facts
            .touches
            .hidden()
            .filter(|person| state.identities.get(person).is_none())
            .cloned()
            .collect();
        people.truncate(MOST_HIDDEN);
        (!people.is_empty()).then_some(IdentityPermit(people))
    }

    /// Takes note of who is behind hidden identities.
    pub fn learn(&self, found: Identities) {
        self.lock().identities.extend(found, MOST_KNOWN);
    }

    /// Decides a call that comes without a person's answer.
    pub fn judge(&self, mut call: Prepared, caller: &Caller) -> Verdict {
        call.identify(&self.lock().identities);
        let ruling = self.policy.ruling(call.facts().tool);
        match self.standing(ruling, call.facts(), caller) {
            Err(refusal) => return refuse(refusal),
            Ok(Assent::Given) => return self.admit(ruling, call, caller, Grounds::Policy),
            Ok(Assent::Needed) => {}
        }
        // Nobody is asked about a call that would be refused anyway.
        if let Err(refusal) = self.recordable(call.facts()) {
            return refuse(refusal);
        }
        let mut state = self.lock();
        if let Some(key) = repeats::Key::of(call.facts(), caller)
            && let Some(verdict) = state.repeated(&key)
        {
            return verdict;
        }
        if let Err(refusal) = state.limiter.look(&ruling.limits, call.facts(), caller) {
            return refuse(refusal);
        }
        let ticket = match state.approvals.ask(call.facts(), caller) {
            Ok(ticket) => ticket,
            Err(refusal) => return refuse(refusal),
        };
        drop(state);
        let brief = call.take_brief().map(BriefPermit);
        Verdict::Ask(Box::new(Question::new(
            call,
            brief,
            ticket,
            self.policy.confirmation.expires,
        )))
    }

    /// Decides a call again, now with what came back for its question.
    pub fn judge_again(
        &self,
        mut call: Prepared,
        caller: &Caller,
        ticket: &str,
        reply: Reply,
    ) -> Verdict {
        call.identify(&self.lock().identities);
        let ruling = self.policy.ruling(call.facts().tool);
        // The ticket is burned first: an answer counts once, whatever comes of it.
        if let Err(refusal) = self
            .lock()
            .approvals
            .redeem(ticket, call.facts(), caller, reply)
        {
            return refuse(refusal);
        }
        match self.standing(ruling, call.facts(), caller) {
            Err(refusal) => refuse(refusal),
            Ok(_) => self.admit(ruling, call, caller, Grounds::Approval),
        }
    }

    fn standing(&self, ruling: &Ruling, facts: &Facts, caller: &Caller) -> Result<Assent, Refusal> {
        match &ruling.standing {
            Standing::Allow => Ok(Assent::Given),
            Standing::Confirm(_) if caller.can_ask => Ok(Assent::Needed),
            Standing::Confirm(because) => Err(Refusal::cannot_ask(facts.tool, because)),
            Standing::Deny(because) | Standing::Hidden(because) => {
                Err(Refusal::by_rule(facts.tool, because))
            }
        }
    }

    /// Counts the call and lets it through, unless it could not be written down or
    /// a limit is reached.
    fn admit(&self, ruling: &Ruling, call: Prepared, caller: &Caller, grounds: Grounds) -> Verdict {
        if let Err(refusal) = self.recordable(call.facts()) {
            return refuse(refusal);
        }
        let once = repeats::Key::of(call.facts(), caller);
        let mut state = self.lock();
        if let Some(key) = &once
            && let Some(verdict) = state.repeated(key)
        {
            return verdict;
        }
        if let Err(refusal) = state.limiter.take(&ruling.limits, call.facts(), caller) {
            return refuse(refusal);
        }
        if let Some(key) = &once {
            state.repeats.begin(key.clone());
        }
        Verdict::Go(Box::new(Permitted {
            call,
            grounds,
            once,
        }))
    }

    /// Takes note of what a call came to.
    pub fn ended(&self, ending: Ending, outcome: &Result<Answer, Fault>) {
        if let Some(key) = ending.0 {
            self.lock().repeats.settle(key, outcome);
        }
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

/// Whether the policy is content, or a person has to be.
enum Assent {
    Given,
    Needed,
}

fn refuse(refusal: Refusal) -> Verdict {
    Verdict::Refuse(Box::new(refusal))
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Go(permitted) => f.debug_tuple("Go").field(permitted.call.facts()).finish(),
            Self::Again(_) => f.debug_tuple("Again").finish_non_exhaustive(),
            Self::Ask(question) => f.debug_tuple("Ask").field(question.facts()).finish(),
            Self::Refuse(refusal) => f.debug_tuple("Refuse").field(refusal).finish(),
        }
    }
}
