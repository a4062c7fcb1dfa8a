//! What a call depends on, and is not known or too old.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Attributes, LookupCall, MAX_NAMES_AGE, MAX_PEOPLE_PER_LOOKUP};
use crate::{
    gate::{
        flight::{Freshness, LOOKUP_INTERVAL},
        health::signals_danger,
        incoming::{self, IncomingNeed, answered_chats},
    },
    op::{ChatId, Facts, PersonId, TargetRole},
    policy::NameKind,
    toolset::{HistoryRequest, IncomingRequest, LookupRequest},
};

/// What a call depends on and is not known.
#[derive(Default)]
pub(in crate::gate) struct Wanted {
    /// What nobody looks up yet.
    pub(in crate::gate) request: LookupRequest,
    /// Whether the list of existing chats is among it, or is being read.
    pub(in crate::gate) lacks_history: bool,
    /// The kinds of names that are among it, or are being looked up.
    pub(in crate::gate) lacks_names: Vec<NameKind>,
    /// Hidden identities of the policy that were not found before.
    pub(super) optional: Vec<PersonId>,
    /// The ends of the look-ups of others that the call waits for.
    pub(super) awaited: Vec<CancellationToken>,
}

impl Wanted {
    /// Notes what is known of an attribute; whether it has to be looked up, as what is
    /// older than this is not used.
    fn note(&mut self, known: &Freshness, now: Duration, max_age: Duration) -> bool {
        self.awaited.extend(known.pending().cloned());
        known.is_due(now, max_age)
    }
}

impl Attributes {
    /// What a call depends on and is not known.
    pub(super) fn wanted(&self, call: LookupCall<'_>) -> Wanted {
        let LookupCall {
            policy,
            facts,
            caller,
            recipients,
            now,
            ..
        } = call;
        let mut wanted = Wanted::default();
        let (mut people, mut optional) = (Vec::new(), Vec::new());
        let concerns_chats = concerns_chats(facts);
        let hidden = facts.targets.hidden().map(|person| (person, true));
        let of_policy = concerns_chats.then(|| policy.hidden_people());
        let of_names = concerns_chats.then(|| policy.names());
        let of_names = of_names.into_iter().flatten();
        let of_names = of_names.flat_map(|(name, _)| self.groups.hidden_people(name));
        let of_names = of_names.filter(|person| self.groups.lacks_person(person));
        let of_policy = of_policy
            .into_iter()
            .flatten()
            .chain(of_names)
            .map(|person| (person, false));
        for (person, is_target) in hidden.chain(of_policy) {
            if self.identities.get(person).is_some() {
                continue;
            }
            let known = self.people.get(person).unwrap_or(&Freshness::Never);
            if !wanted.note(known, now, LOOKUP_INTERVAL) {
                continue;
            }
            let list = match is_target || known.is_new() {
                true => &mut people,
                false => &mut optional,
            };
            if !list.contains(person) && list.len() < MAX_PEOPLE_PER_LOOKUP {
                list.push(person.clone());
            }
        }
        optional.retain(|person| !people.contains(person));
        optional.truncate(MAX_PEOPLE_PER_LOOKUP - people.len());
        let names_groups = concerns_chats && policy.uses_names(NameKind::Group);
        let names_contacts = concerns_chats && policy.uses_names(NameKind::Contact);
        let asks_who_is_new = !recipients.all
            && facts.targets.of(TargetRole::Recipient).next().is_some()
            && policy.asks_who_is_new(&caller.grant);
        let history = match recipients.seeded {
            true => HistoryRequest::Newest,
            false => HistoryRequest::From(self.history_read.next.unwrap_or(0)),
        };
        let is_unlisted =
            |chat: &ChatId| matches!(chat, ChatId::Group(_)) && !self.groups.knows(chat);
        let lacks_group = facts.targets.chats().any(is_unlisted);
        let names_age = |kind| match self.groups.is_empty(kind) {
            false if kind == NameKind::Contact || !lacks_group => MAX_NAMES_AGE,
            _ => LOOKUP_INTERVAL,
        };
        let (groups_age, contacts_age) = (names_age(NameKind::Group), names_age(NameKind::Contact));
        let asks_state = !policy.health.is_empty() && signals_danger(facts);
        wanted.request = LookupRequest {
            people,
            groups: names_groups && wanted.note(&self.group_names, now, groups_age),
            contacts: names_contacts && wanted.note(&self.contact_names, now, contacts_age),
            history: (asks_who_is_new && wanted.note(&self.history, now, LOOKUP_INTERVAL))
                .then_some(history),
            state: asks_state && wanted.note(&self.account_state, now, LOOKUP_INTERVAL),
            incoming: self.wanted_incoming(call, &mut wanted),
        };
        let reads_history = self.history.pending().is_some() || wanted.request.history.is_some();
        wanted.lacks_history = asks_who_is_new && reads_history;
        let looks_up = |known: &Freshness, wanted| known.pending().is_some() || wanted;
        if names_groups && looks_up(&self.group_names, wanted.request.groups) {
            wanted.lacks_names.push(NameKind::Group);
        }
        if names_contacts && looks_up(&self.contact_names, wanted.request.contacts) {
            wanted.lacks_names.push(NameKind::Contact);
        }
        wanted.optional = optional;
        wanted
    }

    /// The histories that nobody looks up for a call yet; notes what it has to wait for.
    fn wanted_incoming(&self, call: LookupCall<'_>, wanted: &mut Wanted) -> Vec<IncomingRequest> {
        let mut requests: Vec<IncomingRequest> = Vec::new();
        for chat in answered_chats(call.policy, call.facts, &call.caller.grant) {
            match self.incoming.need(chat, call.prepared_at) {
                IncomingNeed::Nothing => {}
                IncomingNeed::Wait(ended) => wanted.awaited.push(ended),
                IncomingNeed::LookUp => {
                    let request = incoming::request(chat, call.wall);
                    if !requests.contains(&request) && requests.len() < MAX_PEOPLE_PER_LOOKUP {
                        requests.push(request);
                    }
                }
            }
        }
        requests
    }
}

/// How many look-ups a request is.
pub(super) fn cost(request: &LookupRequest) -> u32 {
    let others = [
        request.groups,
        request.contacts,
        request.history.is_some(),
        request.state,
    ];
    let others = others.into_iter().filter(|is_wanted| *is_wanted).count();
    let many = request.people.len() + request.incoming.len();
    u32::try_from(many + others).unwrap_or(u32::MAX)
}

/// Whether it matters to a call who people are and what groups are called.
fn concerns_chats(facts: &Facts) -> bool {
    facts.targets.chats().next().is_some() || facts.reads > 0
}
