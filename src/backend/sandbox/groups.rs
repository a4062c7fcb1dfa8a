//! The sandbox's groups.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, State as Extract},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    FLATMATES, ME, Shared,
    files::FAMILY,
    pictures::Picture,
    reply::{Answer, done, found, or_nothing, working},
};

/// The groups of the account, by id.
pub(super) struct Groups(pub(super) BTreeMap<String, Group>);

pub(super) struct Group {
    pub(super) subject: String,
    pub(super) description: String,
    /// Only administrators may send messages.
    pub(super) announce: bool,
    /// Only administrators may edit its info.
    pub(super) restrict: bool,
    pub(super) picture: Picture,
    pub(super) members: Vec<Member>,
}

pub(super) struct Member {
    pub(super) id: String,
    pub(super) role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Participant,
    Admin,
    Superadmin,
}

impl Role {
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
        use Role::{Admin, Participant, Superadmin};

        let group = Group::new;
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
        let family = Group {
            picture: Picture::first(FAMILY),
            ..group("Family", &family)
        };
        Self(BTreeMap::from([
            ("120363000000000001@g.us".into(), family),
            (FLATMATES.into(), group("Old flatmates", &flatmates)),
            ("120363000000000003@g.us".into(), group("Book club", &books)),
        ]))
    }
}

impl Group {
    fn new(subject: &str, members: &[(&str, Role)]) -> Self {
        let member = |(id, role): &(&str, Role)| Member {
            id: (*id).to_owned(),
            role: *role,
        };
        Self::of(subject.to_owned(), members.iter().map(member).collect())
    }

    /// A group of these members, with nothing else set.
    pub(super) fn of(subject: String, members: Vec<Member>) -> Self {
        Self {
            subject,
            description: String::new(),
            announce: false,
            restrict: false,
            picture: Picture::default(),
            members,
        }
    }

    /// A group that this account is invited into.
    pub(super) fn invited(subject: &str) -> Self {
        let members = [
            ("15552220008@c.us", Role::Superadmin),
            ("15552220009@c.us", Role::Participant),
        ];
        Self::new(subject, &members)
    }

    /// Whether this account is one of its administrators.
    pub(super) fn is_mine(&self) -> bool {
        let mut members = self.members.iter();
        members.any(|member| member.id == ME && member.role != Role::Participant)
    }

    /// Makes this account a member.
    pub(super) fn add_me(&mut self) {
        if !self.members.iter().any(|member| member.id == ME) {
            self.members.push(Member {
                id: ME.to_owned(),
                role: Role::Participant,
            });
        }
    }

    pub(super) fn json(&self, id: &str) -> Value {
        let member = |member: &Member| json!({ "id": member.id.replace("@c.us", "@s.whatsapp.net"), "admin": member.role.admin() });
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

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/{session}/groups", get(groups))
        .route("/api/{session}/groups/{id}", get(group))
        .route("/api/{session}/groups/{id}/participants/v2", get(members))
        .route("/api/{session}/groups/{id}/leave", post(leave))
}

async fn groups(Extract(state): Extract<Shared>) -> Answer {
    let groups = &working(&state)?.groups.0;
    let groups = groups
        .iter()
        .map(|(id, group)| (id.clone(), group.json(id)));
    Ok(found(groups.collect()))
}

async fn group(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let state = working(&state)?;
    Ok(or_nothing(
        state.groups.0.get(&id).map(|group| group.json(&id)),
    ))
}

async fn members(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let state = working(&state)?;
    let member = |member: &Member| json!({ "id": member.id, "role": member.role.name() });
    let members = state
        .groups
        .0
        .get(&id)
        .map(|group| group.members.iter().map(member).collect());
    Ok(or_nothing(members))
}

async fn leave(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    working(&state)?.groups.0.remove(&id);
    Ok(done())
}
