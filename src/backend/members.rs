//! The members of a group, and whether somebody is among them.

use crate::op::{GroupMember, GroupRole, PersonId, Role, Untrusted};

/// A member, with every id that the API reports.
pub(super) struct Member {
    pub(super) ids: Vec<PersonId>,
    pub(super) name: Option<Untrusted>,
    pub(super) admin: bool,
    pub(super) creator: bool,
    /// Some engines keep people who have left in the list.
    pub(super) left: bool,
}

/// A group's members, as far as they can be read.
pub(super) struct Members {
    known: Vec<Member>,
    complete: bool,
    /// Pairs of ids of one person, from another source than the list.
    same: Vec<[PersonId; 2]>,
}

/// Whether this account, or another person, is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    In(Role),
    Out,
    /// Not found, but it may be a member under an id that is unknown here.
    Unclear,
}

impl Member {
    fn is(&self, own: &[PersonId]) -> bool {
        self.ids.iter().any(|id| own.contains(id))
    }

    fn output(&self) -> Option<GroupMember> {
        let with_number = self.ids.iter().find(|id| !id.is_hidden());
        let hidden = self.ids.iter().find(|id| id.is_hidden());
        Some(GroupMember {
            name: self.name.clone(),
            person: with_number.or(hidden)?.clone(),
            hidden_id: with_number.and(hidden).cloned(),
            role: self.role(),
        })
    }

    fn role(&self) -> GroupRole {
        match (self.creator, self.admin) {
            (true, _) => GroupRole::Creator,
            (false, true) => GroupRole::Admin,
            (false, false) => GroupRole::Member,
        }
    }

    /// Whether the account would be recognised in this member.
    fn is_comparable(&self, own: &[PersonId]) -> bool {
        self.ids
            .iter()
            .any(|id| own.iter().any(|own| own.is_hidden() == id.is_hidden()))
    }
}

impl Members {
    /// The members that could be read; `None` stands for one that could not.
    pub(super) fn new(members: impl Iterator<Item = Option<Member>>) -> Self {
        let (mut known, mut complete) = (Vec::new(), true);
        for member in members {
            match member {
                Some(member) => known.push(member),
                None => complete = false,
            }
        }
        // A group has members: an empty list means that it could not be read.
        complete &= !known.is_empty();
        Self {
            known,
            complete,
            same: Vec::new(),
        }
    }

    /// The members of a group that was not read.
    pub(super) fn none() -> Self {
        Self::new(std::iter::empty())
    }

    pub(super) fn membership(&self, ids: &[PersonId]) -> Membership {
        match self.known.iter().find(|member| member.is(ids)) {
            Some(member) if member.left => Membership::Out,
            Some(member) if member.admin => Membership::In(Role::Admin),
            Some(_) => Membership::In(Role::Member),
            None if self.complete && self.known.iter().all(|one| one.is_comparable(ids)) => {
                Membership::Out
            }
            None => Membership::Unclear,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.present().count()
    }

    pub(super) fn admins(&self) -> usize {
        self.present().filter(|member| member.admin).count()
    }

    fn present(&self) -> impl Iterator<Item = &Member> {
        self.known.iter().filter(|member| !member.left)
    }

    /// Every id of a person: the one that is known, and those that the list adds.
    pub(super) fn ids_of(&self, person: &PersonId) -> Vec<PersonId> {
        let mut ids = vec![person.clone()];
        for pair in self.same.iter().filter(|pair| pair.contains(person)) {
            ids.extend(pair.iter().filter(|id| *id != person).cloned());
        }
        if let Some(member) = self.known.iter().find(|member| member.is(&ids)) {
            let further: Vec<_> = member.ids.iter().filter(|id| !ids.contains(id)).collect();
            ids.extend(further.into_iter().cloned());
        }
        ids
    }

    /// The pairs of ids without the list.
    pub(super) fn without_list(self) -> Self {
        Self {
            same: self.same,
            ..Self::none()
        }
    }

    /// Adds that two ids are one person's.
    pub(super) fn add_pair(&mut self, one: &PersonId, other: PersonId) {
        self.same.push([one.clone(), other]);
    }

    /// Whether it is clear that this person is a member or is not.
    pub(super) fn is_clear(&self, person: &PersonId) -> bool {
        self.membership(&self.ids_of(person)) != Membership::Unclear
    }

    /// Those who are in the group now.
    pub(super) fn list(&self) -> Vec<GroupMember> {
        self.present().filter_map(Member::output).collect()
    }

    /// Whether not one member could be read.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl Membership {
    /// The role, where it is clear.
    pub(super) fn role(self) -> Option<Role> {
        match self {
            Self::In(role) => Some(role),
            Self::Out => Some(Role::NotMember),
            Self::Unclear => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(groups: &[&[&str]]) -> Members {
        Members::new(groups.iter().map(|ids| {
            let ids: Vec<_> = ids
                .iter()
                .filter_map(|id| PersonId::parse(id).ok())
                .collect();
            (!ids.is_empty()).then_some(Member {
                ids,
                name: None,
                admin: false,
                creator: false,
                left: false,
            })
        }))
    }

    fn own() -> Vec<PersonId> {
        PersonId::parse("15550001111@c.us").into_iter().collect()
    }

    #[test]
    fn a_number_among_numbers_is_found() {
        let here = members(&[&["15552223333@c.us"], &["15550001111@s.whatsapp.net"]]);
        assert_eq!(here.membership(&own()), Membership::In(Role::Member));
        assert_eq!(
            members(&[&["15552223333@c.us"]]).membership(&own()),
            Membership::Out
        );
    }

    #[test]
    fn ids_of_different_kinds_are_unclear() {
        for unclear in [
            members(&[&["15552223333@lid"]]),
            members(&[&["15552223333@c.us"], &["77@lid"]]),
            members(&[&["15552223333@c.us"], &["?"]]),
            members(&[]),
        ] {
            assert_eq!(unclear.membership(&own()), Membership::Unclear);
        }
        let both = members(&[&["77@lid", "15552223333@c.us"]]);
        assert_eq!(both.membership(&own()), Membership::Out);
        assert_eq!(both.membership(&[]), Membership::Unclear);
    }
}
