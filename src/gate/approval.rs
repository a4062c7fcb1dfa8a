//! A person's approval: for one call, once, for a limited time.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    ApprovalKey, Caller, Refusal,
    limit_keys::ledger_key,
    rate_limiter::{Exceeded, RateLimiter},
    ticket::{Redeemed, Sealer, random_name},
};
use crate::{
    clock::Clock,
    ledger::{Admission, Count, DAY, FullLimit, Ledger, Rejection, Request, SwitchEpoch},
    op::Facts,
    policy::{Code, Confirmation, PROMPTS_COUNTER, Policy, Scope},
};

/// A person's answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// An explicit yes.
    Yes,
    /// An explicit no.
    No,
    /// The question was dismissed: by the person, or by a client that shows none.
    Dismissed,
    /// Anything else.
    Unreadable,
}

/// Issues tickets with questions, and redeems each of them once.
pub(super) struct Approvals {
    sealer: Sealer,
    clock: Clock,
    state: Mutex<ApprovalState>,
}

struct ApprovalState {
    confirmation: Confirmation,
    prompts: RateLimiter,
    /// Redeemed tickets by name, with the time until which they would have been valid.
    redeemed: HashMap<String, Duration>,
}

impl Approvals {
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn new(clock: Clock, policy: &Policy) -> Result<Self, getrandom::Error> {
        let confirmation = policy.confirmation.clone();
        Ok(Self {
            sealer: Sealer::new()?,
            state: Mutex::new(ApprovalState {
                prompts: prompt_limit(&confirmation, &clock),
                confirmation,
                redeemed: HashMap::new(),
            }),
            clock,
        })
    }

    /// Seals with a key that other servers have too.
    pub(super) fn share(&mut self, key: ApprovalKey) {
        self.sealer.share(key);
    }

    /// Takes over the confirmation rules of another policy. A ticket stays valid: the person
    /// approved the call and not the policy, and the call is decided again.
    pub(super) fn replace(&self, policy: &Policy) {
        let mut state = self.lock();
        if state.confirmation != policy.confirmation {
            let prompts = prompt_limit(&policy.confirmation, &self.clock);
            prompts.inherit(&state.prompts);
            state.prompts = prompts;
        }
        state.confirmation = policy.confirmation.clone();
    }

    /// The name of a question. Refuses when too many questions of the caller's grant were
    /// asked, by any server that shares the ledger.
    pub(super) async fn issue(&self, caller: &Caller, ledger: &Ledger) -> Result<String, Refusal> {
        let confirmation = self.count(caller)?;
        if ledger.is_shared() {
            count_shared(&confirmation, caller, ledger).await?;
        }
        let Ok(name) = random_name() else {
            let reason = "The system gives no random bytes for the name of a question.";
            return Err(Refusal::new(Code::Busy, reason));
        };
        Ok(name)
    }

    /// The ticket of a question of this name about a call, which is asked now and was decided
    /// on in this epoch of the kill switch.
    pub(super) fn seal(
        &self,
        name: &str,
        epoch: SwitchEpoch,
        facts: &Facts,
        caller: &Caller,
    ) -> String {
        let life = self.lock().confirmation.expires;
        let name = name.to_owned();
        self.sealer
            .seal(name, epoch, life, &self.clock, facts, caller)
    }

    /// Whether an answer came faster than a person reads.
    pub(super) fn is_too_fast(&self, age: Duration) -> bool {
        age < self.lock().confirmation.min_answer_time
    }

    /// Counts a question at this server; returns the rules that it is asked by.
    fn count(&self, caller: &Caller) -> Result<Confirmation, Refusal> {
        let state = self.lock();
        let counted = state.prompts.count(&caller.grant, NonZeroU32::MIN);
        counted.map_err(|exceeded| {
            let wait = match exceeded {
                Exceeded::For(wait) => wait,
                Exceeded::Always => state.confirmation.prompt_window,
            };
            Refusal::prompts(&state.confirmation.prompt_rule, wait)
        })?;
        Ok(state.confirmation.clone())
    }

    /// Redeems a ticket for a call, once over all servers that share the ledger. The ticket
    /// is used up whatever becomes of the call. Returns what it was.
    pub(super) async fn redeem(
        &self,
        ticket: &str,
        facts: &Facts,
        caller: &Caller,
        ledger: &Ledger,
    ) -> Result<Redeemed, Refusal> {
        let tool = facts.tool;
        let ticket = self.redeem_here(ticket, facts, caller)?;
        // The clock of another server may be behind, so the ledger remembers it for longer.
        let time = ticket.left.saturating_add(DAY);
        let burned = ledger.burn(&ticket.name, time).await;
        match burned.map_err(|error| Refusal::ledger_unavailable(&error))? {
            Some(false) => Err(used_before(tool)),
            Some(true) | None => Ok(ticket),
        }
    }

    fn redeem_here(
        &self,
        ticket: &str,
        facts: &Facts,
        caller: &Caller,
    ) -> Result<Redeemed, Refusal> {
        let tool = facts.tool;
        let mut state = self.lock();
        // A policy that was loaded meanwhile may shorten the time, but not prolong it.
        let longest = state.confirmation.expires;
        let opened = self
            .sealer
            .open(ticket, longest, &self.clock, facts, caller)
            .ok_or_else(|| {
                Refusal::new(
                    Code::ApprovalInvalid,
                    format!(
                        "The approval is not valid for this call of `{tool}`: it belongs to another caller, other arguments, other content of the file or an earlier run of the server."
                    ),
                )
            })?;
        let Some(redeemed) = opened else {
            return Err(Refusal::new(
                Code::ApprovalExpired,
                format!("The answer for `{tool}` came too late."),
            ));
        };
        let now = self.clock.elapsed();
        state.redeemed.retain(|_, until| *until > now);
        let until = now + redeemed.left;
        match state.redeemed.insert(redeemed.name.clone(), until) {
            Some(_) => Err(used_before(tool)),
            None => Ok(redeemed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, ApprovalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reply {
    /// Refuses a call that the person has not approved. What was answered too fast was not
    /// answered by a person.
    pub(super) fn check(self, tool: &str, too_fast: bool) -> Result<(), Refusal> {
        match self {
            Self::Yes | Self::No if too_fast => Err(Refusal::new(
                Code::TooFast,
                format!(
                    "The answer for `{tool}` came faster than a person reads; nothing was sent."
                ),
            )),
            Self::Yes => Ok(()),
            Self::No => Err(Refusal::new(
                Code::Declined,
                format!("The person declined `{tool}`; nothing was sent."),
            )),
            Self::Dismissed => Err(Refusal::new(
                Code::Dismissed,
                format!(
                    "The question about `{tool}` was dismissed without an answer; nothing was sent."
                ),
            )),
            Self::Unreadable => Err(Refusal::new(
                Code::AnswerUnreadable,
                format!("The answer for `{tool}` contains no explicit yes; nothing was sent."),
            )),
        }
    }
}

/// Counts a question over all servers that share the ledger, exactly.
async fn count_shared(
    confirmation: &Confirmation,
    caller: &Caller,
    ledger: &Ledger,
) -> Result<(), Refusal> {
    let window = confirmation.prompt_window;
    let count = Count {
        counter: PROMPTS_COUNTER.to_owned(),
        key: ledger_key(Scope::Grant, &caller.grant),
        amount: 1,
        max: confirmation.prompt_max.get(),
        window,
        longest_window: window,
    };
    let request = Request {
        counts: vec![count],
        ..Request::default()
    };
    let admission = ledger.admit(request).await;
    match admission.map_err(|error| Refusal::ledger_unavailable(&error))? {
        Admission::Counted(_) => Ok(()),
        Admission::Refused(Rejection::Full(FullLimit { wait, .. })) => {
            let wait = wait.unwrap_or(window);
            Err(Refusal::prompts(&confirmation.prompt_rule, wait))
        }
        Admission::Refused(_) => Err(Refusal::prompts(&confirmation.prompt_rule, window)),
    }
}

fn used_before(tool: &str) -> Refusal {
    Refusal::new(
        Code::ApprovalUsed,
        format!("The approval for `{tool}` was used before; an approval is for one call."),
    )
}

fn prompt_limit(confirmation: &Confirmation, clock: &Clock) -> RateLimiter {
    let (max, window) = (confirmation.prompt_max, confirmation.prompt_window);
    RateLimiter::new(max, max, window, clock)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::op;

    fn approvals() -> (Approvals, Ledger, crate::clock::ManualClock) {
        let (clock, hand) = Clock::manual();
        let policy = "version = \"1\"\n[confirmation]\nenabled = true\nexpires = \"2m\"\n\
                      prompts = { max = 2, window = \"minute\" }\n";
        let policy = Policy::from_toml(crate::backend::specs(), "policy.toml", policy).unwrap();
        let approvals = Approvals::new(clock.clone(), &policy).unwrap();
        (approvals, Ledger::in_memory(clock), hand)
    }

    fn leave(group: &str) -> Facts {
        op::call("leave_group", json!({ "group": group })).unwrap()
    }

    fn caller(grant: &str) -> Caller {
        Caller {
            grant: grant.to_owned(),
            session: String::new(),
            can_ask: true,
        }
    }

    #[tokio::test]
    async fn a_ticket_is_for_one_call_of_one_caller_once() {
        let (approvals, ledger, hand) = approvals();
        let (one, other) = (leave("12345678@g.us"), leave("87654321@g.us"));
        let issue = async || {
            let name = approvals.issue(&caller("local"), &ledger).await.unwrap();
            approvals.seal(&name, SwitchEpoch::default(), &one, &caller("local"))
        };
        let ticket = issue().await;
        let code = async |ticket: &str, facts: &Facts, grant: &str| {
            let caller = caller(grant);
            let redeemed = approvals.redeem(ticket, facts, &caller, &ledger).await;
            redeemed.err().map(|refusal| refusal.code)
        };
        assert_eq!(
            code("x.y", &one, "local").await,
            Some(Code::ApprovalInvalid)
        );
        assert_eq!(
            code(&ticket, &other, "local").await,
            Some(Code::ApprovalInvalid)
        );
        assert_eq!(
            code(&ticket, &one, "other").await,
            Some(Code::ApprovalInvalid)
        );
        assert_eq!(code(&ticket, &one, "local").await, None);
        assert_eq!(code(&ticket, &one, "local").await, Some(Code::ApprovalUsed));
        let late = issue().await;
        hand.advance(Duration::from_secs(120));
        assert_eq!(
            code(&late, &one, "local").await,
            Some(Code::ApprovalExpired)
        );
    }

    #[tokio::test]
    async fn questions_are_limited() {
        let (approvals, ledger, hand) = approvals();
        let issue = async || approvals.issue(&caller("local"), &ledger).await;
        assert!(issue().await.is_ok() && issue().await.is_ok());
        assert_eq!(issue().await.unwrap_err().code, Code::PromptsExhausted);
        hand.advance(Duration::from_secs(30));
        assert!(issue().await.is_ok());
    }
}
