//! A call is let through, and what it came to is noted.

use std::{sync::Arc, time::Duration};

use super::{
    Caller, Ending, Gate, Permitted, Refusal, Verdict, durable::Asked, health::Watched,
    permit::Grounds, repeats, weigh::Weighed,
};
use crate::{
    op::{BackendError, Facts, Risk},
    policy::{Code, Policy},
    toolset::{Answer, Prepared},
};

impl Gate {
    /// Counts the call and lets it through, unless it could not be written down or
    /// a limit is reached.
    pub(super) fn admit(
        &self,
        policy: &Arc<Policy>,
        weighed: &Weighed<'_>,
        call: Prepared,
        caller: &Caller,
        grounds: Grounds,
    ) -> Verdict {
        if let Err(refusal) = self.recordable(&weighed.facts) {
            return refusal.into();
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
                    && policy.passes_in_shadow(&weighed.facts) =>
            {
                (Duration::ZERO, None, Grounds::Shadow(refusal.code))
            }
            Err(refusal) => {
                if let Some(key) = &once {
                    state.repeats.forget(key);
                }
                return refusal.into();
            }
        };
        Self::reads(&mut state, &weighed.facts, caller);
        drop(state);
        Verdict::Go(Box::new(Permitted {
            read_filter: self.read_filter(policy, &weighed.facts, caller),
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
    pub fn ended(&self, ending: Ending, outcome: &Result<Answer, BackendError>) {
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
    pub(super) fn durable<'p>(
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

    /// What changes something has to be written down; reading goes on without.
    pub(super) fn recordable(&self, facts: &Facts) -> Result<(), Refusal> {
        match facts.risk {
            Risk::Read => Ok(()),
            _ => self
                .audit
                .ready()
                .map_err(|error| Refusal::unrecorded(&error)),
        }
    }
}
