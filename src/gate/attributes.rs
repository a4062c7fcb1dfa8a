//! What was looked up for decisions: who hidden identities are, and what groups and contacts
//! are called.

mod wanted;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub(super) use wanted::Wanted;

use super::{
    Caller, Refusal,
    flight::{Flight, Freshness},
    incoming::IncomingCache,
};
use crate::{
    op::{ChatId, Facts, GroupId, Identities, LastIncoming, PersonId},
    policy::{KnownNames, NameKind, Policy},
    toolset::{AddressBook, HistoryPart, LookupRequest},
};
use wanted::cost;

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
    groups: Arc<KnownNames>,
    /// Of hidden identities that are not among `identities`.
    people: HashMap<PersonId, Freshness>,
    group_names: Freshness,
    contact_names: Freshness,
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

impl Default for Attributes {
    fn default() -> Self {
        Self {
            identities: Arc::default(),
            groups: Arc::new(KnownNames::unknown()),
            people: HashMap::new(),
            group_names: Freshness::Never,
            contact_names: Freshness::Never,
            history: Freshness::Never,
            history_read: HistoryPart::default(),
            account_state: Freshness::Never,
            incoming: IncomingCache::default(),
            flights: 0,
        }
    }
}

impl AttributeCache {
    /// Hidden identities with the people behind them.
    pub(super) fn identities(&self) -> Arc<Identities> {
        self.lock().identities.clone()
    }

    /// What groups are called.
    pub(super) fn groups(&self) -> Arc<KnownNames> {
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
            known.groups = Arc::new(known.groups.without_names(NameKind::Group));
        }
        if known.contact_names.land(flight, end(tried.contacts)) && tried.contacts {
            known.groups = Arc::new(known.groups.without_names(NameKind::Contact));
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
        contacts: Option<AddressBook>,
        now: Duration,
    ) {
        let mut known = self.lock();
        Arc::make_mut(&mut known.identities).extend(identities, MAX_IDENTITIES);
        if let Some(groups) = groups {
            let mut names = known.groups.without_names(NameKind::Group);
            for (name, group) in groups {
                names.learn(&name, group);
            }
            known.groups = Arc::new(names);
            known.group_names = Freshness::At(now);
        }
        if let Some(book) = contacts {
            let mut names = known.groups.without_names(NameKind::Contact);
            // An address book without anybody was not loaded yet.
            if !book.is_cut && !book.names.is_empty() {
                names.close_contacts();
            }
            for (name, person) in book.names {
                names.learn_contact(&name, person);
            }
            names.list_identities(book.identities);
            known.groups = Arc::new(names);
            known.contact_names = Freshness::At(now);
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
            (request.contacts, &mut self.contact_names),
            (request.history.is_some(), &mut self.history),
            (request.state, &mut self.account_state),
        ];
        for (_, known) in others.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            *known = pending();
        }
        self.incoming.mark(flight, ended);
    }
}

#[cfg(test)]
mod tests;
