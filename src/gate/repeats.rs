//! The same content to the same chat just now: answered again, not sent again.

use std::{collections::HashMap, time::Duration};

use super::{Caller, Refusal, State, Verdict};
use crate::{
    clock::Clock,
    op::{BackendError, Digest, Facts},
    policy::Code,
    toolset::Answer,
};

/// How long a call is taken for a slip of the one before.
const SOON: Duration = Duration::from_secs(30);

/// Calls that are remembered at most; beyond that nothing more is let through for
/// the moment, since forgetting one could send it twice.
const MANY: usize = 4096;

/// What was sent just now, by caller and digest.
pub(super) struct Repeats {
    clock: Clock,
    known: HashMap<Key, Known>,
}

/// Who sent what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    grant: String,
    content: Digest,
}

struct Known {
    until: Duration,
    /// `None` while it is under way.
    outcome: Option<Result<Answer, BackendError>>,
}

impl Key {
    /// The key of a call that is to happen once.
    pub(super) fn of(facts: &Facts, caller: &Caller) -> Option<Self> {
        facts.content.map(|content| Self {
            grant: caller.grant.clone(),
            content,
        })
    }
}

impl State {
    /// What is to be said of a call that was made just now.
    pub(super) fn repeated(&mut self, key: &Key) -> Option<Verdict> {
        match self.repeats.look(key) {
            Ok(outcome) => outcome.map(|outcome| Verdict::Again(Box::new(outcome))),
            Err(refusal) => Some(refusal.into()),
        }
    }
}

impl Repeats {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            known: HashMap::new(),
        }
    }

    /// What the same call came to just now.
    pub(super) fn look(
        &mut self,
        key: &Key,
    ) -> Result<Option<Result<Answer, BackendError>>, Refusal> {
        let now = self.clock.elapsed();
        self.known.retain(|_, known| known.until > now);
        match self.known.get(key).map(|known| &known.outcome) {
            Some(Some(outcome)) => Ok(Some(outcome.clone())),
            Some(None) => Err(Refusal::new(
                Code::UnderWay,
                "the same content is on its way to the same chat at this moment",
            )),
            None if self.known.len() >= MANY => Err(Refusal::new(
                Code::Busy,
                "too many messages were sent just now",
            )),
            None => Ok(None),
        }
    }

    /// The call goes out now.
    pub(super) fn begin(&mut self, key: Key) {
        let until = self.clock.elapsed() + SOON;
        self.known.insert(
            key,
            Known {
                until,
                outcome: None,
            },
        );
    }

    /// The call does not go out.
    pub(super) fn forget(&mut self, key: &Key) {
        self.known.remove(key);
    }

    /// What the call came to. Only what was surely not sent may be tried again.
    pub(super) fn settle(&mut self, key: Key, outcome: &Result<Answer, BackendError>) {
        let unsent = matches!(
            outcome,
            Err(BackendError::Unreachable { .. }
                | BackendError::Refused { .. }
                | BackendError::Cancelled)
        );
        if unsent {
            self.known.remove(&key);
        } else {
            let until = self.clock.elapsed() + SOON;
            let outcome = Some(outcome.clone());
            self.known.insert(key, Known { until, outcome });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::op;

    fn key(number: usize) -> Key {
        let arguments = json!({ "chat": "15552223333@c.us", "text": "hi" });
        let facts = op::call("send_message", arguments).unwrap();
        Key {
            grant: number.to_string(),
            content: facts.content.unwrap(),
        }
    }

    #[test]
    fn nothing_is_forgotten_to_make_room() {
        let (clock, hand) = Clock::manual();
        let mut repeats = Repeats::new(clock);
        for number in 1..MANY {
            repeats.begin(key(number));
        }
        assert!(repeats.look(&key(0)).unwrap().is_none());
        repeats.begin(key(0));
        let said = repeats.look(&key(MANY)).unwrap_err();
        assert_eq!(said.code, Code::Busy);
        assert_eq!(repeats.look(&key(1)).unwrap_err().code, Code::UnderWay);
        hand.advance(SOON);
        assert!(repeats.look(&key(MANY)).unwrap().is_none());
    }
}
