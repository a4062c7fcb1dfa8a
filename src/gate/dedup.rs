//! Duplicate suppression: the same content to the same chat within a short time is
//! answered again and not sent again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Caller, Refusal, Verdict};
use crate::{
    clock::Clock,
    op::{BackendError, Digest, Facts, GUARD},
    policy::Code,
    toolset::Answer,
};

/// How long a repeated call counts as a duplicate of the first.
const DEDUP_WINDOW: Duration = Duration::from_secs(30);

/// The most calls that are remembered. More are refused for the moment, since a forgotten
/// one could be sent twice.
const MAX_SLOTS: usize = 4096;

type CallResult = Result<Answer, BackendError>;

/// The calls of the last [`DEDUP_WINDOW`], by caller and content.
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

struct Slot {
    until: Duration,
    /// `None` while the call is in flight.
    outcome: Option<CallResult>,
}

/// The slot of a call that is about to be sent. Dropping it frees the slot: nothing was
/// sent.
pub(super) struct DedupSlot {
    dedup: Arc<Dedup>,
    /// `None` for a call that may be repeated.
    key: Option<DedupKey>,
}

impl DedupKey {
    /// `None` for a call that may be repeated.
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

    /// Stops a call that was made within the last [`DEDUP_WINDOW`]: its outcome is given
    /// again, or the call is refused while the first one is in flight.
    pub(super) fn check(&self, facts: &Facts, caller: &Caller) -> Result<(), Verdict> {
        match DedupKey::of(facts, caller) {
            Some(key) => self.checked(&mut self.lock(), &key),
            None => Ok(()),
        }
    }

    /// Like [`check`](Self::check), and takes the slot of a call that was not made before.
    pub(super) fn begin(
        self: &Arc<Self>,
        facts: &Facts,
        caller: &Caller,
    ) -> Result<DedupSlot, Verdict> {
        let key = DedupKey::of(facts, caller);
        if let Some(key) = &key {
            let mut slots = self.lock();
            self.checked(&mut slots, key)?;
            slots.insert(key.clone(), self.slot(None));
        }
        Ok(DedupSlot {
            dedup: self.clone(),
            key,
        })
    }

    fn checked(&self, slots: &mut HashMap<DedupKey, Slot>, key: &DedupKey) -> Result<(), Verdict> {
        let now = self.clock.elapsed();
        slots.retain(|_, slot| slot.until > now);
        let (code, reason) = match slots.get(key).map(|slot| &slot.outcome) {
            Some(Some(outcome)) => return Err(Verdict::Replay(Box::new(outcome.clone()))),
            Some(None) => (
                Code::UnderWay,
                "The same content is being sent to the same chat at this moment.",
            ),
            None if slots.len() >= MAX_SLOTS => (
                Code::Busy,
                "Too many messages were sent within the last 30 seconds.",
            ),
            None => return Ok(()),
        };
        Err(Refusal::new(code, reason).into())
    }

    fn slot(&self, outcome: Option<CallResult>) -> Slot {
        Slot {
            until: self.clock.elapsed() + DEDUP_WINDOW,
            outcome,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DedupKey, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DedupSlot {
    /// Records the outcome of the call. Only a call that was certainly not sent may be
    /// tried again at once.
    pub(super) fn complete(mut self, outcome: &CallResult) {
        let unsent = matches!(
            outcome,
            Err(BackendError::Unreachable { .. }
                | BackendError::Refused { .. }
                | BackendError::Cancelled
                | BackendError::Withdrawn(_))
        );
        if !unsent && let Some(key) = self.key.take() {
            let slot = self.dedup.slot(Some(outcome.clone()));
            self.dedup.lock().insert(key, slot);
        }
    }

    /// Records that nobody knows whether the call was sent.
    pub(super) fn abandon(self) {
        self.complete(&Err(BackendError::OutcomeUnknown {
            api: GUARD,
            why: "the call was abandoned".to_owned(),
        }));
    }
}

impl Drop for DedupSlot {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.dedup.lock().remove(&key);
        }
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
        assert_eq!(code(&dedup, 1), Some(Code::UnderWay));
        hand.advance(DEDUP_WINDOW);
        assert_eq!(code(&dedup, MAX_SLOTS), None);
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
