//! The members of a group, and whether somebody is among them.

use crate::op::{GroupMember, PersonId, Rank, Role, Untrusted};

/// A member, under every id that the API tells.
pub(super) struct Member {
    pub(super) ids: Vec<PersonId>,
    pub(super) name: Option<Untrusted>,
    pub(super) admin: bool,
    pub(super) creator: bool,
    /// Some engines keep who has left in the list.
    pub(super) left: bool,
}

/// A group's members, as far as they can be read.
pub(super) struct Members {
    known: Vec<Member>,
    complete: bool,
    /// Identities of one person that were found out beside the list.
    same: Vec<[PersonId; 2]>,
}

/// What a group's members tell of this account, or of another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    In(Role),
    Out,
    /// Not found, but it may be a member under an id that is not known here.
    Unclear,
}

impl Member {
    fn is(&self, own: &[PersonId]) -> bool {
        self.ids.iter().any(|id| own.contains(id))
    }

    fn told(&self) -> Option<GroupMember> {
        let with_number = self.ids.iter().find(|id| !id.is_hidden());
        let hidden = self.ids.iter().find(|id| id.is_hidden());
        Some(GroupMember {
            name: self.name.clone(),
            person: with_number.or(hidden)?.clone(),
            hidden_id: with_number.and(hidden).cloned(),
            role: self.rank(),
        })
    }

    fn rank(&self) -> Rank {
        match (self.creator, self.admin) {
            (true, _) => Rank::Creator,
            (false, true) => Rank::Admin,
            (false, false) => Rank::Member,
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
        // A group has members: without any it could not be looked into.
        complete &= !known.is_empty();
        Self {
            known,
            complete,
            same: Vec::new(),
        }
    }

    /// Nobody whom one could see: of a group that was not looked at.
    pub(super) fn none() -> Self {
        Self::new(std::iter::empty())
    }

    pub(super) fn own(&self, own: &[PersonId]) -> Own {
        match self.known.iter().find(|member| member.is(own)) {
            Some(member) if member.left => Own::Out,
            Some(member) if member.admin => Own::In(Role::Admin),
            Some(_) => Own::In(Role::Member),
            None if self.complete && self.known.iter().all(|one| one.is_comparable(own)) => {
                Own::Out
            }
            None => Own::Unclear,
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

    /// What was found out beside the list, without the list.
    pub(super) fn forgotten(self) -> Self {
        Self {
            same: self.same,
            ..Self::none()
        }
    }

    /// Takes down that two ids are one person's.
    pub(super) fn learn(&mut self, one: &PersonId, other: PersonId) {
        self.same.push([one.clone(), other]);
    }

    /// Whether it can be told if this person is a member.
    pub(super) fn can_tell(&self, person: &PersonId) -> bool {
        self.own(&self.ids_of(person)) != Own::Unclear
    }

    /// Those who are in the group now.
    pub(super) fn list(&self) -> Vec<GroupMember> {
        self.present().filter_map(Member::told).collect()
    }

    /// Whether not one member could be read.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl Own {
    /// The account's role, where it can be told.
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
    fn a_number_among_numbers_is_told() {
        let here = members(&[&["15552223333@c.us"], &["15550001111@s.whatsapp.net"]]);
        assert_eq!(here.own(&own()), Own::In(Role::Member));
        assert_eq!(members(&[&["15552223333@c.us"]]).own(&own()), Own::Out);
    }

    #[test]
    fn what_cannot_be_compared_is_unclear() {
        for unclear in [
            members(&[&["15552223333@lid"]]),
            members(&[&["15552223333@c.us"], &["77@lid"]]),
            members(&[&["15552223333@c.us"], &["?"]]),
            members(&[]),
        ] {
            assert_eq!(unclear.own(&own()), Own::Unclear);
        }
        let both = members(&[&["77@lid", "15552223333@c.us"]]);
        assert_eq!(both.own(&own()), Own::Out);
        assert_eq!(both.own(&[]), Own::Unclear);
    }
}
