//! A change among a group's members, told for each person.

use super::{
    effect::leaves_doubt,
    members::{Members, Own},
};
use crate::op::{
    BackendError, Briefing, Fate, GroupId, MemberChanges, People, PersonChange, PersonId, Role,
    Untrusted,
};

/// What is wanted of each person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Being in the group.
    In,
    /// Being out of it.
    Out,
    /// Being an administrator.
    Admin,
    /// Being a plain member.
    Plain,
}

/// What an API said about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Yes,
    No(Untrusted),
    /// It failed, which may be after the change was made.
    Failed(Untrusted),
    Invited,
    /// The answer was lost.
    Nothing,
}

/// People, what stands in the way for some, and what was said about the others.
pub(super) struct Change {
    aim: Aim,
    group: GroupId,
    steps: Vec<Step>,
}

struct Step {
    person: PersonId,
    /// Every id under which the person may stand in the list.
    ids: Vec<PersonId>,
    settled: Option<(Fate, Option<&'static str>)>,
    said: Option<Said>,
}

impl Said {
    /// What a fault says about the person that the call was for.
    pub(super) fn of(fault: &BackendError) -> Self {
        match fault {
            BackendError::Refused { said, .. } if leaves_doubt(fault) => Self::Failed(said.clone()),
            BackendError::Refused { said, .. } => Self::No(said.clone()),
            _ => Self::Nothing,
        }
    }
}

/// What a person needs to know before people are removed.
pub(super) fn removal(name: Option<Untrusted>, members: &Members, people: &People) -> Briefing {
    let who = people.iter().map(|person| {
        let stands = match members.own(&members.ids_of(person)) {
            Own::In(Role::Admin) => " (administrator)",
            Own::In(_) => "",
            Own::Out => " (is no member)",
            Own::Unclear => " (perhaps no member)",
        };
        format!("{person}{stands}")
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

impl Aim {
    /// Whether somebody stands as is wanted; `None` where that cannot be told.
    fn reached(self, stands: Own) -> Option<bool> {
        match (self, stands) {
            (_, Own::Unclear) => None,
            (Self::In, stands) => Some(stands != Own::Out),
            (Self::Out, stands) => Some(stands == Own::Out),
            (Self::Admin, stands) => Some(stands == Own::In(Role::Admin)),
            (Self::Plain, stands) => Some(stands == Own::In(Role::Member)),
        }
    }

    /// What is known of a person before anything is sent.
    fn settled(self, stands: Own, is_own: bool) -> Option<(Fate, Option<&'static str>)> {
        if self == Self::Out && is_own {
            return Some((
                Fate::NotSent,
                Some("this is the own account; leave_group is for that"),
            ));
        }
        match (self, stands) {
            (Self::Admin | Self::Plain, Own::Out) => {
                Some((Fate::NotSent, Some("is not a member of the group")))
            }
            _ if self.reached(stands) == Some(true) => Some((Fate::AlreadySo, None)),
            _ => None,
        }
    }
}

impl Change {
    /// The change of a group with these members, asked for by this account.
    pub(super) fn new(
        aim: Aim,
        group: GroupId,
        people: &People,
        before: &Members,
        own: &[PersonId],
    ) -> Self {
        let step = |person: &PersonId| {
            let ids = before.ids_of(person);
            Step {
                settled: aim.settled(before.own(&ids), ids.iter().any(|id| own.contains(id))),
                person: person.clone(),
                ids,
                said: None,
            }
        };
        Self {
            steps: people.iter().map(step).collect(),
            aim,
            group,
        }
    }

    /// The people for whom something has to be sent.
    pub(super) fn open(&self) -> Vec<PersonId> {
        let open = self.steps.iter().filter(|step| step.settled.is_none());
        open.map(|step| step.person.clone()).collect()
    }

    /// Takes down what was said about the person with one of these ids.
    pub(super) fn said(&mut self, ids: &[PersonId], said: &Said) {
        let about = |step: &&mut Step| step.ids.iter().any(|id| ids.contains(id));
        for step in self.steps.iter_mut().filter(about) {
            step.said = Some(said.clone());
            // The answer may tell the person's other identity.
            step.ids.extend(ids.iter().cloned());
        }
    }

    /// Takes down what was said about everybody of whom nothing was said.
    pub(super) fn said_of_the_rest(&mut self, said: &Said) {
        for step in &mut self.steps {
            step.said.get_or_insert_with(|| said.clone());
        }
    }

    /// Whether further looks can show nothing more.
    pub(super) fn is_shown(&self, after: Option<&Members>) -> bool {
        self.steps.iter().all(|step| {
            step.settled.is_some()
                || matches!(step.said, None | Some(Said::No(_) | Said::Invited))
                || self.reached(step, after) == Some(true)
        })
    }

    /// What came of it, by what was said and what the members show.
    pub(super) fn outcome(self, after: Option<&Members>) -> MemberChanges {
        let people = self.steps.iter().map(|step| self.told(step, after));
        let people = people.collect();
        MemberChanges::new(self.group, people)
    }

    /// The outcome, or the fault that kept everybody from it.
    pub(super) fn outcome_or(
        self,
        fault: Option<BackendError>,
        after: Option<&Members>,
    ) -> Result<MemberChanges, BackendError> {
        let changes = self.outcome(after);
        let nothing = |one: &PersonChange| matches!(one.outcome, Fate::Refused | Fate::NotSent);
        match fault {
            Some(
                fault @ (BackendError::Refused { .. }
                | BackendError::Unreachable { .. }
                | BackendError::Cancelled),
            ) if changes.people.iter().all(nothing) => Err(fault),
            _ => Ok(changes),
        }
    }

    fn reached(&self, step: &Step, after: Option<&Members>) -> Option<bool> {
        self.aim.reached(after?.own(&step.ids))
    }

    fn told(&self, step: &Step, after: Option<&Members>) -> PersonChange {
        let own_words = |why: &str| Some(Untrusted::new(why));
        let (outcome, reason) = match (&step.settled, &step.said, self.reached(step, after)) {
            (Some((fate, why)), _, _) => (*fate, why.and_then(own_words)),
            (None, None, _) => (
                Fate::NotSent,
                own_words("the row ended before this person; see the one before"),
            ),
            (None, Some(_), Some(true)) => (Fate::Done, None),
            (None, Some(Said::Invited), _) => (Fate::Invited, None),
            (None, Some(Said::No(why)), _) => (Fate::Refused, Some(why.clone())),
            (None, Some(Said::Failed(why)), Some(false)) => (Fate::Refused, Some(why.clone())),
            (None, Some(Said::Failed(why)), None) => (Fate::Unknown, Some(why.clone())),
            (None, Some(Said::Yes), Some(false)) => (Fate::NotShown, None),
            (None, Some(Said::Yes), None) => (
                Fate::Unknown,
                own_words("the API said yes, but the members cannot be told apart"),
            ),
            (None, Some(Said::Nothing), _) => (Fate::Unknown, own_words("no answer came")),
        };
        PersonChange {
            person: step.person.clone(),
            outcome,
            reason,
        }
    }
}
