//! Duplicate suppression: while a call is in flight an equal one is refused, and for a short
//! time afterwards it is answered with the first one's outcome.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Caller, Refusal, Verdict, call_claim::CallClaim};
use crate::{
    clock::Clock,
    op::{BackendError, ChangeEffect, Digest, Facts, GUARD},
    policy::Code,
    toolset::Answer,
};

/// How long after the end of a call an equal one counts as its duplicate.
pub(super) const DEDUP_WINDOW: Duration = Duration::from_secs(30);

/// The most calls that are remembered. More are refused for the moment, since a forgotten
/// one could be sent twice.
const MAX_SLOTS: usize = 4096;

pub(super) type CallResult = Result<Answer, BackendError>;

/// The calls in flight and those that ended within the last [`DEDUP_WINDOW`], by caller
/// and content.
pub(super) struct Dedup {
    clock: Clock,
    slots: Mutex<HashMap<DedupKey, Slot>>,
}

/// Who sends what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct DedupKey {
    grant: String,
    content: Digest,
}

enum Slot {
    /// Taken until the call ends, however long that takes.
    InFlight,
    /// The call's outcome, which is given again until this time.
    Ended {
        until: Duration,
        outcome: Box<CallResult>,
    },
}

/// The slot of a call that is about to be sent. While it exists, no equal call gets one.
/// Dropping it frees the slot: nothing was sent.
pub(super) struct DedupSlot {
    dedup: Arc<Dedup>,
    /// `None` if equal calls do no harm, or another call holds the slot.
    key: Option<DedupKey>,
    /// The outcome of an earlier equal call, which stays if this one changes nothing.
    earlier: Option<Slot>,
    /// The same slot at the other servers that share the ledger.
    claim: Option<Arc<CallClaim>>,
}

impl DedupKey {
    /// `None` where equal calls do no harm.
    fn of(facts: &Facts, caller: &Caller) -> Option<Self> {
        facts.content.map(|content| Self {
            grant: caller.grant.clone(),
            content,
        })
    }
}

impl Dedup {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            slots: Mutex::default(),
        })
    }

    /// Stops a call while an equal one is in flight, and gives the outcome of one that
    /// ended within the last [`DEDUP_WINDOW`] again.
    pub(super) fn check(&self, facts: &Facts, caller: &Caller) -> Result<(), Verdict> {
        match DedupKey::of(facts, caller) {
            Some(key) => self.checked(&mut self.lock(), &key, facts.repeats),
            None => Ok(()),
        }
    }

    /// Like [`check`](Self::check), and takes the slot of a call that was not made before.
    pub(super) fn begin(
        self: &Arc<Self>,
        facts: &Facts,
        caller: &Caller,
    ) -> Result<DedupSlot, Verdict> {
        let mut slot = DedupSlot {
            dedup: self.clone(),
            key: None,
            earlier: None,
            claim: None,
        };
        let Some(key) = DedupKey::of(facts, caller) else {
            return Ok(slot);
        };
        let mut slots = self.lock();
        self.checked(&mut slots, &key, facts.repeats)?;
        // A call that repeats one in flight leaves the slot to that one.
        if !matches!(slots.get(&key), Some(Slot::InFlight)) {
            slot.earlier = slots.insert(key.clone(), Slot::InFlight);
            slot.key = Some(key);
        }
        Ok(slot)
    }

    fn checked(
        &self,
        slots: &mut HashMap<DedupKey, Slot>,
        key: &DedupKey,
        repeats: bool,
    ) -> Result<(), Verdict> {
        let now = self.clock.elapsed();
        slots.retain(|_, slot| !matches!(slot, Slot::Ended { until, .. } if *until <= now));
        let (code, reason) = match slots.get(key) {
            Some(_) if repeats => return Ok(()),
            Some(Slot::Ended { outcome, .. }) => return Err(Verdict::Replay(outcome.clone())),
            Some(Slot::InFlight) => (Code::UnderWay, "An equal call is under way at this moment."),
            None if slots.len() >= MAX_SLOTS => (
                Code::Busy,
                "Too many changes were made within the last 30 seconds.",
            ),
            None => return Ok(()),
        };
        Err(Refusal::new(code, reason).into())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DedupKey, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DedupSlot {
    /// The same slot, held at the other servers too.
    pub(super) fn claiming(self, claim: Option<Arc<CallClaim>>) -> Self {
        let mut slot = self;
        slot.claim = claim;
        slot
    }

    /// The slot at the other servers.
    pub(super) fn claim(&self) -> Option<Arc<CallClaim>> {
        self.claim.clone()
    }

    /// Records the outcome of the call for equal calls at this server. Only a call that
    /// certainly changed nothing may be tried again, once its slot is dropped.
    pub(super) fn complete(&mut self, outcome: &CallResult) {
        if !may_be_repeated(outcome)
            && let Some(key) = self.key.take()
        {
            let ended = Slot::Ended {
                until: self.dedup.clock.elapsed() + DEDUP_WINDOW,
                outcome: Box::new(outcome.clone()),
            };
            self.dedup.lock().insert(key, ended);
        }
    }

    /// Tells the other servers the outcome of the call. A call that may be tried again is
    /// so at this server only afterwards.
    pub(super) async fn settle(self, outcome: &CallResult) {
        if let Some(claim) = &self.claim {
            let outcome = (!may_be_repeated(outcome)).then_some(outcome);
            claim.settle(outcome).await;
        }
    }

    /// Records that nobody knows whether the call was sent. At the other servers its claim
    /// lapses.
    pub(super) fn abandon(mut self) {
        self.complete(&Err(BackendError::OutcomeUnknown {
            api: GUARD,
            why: "the call was abandoned before an answer came".to_owned(),
        }));
    }
}

/// Whether a call with this outcome may be made again at once: it certainly changed nothing.
fn may_be_repeated(outcome: &CallResult) -> bool {
    let effect = outcome.as_ref().err().map(BackendError::effect);
    matches!(effect, Some(ChangeEffect::Unsent | ChangeEffect::Refused))
}

impl Drop for DedupSlot {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        let mut slots = self.dedup.lock();
        match self.earlier.take() {
            Some(earlier) => slots.insert(key, earlier),
            None => slots.remove(&key),
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::op;

    fn message() -> Facts {
        let arguments = json!({ "chat": "15552223333@c.us", "text": "hi" });
        op::call("send_message", arguments).unwrap()
    }

    fn caller(number: usize) -> Caller {
        Caller {
            grant: number.to_string(),
            session: String::new(),
            can_ask: false,
        }
    }

    fn begin(dedup: &Arc<Dedup>, number: usize) -> DedupSlot {
        dedup.begin(&message(), &caller(number)).unwrap()
    }

    fn code(dedup: &Dedup, number: usize) -> Option<Code> {
        match dedup.check(&message(), &caller(number)) {
            Ok(()) => None,
            Err(Verdict::Deny(refusal)) => Some(refusal.code),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_slot_is_forgotten_to_make_room() {
        let (clock, hand) = Clock::manual();
        let dedup = Dedup::new(clock);
        let mut slots: Vec<_> = (1..MAX_SLOTS).map(|number| begin(&dedup, number)).collect();
        assert_eq!(code(&dedup, 0), None);
        slots.push(begin(&dedup, 0));
        assert_eq!(code(&dedup, MAX_SLOTS), Some(Code::Busy));
        hand.advance(DEDUP_WINDOW);
        assert_eq!(code(&dedup, MAX_SLOTS), Some(Code::Busy));
        assert_eq!(code(&dedup, 1), Some(Code::UnderWay));
        slots.pop().unwrap().abandon();
        assert_eq!(code(&dedup, MAX_SLOTS), Some(Code::Busy));
        hand.advance(DEDUP_WINDOW);
        assert_eq!(code(&dedup, MAX_SLOTS), None);
    }

    #[test]
    fn a_call_that_repeats_is_one_that_others_equal() {
        let dedup = Dedup::new(Clock::real());
        let repeating = Facts {
            repeats: true,
            ..message()
        };
        let unknown = Err(BackendError::OutcomeUnknown {
            api: "WAHA",
            why: String::new(),
        });
        let mut first = dedup.begin(&repeating, &caller(1)).unwrap();
        assert_eq!(code(&dedup, 1), Some(Code::UnderWay));
        let beside = dedup.begin(&repeating, &caller(1)).unwrap();
        drop(beside);
        assert_eq!(code(&dedup, 1), Some(Code::UnderWay), "the first one runs");
        first.complete(&unknown);
        drop(first);
        let replays = |dedup: &Dedup| {
            let checked = dedup.check(&message(), &caller(1));
            matches!(checked, Err(Verdict::Replay(_)))
        };
        assert!(replays(&dedup));
        // One that changes nothing leaves what is known of the one before.
        drop(dedup.begin(&repeating, &caller(1)).unwrap());
        assert!(replays(&dedup));
    }

    #[test]
    fn a_slot_in_flight_ends_with_its_call_and_not_by_time() {
        let (clock, hand) = Clock::manual();
        let dedup = Dedup::new(clock);
        let mut first = begin(&dedup, 1);
        hand.advance(100 * DEDUP_WINDOW);
        assert_eq!(code(&dedup, 1), Some(Code::UnderWay));
        first.complete(&Err(BackendError::Cancelled));
        drop(first);
        let second = begin(&dedup, 1);
        assert_eq!(code(&dedup, 1), Some(Code::UnderWay));
        drop(second);
        assert_eq!(code(&dedup, 1), None);
    }

    #[test]
    fn what_was_not_sent_may_be_tried_again() {
        let (clock, _hand) = Clock::manual();
        let dedup = Dedup::new(clock);
        drop(begin(&dedup, 1));
        begin(&dedup, 1).complete(&Err(BackendError::Cancelled));
        assert_eq!(code(&dedup, 1), None);
    }

    #[test]
    fn an_abandoned_call_is_answered_with_an_unknown_outcome() {
        let (clock, hand) = Clock::manual();
        let dedup = Dedup::new(clock);
        begin(&dedup, 1).abandon();
        let Err(Verdict::Replay(outcome)) = dedup.check(&message(), &caller(1)) else {
            panic!("it would be sent again");
        };
        assert!(matches!(*outcome, Err(BackendError::OutcomeUnknown { .. })));
        hand.advance(DEDUP_WINDOW);
        assert_eq!(code(&dedup, 1), None);
    }
}
