//! The sandbox's groups.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    FLATMATES, ME, SandboxState,
    files::FAMILY,
    pictures::SandboxPicture,
    request::{SandboxAnswer, done, found, or_nothing},
};

/// The groups of the account, by id.
pub(super) struct Groups(pub(super) BTreeMap<String, SandboxGroup>);

pub(super) struct SandboxGroup {
    pub(super) subject: String,
    pub(super) description: String,
    /// Only administrators may send messages.
    pub(super) announce: bool,
    /// Only administrators may edit its info.
    pub(super) restrict: bool,
    pub(super) picture: SandboxPicture,
    pub(super) members: Vec<SandboxMember>,
}

pub(super) struct SandboxMember {
    pub(super) id: String,
    pub(super) role: SandboxRole,
}

impl SandboxMember {
    pub(super) fn new(id: &str, role: SandboxRole) -> Self {
        Self {
            id: id.to_owned(),
            role,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SandboxRole {
    Participant,
    Admin,
    Superadmin,
}

impl SandboxRole {
    /// The word of `participants/v2`.
    const fn name(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Admin => "admin",
            Self::Superadmin => "superadmin",
        }
    }

    /// The word of NOWEB's own list, which has none for a plain member.
    fn admin(self) -> Option<&'static str> {
        (self != Self::Participant).then(|| self.name())
    }
}

impl Default for Groups {
    fn default() -> Self {
        use SandboxRole::{Admin, Participant, Superadmin};

        let group = SandboxGroup::new;
        let family = [
            (ME, Superadmin),
            ("15552220001@c.us", Participant),
            ("15552220002@c.us", Participant),
        ];
        let flatmates = [
            ("15552220003@c.us", Superadmin),
            (ME, Participant),
            ("15552220004@c.us", Participant),
            ("15552220005@c.us", Participant),
        ];
        let books = [
            ("15552220006@c.us", Superadmin),
            ("15552220007@c.us", Admin),
            (ME, Admin),
            // Alex, and somebody whose number nobody knows.
            ("915552220005@lid", Participant),
            ("77000000000001@lid", Participant),
        ];
        let family = SandboxGroup {
            picture: SandboxPicture::first(FAMILY),
            ..group("Family", &family)
        };
        Self(BTreeMap::from([
            ("120363000000000001@g.us".into(), family),
            (FLATMATES.into(), group("Old flatmates", &flatmates)),
            ("120363000000000003@g.us".into(), group("Book club", &books)),
        ]))
    }
}

impl SandboxGroup {
    fn new(subject: &str, members: &[(&str, SandboxRole)]) -> Self {
        let member = |(id, role): &(&str, SandboxRole)| SandboxMember::new(id, *role);
        Self::of(subject, members.iter().map(member).collect())
    }

    /// A group of these members, with nothing else set.
    pub(super) fn of(subject: &str, members: Vec<SandboxMember>) -> Self {
        Self {
            subject: subject.to_owned(),
            description: String::new(),
            announce: false,
            restrict: false,
            picture: SandboxPicture::default(),
            members,
        }
    }

    /// A group that this account is invited into.
    pub(super) fn invited(subject: &str) -> Self {
        let members = [
            ("15552220008@c.us", SandboxRole::Superadmin),
            ("15552220009@c.us", SandboxRole::Participant),
        ];
        Self::new(subject, &members)
    }

    /// Whether this account is one of its administrators.
    pub(super) fn is_mine(&self) -> bool {
        let mut members = self.members.iter();
        members.any(|member| member.id == ME && member.role != SandboxRole::Participant)
    }

    /// Makes this account a member.
    pub(super) fn add_me(&mut self) {
        if !self.members.iter().any(|member| member.id == ME) {
            self.members
                .push(SandboxMember::new(ME, SandboxRole::Participant));
        }
    }

    pub(super) fn json(&self, id: &str) -> Value {
        let member = |member: &SandboxMember| json!({ "id": member.id.replace("@c.us", "@s.whatsapp.net"), "admin": member.role.admin() });
        json!({
            "id": id,
            "subject": self.subject,
            "desc": self.description,
            "announce": self.announce,
            "restrict": self.restrict,
            "size": self.members.len(),
            "creation": 1_700_000_000,
            "participants": self.members.iter().map(member).collect::<Value>(),
        })
    }
}

pub(super) fn list(state: &SandboxState) -> SandboxAnswer {
    let groups = state.groups.0.iter();
    found(
        groups
            .map(|(id, group)| (id.clone(), group.json(id)))
            .collect(),
    )
}

pub(super) fn get(state: &SandboxState, id: &str) -> SandboxAnswer {
    or_nothing(state.groups.0.get(id).map(|group| group.json(id)))
}

pub(super) fn members(state: &SandboxState, id: &str) -> SandboxAnswer {
    let json = |member: &SandboxMember| json!({ "id": member.id, "role": member.role.name() });
    let group = state.groups.0.get(id);
    or_nothing(group.map(|group| group.members.iter().map(json).collect()))
}

pub(super) fn leave(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    state.groups.0.remove(id);
    done()
}
