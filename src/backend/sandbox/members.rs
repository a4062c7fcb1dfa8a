//! Changes among the members of the sandbox's groups.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    ME, SandboxState,
    contacts::Contacts,
    group_settings::administered,
    groups::{SandboxGroup, SandboxMember, SandboxRole},
    request::{SandboxAnswer, SandboxRefusal, SandboxRequest, created},
};

/// The ids of the people that a request names.
fn people(request: &SandboxRequest) -> impl Iterator<Item = &str> {
    let people = request.at("/participants").and_then(Value::as_array);
    people
        .into_iter()
        .flatten()
        .filter_map(|person| person.get("id")?.as_str())
}

pub(super) fn create(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let groups = &mut state.groups.0;
    let me = SandboxMember::new(ME, SandboxRole::Superadmin);
    let others = people(request).map(|id| SandboxMember::new(id, SandboxRole::Participant));
    let members = std::iter::once(me).chain(others).collect();
    let group = SandboxGroup::of(request.required("/name")?, members);
    let mut ids = (100..).map(|number: u32| format!("120363000000{number:06}@g.us"));
    let Some(id) = ids.find(|id| !groups.contains_key(id)) else {
        return Err(SandboxRefusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "full",
        ));
    };
    let json = group.json(&id);
    groups.insert(id.clone(), group);
    state.chats.know(&id);
    created(json)
}

pub(super) fn add(state: &mut SandboxState, id: &str, request: &SandboxRequest) -> SandboxAnswer {
    let mut added = Vec::new();
    let answer = change(state, id, request, |group, person| {
        if group.member(person).is_some() {
            return 409;
        }
        added.push(person.to_owned());
        group
            .members
            .push(SandboxMember::new(person, SandboxRole::Participant));
        200
    })?;
    for person in added {
        state.hear(id, &person, "Hello, thanks for adding me!");
    }
    Ok(answer)
}

pub(super) fn remove(
    state: &mut SandboxState,
    id: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    change(state, id, request, |group, person| {
        let before = group.members.len();
        group.members.retain(|member| !member.is(person));
        if group.members.len() < before {
            200
        } else {
            404
        }
    })
}

pub(super) fn promote(
    state: &mut SandboxState,
    id: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    change(state, id, request, |group, person| {
        group.set_role(person, SandboxRole::Admin)
    })
}

pub(super) fn demote(
    state: &mut SandboxState,
    id: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    change(state, id, request, |group, person| {
        group.set_role(person, SandboxRole::Participant)
    })
}

/// Changes a group for each person; only its administrators may. `each` returns the
/// status for one person.
fn change(
    state: &mut SandboxState,
    id: &str,
    request: &SandboxRequest,
    mut each: impl FnMut(&mut SandboxGroup, &str) -> u16,
) -> SandboxAnswer {
    let group = administered(state, id)?;
    let statuses = people(request)
        .map(|person| json!({ "status": each(group, person).to_string(), "jid": person }));
    created(statuses.collect())
}

impl SandboxMember {
    /// Whether this is the member with an id, by number or hidden id.
    fn is(&self, id: &str) -> bool {
        Contacts::key(&self.id) == Contacts::key(id)
    }
}

impl SandboxGroup {
    fn member(&mut self, id: &str) -> Option<&mut SandboxMember> {
        self.members.iter_mut().find(|member| member.is(id))
    }

    /// Gives a member another role; the one who made the group keeps theirs.
    fn set_role(&mut self, id: &str, role: SandboxRole) -> u16 {
        match self.member(id) {
            None => 404,
            Some(member) if member.role == SandboxRole::Superadmin => 403,
            Some(member) => {
                member.role = role;
                200
            }
        }
    }
}
