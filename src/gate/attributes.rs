//! What was looked up for decisions: who hidden identities are, and what groups are called.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    Caller, Refusal,
    flight::{Flight, Freshness, LOOKUP_INTERVAL},
    health::signals_danger,
    incoming::{self, IncomingCache, IncomingNeed, answered_chats},
};
use crate::{
    op::{ChatId, Facts, GroupId, Identities, LastIncoming, PersonId, TargetRole},
    policy::{GroupNames, Policy},
    toolset::{HistoryPart, HistoryRequest, IncomingRequest, LookupRequest},
};

/// The most hidden identities that are looked up at once.
const MAX_PEOPLE_PER_LOOKUP: usize = 32;

/// How long the names of groups are used before they are looked up again: their members can
/// change them, and this account may have joined others.
const MAX_NAMES_AGE: Duration = Duration::from_secs(10 * 60);

/// The most hidden identities that are remembered, and the most that were not found.
const MAX_IDENTITIES: usize = 4096;

/// What was looked up, and when.
#[derive(Default)]
pub(super) struct AttributeCache(Mutex<Attributes>);

struct Attributes {
    identities: Arc<Identities>,
    groups: Arc<GroupNames>,
    /// Of hidden identities that are not among `identities`.
    people: HashMap<PersonId, Freshness>,
    group_names: Freshness,
    /// Of the ledger's list of people that the account has written to.
    history: Freshness,
    /// What was read of that list so far, with the position of the rest.
    history_read: HistoryPart,
    account_state: Freshness,
    /// When others wrote last.
    incoming: IncomingCache,
    flights: u64,
}

/// A call that look-ups are made for.
#[derive(Clone, Copy)]
pub(super) struct LookupCall<'a> {
    pub(super) policy: &'a Policy,
    pub(super) facts: &'a Facts,
    pub(super) caller: &'a Caller,
    pub(super) recipients: KnownRecipients,
    /// When it was prepared.
    pub(super) prepared_at: Instant,
    /// How long the clock has run.
    pub(super) now: Duration,
    /// The time of day.
    pub(super) wall: Timestamp,
}

/// What the ledger knows of the recipients of a call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownRecipients {
    /// Whether the account has written to all of them.
    pub(super) all: bool,
    /// Whether the list of chats from before there was a ledger is complete.
    pub(super) seeded: bool,
}

/// What a call depends on and is not known.
#[derive(Default)]
pub(super) struct Wanted {
    /// What nobody looks up yet.
    pub(super) request: LookupRequest,
    /// Whether the list of existing chats is among it, or is being read.
    pub(super) lacks_history: bool,
    /// Whether the names of groups are among it, or are being looked up.
    pub(super) lacks_names: bool,
    /// Hidden identities of the policy that were not found before.
    optional: Vec<PersonId>,
    /// The ends of the look-ups of others that the call waits for.
    awaited: Vec<CancellationToken>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            identities: Arc::default(),
            groups: Arc::new(GroupNames::unknown()),
            people: HashMap::new(),
            group_names: Freshness::Never,
            history: Freshness::Never,
            history_read: HistoryPart::default(),
            account_state: Freshness::Never,
            incoming: IncomingCache::default(),
            flights: 0,
        }
    }
}

impl Wanted {
    /// Notes what is known of an attribute; whether it has to be looked up, as what is
    /// older than this is not used.
    fn note(&mut self, known: &Freshness, now: Duration, max_age: Duration) -> bool {
        self.awaited.extend(known.pending().cloned());
        known.is_due(now, max_age)
    }
}

impl AttributeCache {
    /// Hidden identities with the people behind them.
    pub(super) fn identities(&self) -> Arc<Identities> {
        self.lock().identities.clone()
    }

    /// What groups are called.
    pub(super) fn groups(&self) -> Arc<GroupNames> {
        self.lock().groups.clone()
    }

    /// What has to be looked up before a call can be decided; `None` if nothing has to be
    /// looked up or waited for.
    pub(super) fn due(&self, call: LookupCall<'_>) -> Option<Wanted> {
        let wanted = self.lock().wanted(call);
        let nothing =
            wanted.request.is_empty() && wanted.optional.is_empty() && wanted.awaited.is_empty();
        (!nothing).then_some(wanted)
    }

    /// Begins to look up what nobody looks up yet; and what ends when all that the call
    /// needs was looked up. `reserve` counts the look-ups, or refuses them.
    pub(super) fn begin(
        &self,
        call: LookupCall<'_>,
        reserve: impl Fn(u32) -> Result<(), Refusal>,
    ) -> Result<(Option<Flight>, Vec<CancellationToken>), Refusal> {
        let mut known = self.lock();
        let Wanted {
            mut request,
            optional,
            mut awaited,
            ..
        } = known.wanted(call);
        let required = cost(&request);
        let with_optional = required + u32::try_from(optional.len()).unwrap_or(u32::MAX);
        if with_optional > required && reserve(with_optional).is_ok() {
            request.people.extend(optional);
        } else {
            reserve(required)?;
        }
        if request.is_empty() {
            return Ok((None, awaited));
        }
        known.flights += 1;
        let (flight, ended) = Flight::new(known.flights, request);
        known.mark(&flight, &ended);
        awaited.push(ended);
        Ok((Some(flight), awaited))
    }

    /// Takes over the end of a flight: what it tried and did not find is not looked up again
    /// for a while.
    pub(super) fn land(&self, flight: &Flight, tried: &LookupRequest, now: Duration) {
        let mut known = self.lock();
        let known = &mut *known;
        let end = |tried: bool| match tried {
            true => Freshness::At(now),
            false => Freshness::Never,
        };
        // Where the first one took all the time, the others would take it too.
        let is_stuck = match tried.people.as_slice() {
            [only] => known.identities.get(only).is_none(),
            _ => false,
        };
        for person in &flight.request().people {
            if let Some(freshness) = known.people.get_mut(person) {
                let tried = is_stuck || tried.people.contains(person);
                freshness.land(flight, end(tried));
            }
        }
        if known.group_names.land(flight, end(tried.groups)) && tried.groups {
            // The older names may be wrong by now.
            known.groups = Arc::new(known.groups.without_names());
        }
        known.history.land(flight, end(tried.history.is_some()));
        known.account_state.land(flight, end(tried.state));
        known.incoming.land(flight, &tried.incoming);
        let identities = &known.identities;
        known
            .people
            .retain(|person, known| identities.get(person).is_none() && !known.is_new());
    }

    /// Records that the ledger knows the chats there are now.
    pub(super) fn history_is_known(&self, now: Duration) {
        self.lock().history = Freshness::At(now);
    }

    /// Adds a part of the list of existing chats; returns the list once it is complete.
    pub(super) fn add_history(&self, part: HistoryPart) -> Option<Vec<ChatId>> {
        let mut known = self.lock();
        known.history_read.chats.extend(part.chats);
        known.history_read.next = part.next;
        if part.next.is_some() {
            // The rest is due at once.
            known.history = Freshness::Never;
            return None;
        }
        Some(std::mem::take(&mut known.history_read.chats))
    }

    /// Takes over what was found out.
    pub(super) fn apply(
        &self,
        identities: Identities,
        groups: Option<Vec<(String, GroupId)>>,
        now: Duration,
    ) {
        let mut known = self.lock();
        Arc::make_mut(&mut known.identities).extend(identities, MAX_IDENTITIES);
        if let Some(groups) = groups {
            let mut names = GroupNames::unknown();
            for (name, group) in groups {
                names.learn(&name, group);
            }
            known.groups = Arc::new(names);
            known.group_names = Freshness::At(now);
        }
        let identities = known.identities.clone();
        Arc::make_mut(&mut known.groups).identify(&identities);
    }

    /// Takes over when others wrote last in these chats.
    pub(super) fn apply_incoming(&self, found: Vec<(ChatId, Option<Timestamp>)>) {
        self.lock().incoming.apply(found);
    }

    /// When others wrote last in the chats of a call, as far as it was looked up since the
    /// call was prepared.
    pub(super) fn incoming(&self, facts: &Facts, prepared_at: Instant) -> LastIncoming {
        let known = self.lock();
        known.incoming.of(facts, prepared_at, &known.identities)
    }

    fn lock(&self) -> MutexGuard<'_, Attributes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attributes {
    /// What a call depends on and is not known.
    fn wanted(&self, call: LookupCall<'_>) -> Wanted {
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
        let of_policy = of_policy
            .into_iter()
            .flatten()
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
        let names_groups = concerns_chats && policy.group_names().next().is_some();
        let asks_who_is_new = !recipients.all
            && facts.targets.of(TargetRole::Recipient).next().is_some()
            && policy.asks_who_is_new(&caller.grant);
        let history = match recipients.seeded {
            true => HistoryRequest::Newest,
            false => HistoryRequest::From(self.history_read.next.unwrap_or(0)),
        };
        let lacks_names = self.groups.is_empty()
            || facts
                .targets
                .chats()
                .any(|chat| matches!(chat, ChatId::Group(group) if !self.groups.knows(group)));
        let names_age = match lacks_names {
            true => LOOKUP_INTERVAL,
            false => MAX_NAMES_AGE,
        };
        let asks_state = !policy.health.is_empty() && signals_danger(facts);
        wanted.request = LookupRequest {
            people,
            groups: names_groups && wanted.note(&self.group_names, now, names_age),
            history: (asks_who_is_new && wanted.note(&self.history, now, LOOKUP_INTERVAL))
                .then_some(history),
            state: asks_state && wanted.note(&self.account_state, now, LOOKUP_INTERVAL),
            incoming: self.wanted_incoming(call, &mut wanted),
        };
        let reads_history = self.history.pending().is_some() || wanted.request.history.is_some();
        wanted.lacks_history = asks_who_is_new && reads_history;
        let looks_up_names = self.group_names.pending().is_some() || wanted.request.groups;
        wanted.lacks_names = names_groups && looks_up_names;
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

    /// Marks what a flight looks up.
    fn mark(&mut self, flight: &Flight, ended: &CancellationToken) {
        let pending = || Freshness::Pending(flight.id(), ended.clone());
        let request = flight.request();
        if self.people.len() + request.people.len() > MAX_IDENTITIES {
            self.people.retain(|_, known| known.pending().is_some());
        }
        for person in &request.people {
            self.people.insert(person.clone(), pending());
        }
        let others = [
            (request.groups, &mut self.group_names),
            (request.history.is_some(), &mut self.history),
            (request.state, &mut self.account_state),
        ];
        for (_, known) in others.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            *known = pending();
        }
        self.incoming.mark(flight, ended);
    }
}

/// How many look-ups a request is.
fn cost(request: &LookupRequest) -> u32 {
    let others = [request.groups, request.history.is_some(), request.state];
    let others = others.into_iter().filter(|is_wanted| *is_wanted).count();
    let many = request.people.len() + request.incoming.len();
    u32::try_from(many + others).unwrap_or(u32::MAX)
}

/// Whether it matters to a call who people are and what groups are called.
fn concerns_chats(facts: &Facts) -> bool {
    facts.targets.chats().next().is_some() || facts.reads > 0
}

#[cfg(test)]
mod tests;
