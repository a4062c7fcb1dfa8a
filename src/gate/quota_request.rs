//! What a call takes of its limits, and the part of it that the ledger counts: exactly, in
//! windows of an hour and more.

use std::time::{Duration, Instant};

use super::{
    Caller, Refusal, Snapshot,
    call_claim::{CallClaim, claim, duplicate},
    limit_keys::{ledger_key, limit_keys, longest_window},
    pacing::{MAX_DELAY, draw, too_soon},
    quota::{Reservation, Uncounted},
};
use crate::{
    ledger::{Admission, Count, FullLimit, Ledger, Rejection, Request, Turn},
    op::{Facts, TargetRole},
    policy::{Code, Counted, Decision, Limit, PaceRule, Policy},
};

/// What a call takes of its limits.
pub(super) struct QuotaRequest<'a> {
    /// The policy whose limits these are.
    pub(super) policy: &'a Policy,
    pub(super) facts: &'a Facts,
    pub(super) caller: &'a Caller,
    /// How many of the recipients are new.
    pub(super) newcomers: usize,
    /// Positions in the policy's list of limits.
    pub(super) limits: &'a [usize],
    pub(super) paces: &'a [&'a PaceRule],
    /// How long the next call with a pace waits after this one.
    pub(super) delay: Option<Duration>,
    counts: Vec<(&'a Limit, String, u32)>,
    newcomer_counts: Vec<(&'a Limit, String)>,
    people: Vec<String>,
    /// Whether other servers keep the pace of the call too.
    takes_turn: bool,
    /// Whether other servers are asked not to make the same call meanwhile.
    claims: bool,
}

impl<'a> QuotaRequest<'a> {
    /// What a call takes of the limits that the policy's decision names. The ledger gets the
    /// recipients too if a rule of any caller depends on first-time recipients.
    pub(super) fn of(
        policy: &'a Policy,
        decision: &'a Decision<'a>,
        facts: &'a Facts,
        caller: &'a Caller,
        snapshot: &Snapshot,
    ) -> Self {
        let mut request = Self {
            policy,
            facts,
            caller,
            newcomers: snapshot.newcomers.as_ref().map_or(0, Vec::len),
            limits: &decision.limits,
            paces: &decision.paces,
            delay: draw(&decision.paces),
            counts: Vec::new(),
            newcomer_counts: Vec::new(),
            people: Vec::new(),
            takes_turn: snapshot.counts_short_windows && !decision.paces.is_empty(),
            claims: snapshot.counts_short_windows && facts.content.is_some() && !facts.repeats,
        };
        let limits = decision.limits.iter();
        let limits = limits.filter_map(|index| policy.limits.get(*index));
        for limit in limits.filter(|limit| snapshot.counts_short_windows || limit.is_durable()) {
            for key in limit_keys(limit.scope, facts, caller) {
                let key = ledger_key(limit.scope, &key);
                match limit.of {
                    Counted::Calls => request.counts.push((limit, key, 1)),
                    Counted::Messages if facts.reads == 0 => {}
                    Counted::Messages => request.counts.push((limit, key, facts.reads)),
                    Counted::Newcomers => request.newcomer_counts.push((limit, key)),
                }
            }
        }
        if policy.remembers_people() || !request.newcomer_counts.is_empty() {
            let recipients = facts.targets.of(TargetRole::Recipient);
            request.people = recipients.map(|chat| chat.key().into_owned()).collect();
        }
        request
    }

    /// The same call without its limits: only what other servers must not do meanwhile.
    pub(super) fn without_limits(&self) -> Self {
        Self {
            limits: &[],
            paces: &[],
            delay: None,
            takes_turn: false,
            counts: Vec::new(),
            newcomer_counts: Vec::new(),
            people: Vec::new(),
            ..*self
        }
    }

    /// Whether the ledger has something to count, to remember or to claim.
    pub(super) fn uses_ledger(&self) -> bool {
        !self.counts.is_empty() || !self.people.is_empty() || self.takes_turn || self.claims
    }

    /// Stops a call that a limit in the ledger has no room for, or that another server is
    /// making; counts nothing.
    pub(super) async fn probe(
        &self,
        ledger: &Ledger,
        longest_request: Duration,
    ) -> Result<(), Uncounted> {
        let rejection = ledger.probe(self.ledger_request(longest_request)).await;
        match rejection.map_err(|error| Refusal::ledger_unavailable(&error))? {
            None => Ok(()),
            Some(rejection) => Err(self.uncounted(rejection)),
        }
    }

    /// Counts the call in all limits of the ledger and claims its content, or neither.
    pub(super) async fn admit(
        &self,
        ledger: &Ledger,
        longest_request: Duration,
    ) -> Result<Reservation, Uncounted> {
        let began = Instant::now();
        let admission = ledger.admit(self.ledger_request(longest_request)).await;
        match admission.map_err(|error| Refusal::ledger_unavailable(&error))? {
            Admission::Refused(rejection) => Err(self.uncounted(rejection)),
            Admission::Counted(mut receipt) => {
                let claim = receipt.claim.take();
                let claim = claim.map(|held| CallClaim::new(ledger, held, began, longest_request));
                let counts = self.counts.iter().enumerate();
                let messages = counts.filter(|(_, (limit, ..))| limit.of == Counted::Messages);
                let messages = messages.map(|(index, _)| index).collect();
                let ledger = ledger.clone();
                Ok(Reservation::new(ledger, receipt, messages, self.facts.reads).claiming(claim))
            }
        }
    }

    fn ledger_request(&self, longest_request: Duration) -> Request {
        let counts = self.counts.iter();
        let newcomers = self.newcomer_counts.iter();
        Request {
            counts: counts
                .map(|(limit, key, amount)| self.count(limit, key, *amount))
                .collect(),
            people: self.people.clone(),
            newcomers: newcomers
                .map(|(limit, key)| self.count(limit, key, 1))
                .collect(),
            claim: match self.claims {
                true => claim(self.facts, self.caller, longest_request),
                false => None,
            },
            turn: self.delay.filter(|_| self.takes_turn).map(|delay| Turn {
                delay,
                max_wait: MAX_DELAY,
            }),
        }
    }

    fn count(&self, limit: &Limit, key: &str, amount: u32) -> Count {
        Count {
            counter: limit.counter.clone(),
            key: key.to_owned(),
            amount,
            max: limit.max.get(),
            window: limit.window,
            longest_window: longest_window(self.policy, &limit.counter),
        }
    }

    fn uncounted(&self, rejection: Rejection) -> Uncounted {
        match rejection {
            Rejection::Full(full) => self.refusal(&full).into(),
            Rejection::TooSoon(wait) => too_soon(self.paces, wait).into(),
            Rejection::Claimed(state) => Uncounted::Duplicate(duplicate(state)),
        }
    }

    fn refusal(&self, full: &FullLimit) -> Refusal {
        let counts = self.counts.iter().map(|(limit, ..)| *limit);
        let mut all = counts.chain(self.newcomer_counts.iter().map(|(limit, _)| *limit));
        match all.nth(full.index) {
            Some(limit) => Refusal::no_room(self.facts.tool, limit, full.left, full.wait),
            None => Refusal::new(Code::RateLimited, "A limit is reached."),
        }
    }
}
