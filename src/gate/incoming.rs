//! When others wrote last in chats: looked up for each call, by one look-up for all calls that
//! wait for it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::flight::Flight;
use crate::{
    op::{ChatId, Facts, Identities, LastIncoming},
    policy::{MAX_CLOCK_SKEW, Policy},
    toolset::IncomingRequest,
};

/// How long what was looked up waits for the call that it was looked up for.
const MAX_AGE: Duration = Duration::from_secs(60);

/// What was looked up, and when.
#[derive(Default)]
pub(super) struct IncomingCache(HashMap<ChatId, ChatHistory>);

#[derive(Default)]
struct ChatHistory {
    pending: Option<Pending>,
    landed: Option<Landed>,
}

/// A look-up under way.
struct Pending {
    flight: u64,
    ended: CancellationToken,
    begun: Instant,
}

/// What a look-up has shown.
struct Landed {
    at: Instant,
    /// `None` if the history could not be read.
    newest: Option<Option<Timestamp>>,
}

/// What has to be done to know a history.
pub(super) enum IncomingNeed {
    Nothing,
    Wait(CancellationToken),
    LookUp,
}

impl IncomingCache {
    /// What a call has to do that was prepared at `since`: what was looked up before is not
    /// used for it.
    pub(super) fn need(&self, chat: &ChatId, since: Instant) -> IncomingNeed {
        let Some(known) = self.0.get(chat) else {
            return IncomingNeed::LookUp;
        };
        match (&known.landed, &known.pending) {
            (Some(landed), _) if landed.at > since => IncomingNeed::Nothing,
            (_, Some(pending)) if !pending.ended.is_cancelled() => {
                IncomingNeed::Wait(pending.ended.clone())
            }
            _ => IncomingNeed::LookUp,
        }
    }

    /// What was looked up since then for the chats of a call, by the ids that decisions use.
    pub(super) fn of(&self, facts: &Facts, since: Instant, known: &Identities) -> LastIncoming {
        let mut found = LastIncoming::default();
        for chat in facts.targets.chats() {
            let landed = self.0.get(chat).and_then(|known| known.landed.as_ref());
            let landed = landed.filter(|landed| landed.at > since);
            if let Some(newest) = landed.and_then(|landed| landed.newest) {
                found.insert(known.of(chat).into_owned(), newest);
            }
        }
        found
    }

    /// Marks what a flight looks up.
    pub(super) fn mark(&mut self, flight: &Flight, ended: &CancellationToken) {
        self.0.retain(|_, known| known.is_of_use());
        for request in &flight.request().incoming {
            let known = self.0.entry(request.chat.clone()).or_default();
            known.pending = Some(Pending {
                flight: flight.id(),
                ended: ended.clone(),
                begun: Instant::now(),
            });
        }
    }

    /// Takes over what was found.
    pub(super) fn apply(&mut self, found: Vec<(ChatId, Option<Timestamp>)>) {
        for (chat, newest) in found {
            self.0.entry(chat).or_default().landed = Some(Landed {
                at: Instant::now(),
                newest: Some(newest),
            });
        }
    }

    /// Takes over the end of a flight: what it tried and did not find is not known.
    pub(super) fn land(&mut self, flight: &Flight, tried: &[IncomingRequest]) {
        for request in &flight.request().incoming {
            let Some(known) = self.0.get_mut(&request.chat) else {
                continue;
            };
            let Some(pending) = known.pending.take_if(|one| one.flight == flight.id()) else {
                continue;
            };
            let landed = known.landed.as_ref();
            let is_found = landed.is_some_and(|landed| landed.at >= pending.begun);
            if !is_found && tried.contains(request) {
                known.landed = Some(Landed {
                    at: Instant::now(),
                    newest: None,
                });
            }
        }
    }
}

impl ChatHistory {
    fn is_of_use(&self) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| !pending.ended.is_cancelled())
            || self
                .landed
                .as_ref()
                .is_some_and(|landed| landed.at.elapsed() < MAX_AGE)
    }
}

/// The chats of a call that have to have written to this account, by the ids of its arguments.
pub(super) fn answered_chats<'a>(
    policy: &Policy,
    facts: &'a Facts,
    grant: &str,
) -> impl Iterator<Item = &'a ChatId> {
    let asks = policy.asks_who_wrote(grant);
    let chats = facts.targets.roles().filter(move |_| asks);
    chats
        .filter(|(_, role)| role.is_reached())
        .map(|(chat, _)| chat)
}

/// The look-up of a chat's history.
pub(super) fn request(chat: &ChatId, now: Timestamp) -> IncomingRequest {
    IncomingRequest {
        chat: chat.clone(),
        until: now.saturating_add(MAX_CLOCK_SKEW).unwrap_or(now),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{op, toolset::LookupRequest};

    #[test]
    fn what_was_looked_up_before_a_call_is_not_used_for_it() {
        let facts = op::call(
            "send_message",
            json!({ "chat": "15552223333@c.us", "text": "hi" }),
        );
        let facts = facts.unwrap();
        let chat = ChatId::parse("15552223333@c.us").unwrap();
        let mut cache = IncomingCache::default();
        let needs = |cache: &IncomingCache, since| match cache.need(&chat, since) {
            IncomingNeed::Nothing => "nothing",
            IncomingNeed::Wait(_) => "wait",
            IncomingNeed::LookUp => "look up",
        };
        let of = |cache: &IncomingCache, since| {
            cache.of(&facts, since, &Identities::default()).of(&chat)
        };
        let fly = |id| {
            let incoming = vec![request(&chat, Timestamp::UNIX_EPOCH)];
            let request = LookupRequest {
                incoming,
                ..LookupRequest::default()
            };
            Flight::new(id, request)
        };
        let first = Instant::now();
        assert_eq!(needs(&cache, first), "look up");
        let (flight, ended) = fly(1);
        cache.mark(&flight, &ended);
        assert_eq!(needs(&cache, first), "wait");
        let at = Timestamp::UNIX_EPOCH;
        cache.apply(vec![(chat.clone(), Some(at))]);
        cache.land(&flight, &flight.request().incoming.clone());
        assert_eq!(needs(&cache, first), "nothing");
        assert_eq!(of(&cache, first), op::Incoming::At(at));
        let second = Instant::now();
        assert_eq!(needs(&cache, second), "look up");
        assert_eq!(of(&cache, second), op::Incoming::Unknown);
        // It fails, so that nothing is known for the second call.
        let (flight, ended) = fly(2);
        cache.mark(&flight, &ended);
        cache.land(&flight, &flight.request().incoming.clone());
        assert_eq!(needs(&cache, second), "nothing");
        assert_eq!(of(&cache, second), op::Incoming::Unknown);
        // It breaks off, and another call looks it up.
        let third = Instant::now();
        let (flight, ended) = fly(3);
        cache.mark(&flight, &ended);
        cache.land(&flight, &[]);
        assert_eq!(needs(&cache, third), "look up");
    }
}
