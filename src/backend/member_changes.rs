//! A change among a group's members, followed for each person.

use super::members::{Members, Membership};
use crate::op::{
    BackendError, BackendResult, Briefing, ChangeEffect, ChangeResult, GroupId, MemberChanges,
    People, PersonChange, PersonId, Role, Untrusted,
};

/// What is to be done to each person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberChange {
    Add,
    Remove,
    /// Make an administrator.
    Promote,
    /// Make a plain member.
    Demote,
}

/// What an API answered for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PersonResponse {
    Accepted,
    Denied(Untrusted),
    Invited,
    /// The change may have been made; why that is unknown.
    Ambiguous(Untrusted),
}

/// The people of a change: what is known of each beforehand, and the API's response.
pub(super) struct MemberChangeLog {
    pub(super) change: MemberChange,
    pub(super) group: GroupId,
    records: Vec<PersonRecord>,
    /// Why nothing was sent for the people without a response.
    stopped: Option<String>,
}

struct PersonRecord {
    person: PersonId,
    /// Every id under which the person may stand in the list of members.
    ids: Vec<PersonId>,
    /// The result and its reason, where nothing has to be sent.
    settled: Option<(ChangeResult, Option<&'static str>)>,
    response: Option<PersonResponse>,
}

impl From<&BackendError> for PersonResponse {
    /// The response for the person that a failed call was for.
    fn from(error: &BackendError) -> Self {
        match error {
            BackendError::Refused { message, .. } => Self::Denied(message.clone()),
            BackendError::Failed { message, .. } => Self::Ambiguous(message.clone()),
            BackendError::OutcomeUnknown { why, .. } => Self::Ambiguous(Untrusted::new(why)),
            error => Self::Ambiguous(Untrusted::new(&error.to_string())),
        }
    }
}

/// What a person needs to know before people are removed.
pub(super) fn removal(name: Option<Untrusted>, members: &Members, people: &People) -> Briefing {
    let who = people.iter().map(|person| {
        let role = match members.membership(&members.ids_of(person)) {
            Membership::In(Role::Admin) => " (administrator)",
            Membership::In(_) => "",
            Membership::Out => " (not a member)",
            Membership::Unclear => " (perhaps not a member)",
        };
        format!("{person}{role}")
    });
    let who: Vec<_> = who.collect();
    Briefing {
        subject: name,
        facts: vec![
            format!("It has {} members.", members.count()),
            format!("To be removed: {}.", who.join(", ")),
        ],
    }
}

impl MemberChange {
    /// Whether somebody is as wanted; `None` where that is unclear.
    fn is_reached(self, now: Membership) -> Option<bool> {
        match (self, now) {
            (_, Membership::Unclear) => None,
            (Self::Add, now) => Some(now != Membership::Out),
            (Self::Remove, now) => Some(now == Membership::Out),
            (Self::Promote, now) => Some(now == Membership::In(Role::Admin)),
            (Self::Demote, now) => Some(now == Membership::In(Role::Member)),
        }
    }

    /// The result and its reason, where nothing has to be sent for a person.
    fn settled(
        self,
        now: Membership,
        is_own: bool,
    ) -> Option<(ChangeResult, Option<&'static str>)> {
        if self == Self::Remove && is_own {
            let reason = "this is the own account; use leave_group for that";
            return Some((ChangeResult::NotSent, Some(reason)));
        }
        match (self, now) {
            (Self::Promote | Self::Demote, Membership::Out) => {
                Some((ChangeResult::NotSent, Some("is not a member of the group")))
            }
            _ if self.is_reached(now) == Some(true) => Some((ChangeResult::AlreadySo, None)),
            _ => None,
        }
    }
}

impl MemberChangeLog {
    /// A change of these people in a group with these members, made by this account.
    pub(super) fn new(
        change: MemberChange,
        group: GroupId,
        people: &People,
        before: &Members,
        own: &[PersonId],
    ) -> Self {
        let record = |person: &PersonId| {
            let ids = before.ids_of(person);
            let is_own = ids.iter().any(|id| own.contains(id));
            PersonRecord {
                settled: change.settled(before.membership(&ids), is_own),
                person: person.clone(),
                ids,
                response: None,
            }
        };
        Self {
            records: people.iter().map(record).collect(),
            change,
            group,
            stopped: None,
        }
    }

    /// The people for whom something has to be sent.
    pub(super) fn open(&self) -> Vec<PersonId> {
        let open = self.records.iter().filter(|one| one.settled.is_none());
        open.map(|one| one.person.clone()).collect()
    }

    /// Records the response for the person with one of these ids.
    pub(super) fn record(&mut self, ids: &[PersonId], response: &PersonResponse) {
        let named = |one: &&mut PersonRecord| one.ids.iter().any(|id| ids.contains(id));
        for one in self.records.iter_mut().filter(named) {
            one.response = Some(response.clone());
            // The answer may add the person's other identity.
            one.ids.extend(ids.iter().cloned());
        }
    }

    /// Records the response for everybody who has none yet.
    pub(super) fn record_rest(&mut self, response: &PersonResponse) {
        for one in &mut self.records {
            one.response.get_or_insert_with(|| response.clone());
        }
    }

    /// Whether further observations can show nothing more.
    pub(super) fn is_shown(&self, after: Option<&Members>) -> bool {
        use PersonResponse::{Denied, Invited};
        self.records.iter().all(|one| {
            one.settled.is_some()
                || matches!(one.response, None | Some(Denied(_) | Invited))
                || self.is_reached(one, after) == Some(true)
        })
    }

    /// The outcome, by the responses and by the members as they are now.
    pub(super) fn outcome(self, after: Option<&Members>) -> MemberChanges {
        let people = self.records.iter().map(|one| self.result(one, after));
        let people = people.collect();
        MemberChanges::new(self.group, people)
    }

    /// The outcome, or the error that prevented the change for everybody.
    pub(super) fn outcome_or(
        mut self,
        error: Option<BackendError>,
        after: Option<&Members>,
    ) -> BackendResult<MemberChanges> {
        self.stopped = match &error {
            Some(error @ (BackendError::Cancelled | BackendError::Withdrawn(_))) => {
                Some(error.before_part())
            }
            _ => None,
        };
        let changes = self.outcome(after);
        let nothing = |one: &PersonChange| {
            matches!(one.outcome, ChangeResult::Refused | ChangeResult::NotSent)
        };
        match error {
            Some(error)
                if error.effect() != ChangeEffect::Ambiguous
                    && changes.people.iter().all(nothing) =>
            {
                Err(error)
            }
            _ => Ok(changes),
        }
    }

    fn is_reached(&self, one: &PersonRecord, after: Option<&Members>) -> Option<bool> {
        self.change.is_reached(after?.membership(&one.ids))
    }

    fn result(&self, one: &PersonRecord, after: Option<&Members>) -> PersonChange {
        use PersonResponse::{Accepted, Ambiguous, Denied, Invited};
        let because = |why: &str| Some(Untrusted::new(why));
        let (outcome, reason) = match (&one.settled, &one.response, self.is_reached(one, after)) {
            (Some((result, why)), _, _) => (*result, why.and_then(because)),
            (None, None, _) => (
                ChangeResult::NotSent,
                because(
                    self.stopped
                        .as_deref()
                        .unwrap_or("the calls ended before this person; see the previous person"),
                ),
            ),
            (None, Some(_), Some(true)) => (ChangeResult::Done, None),
            (None, Some(Invited), _) => (ChangeResult::Invited, None),
            (None, Some(Denied(why)), _) => (ChangeResult::Refused, Some(why.clone())),
            (None, Some(Ambiguous(why)), _) => (ChangeResult::Unknown, Some(why.clone())),
            (None, Some(Accepted), Some(false)) => (ChangeResult::NotShown, None),
            (None, Some(Accepted), None) => (
                ChangeResult::Unknown,
                because(
                    "the API accepted it, but its list of members does not identify this person",
                ),
            ),
        };
        PersonChange {
            person: one.person.clone(),
            outcome,
            reason,
        }
    }
}
