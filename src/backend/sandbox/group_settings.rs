//! Names, permissions and invitations of the sandbox's groups.

use std::collections::BTreeMap;

use axum::{http::StatusCode, response::IntoResponse};
use serde_json::{Value, json};

use super::{
    SandboxState,
    groups::SandboxGroup,
    request::{SandboxAnswer, SandboxRefusal, SandboxRequest, done, found, nothing},
};

/// A group that this account is not in yet: its id and name.
const INVITED: (&str, &str) = ("120363000000000009@g.us", "Neighbours");

/// The invite links of groups, by group.
pub(super) struct Invites {
    codes: BTreeMap<String, String>,
    made: u32,
}

impl Default for Invites {
    fn default() -> Self {
        let code = "ABCDEFGHIJKLMNOPQRSTUV".to_owned();
        Self {
            codes: BTreeMap::from([(INVITED.0.to_owned(), code)]),
            made: 0,
        }
    }
}

impl Invites {
    fn code(&mut self, group: &str) -> String {
        match self.codes.get(group) {
            Some(code) => code.clone(),
            None => self.renew(group),
        }
    }

    fn renew(&mut self, group: &str) -> String {
        self.made += 1;
        let code = format!("SANDBOXINVITE{:04}", self.made);
        self.codes.insert(group.to_owned(), code.clone());
        code
    }
}

/// A group that this account is an administrator of.
pub(super) fn administered<'a>(
    state: &'a mut SandboxState,
    id: &str,
) -> Result<&'a mut SandboxGroup, SandboxRefusal> {
    match state.groups.0.get_mut(id) {
        Some(group) if group.is_mine() => Ok(group),
        Some(_) => Err(SandboxRefusal::whatsapp("forbidden")),
        None => Err(SandboxRefusal::whatsapp("item-not-found")),
    }
}

pub(super) fn rename(
    state: &mut SandboxState,
    id: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    let group = administered(state, id)?;
    request.required("/subject")?.clone_into(&mut group.subject);
    nothing()
}

pub(super) fn describe(
    state: &mut SandboxState,
    id: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    let group = administered(state, id)?;
    request
        .required("/description")?
        .clone_into(&mut group.description);
    nothing()
}

/// A setting of a group: whether only administrators may do something.
fn admins_only<'a>(
    state: &'a mut SandboxState,
    id: &str,
    setting: &str,
) -> Result<&'a mut bool, SandboxRefusal> {
    let group = administered(state, id)?;
    match setting {
        "messages-admin-only" => Ok(&mut group.announce),
        "info-admin-only" => Ok(&mut group.restrict),
        _ => Err(SandboxRefusal::new(
            StatusCode::NOT_FOUND,
            "Cannot GET this",
        )),
    }
}

pub(super) fn get(state: &mut SandboxState, id: &str, setting: &str) -> SandboxAnswer {
    found(json!({ "adminsOnly": *admins_only(state, id, setting)? }))
}

pub(super) fn set(
    state: &mut SandboxState,
    id: &str,
    setting: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    let value = request.at("/adminsOnly").and_then(Value::as_bool);
    *admins_only(state, id, setting)? = value != Some(false);
    nothing()
}

pub(super) fn invite(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    administered(state, id)?;
    Ok(state.invites.code(id).into_response())
}

pub(super) fn revoke(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    administered(state, id)?;
    Ok((StatusCode::CREATED, state.invites.renew(id)).into_response())
}

/// The group that a code leads to.
fn invited_to(state: &SandboxState, code: Option<&str>) -> Result<String, SandboxRefusal> {
    let mut codes = state.invites.codes.iter();
    codes
        .find(|(_, known)| Some(known.as_str()) == code)
        .map(|(group, _)| group.clone())
        .filter(|id| id == INVITED.0 || state.groups.0.contains_key(id))
        .ok_or_else(|| SandboxRefusal::whatsapp("item-not-found"))
}

pub(super) fn preview(state: &SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let id = invited_to(state, request.query("code"))?;
    found(match state.groups.0.get(&id) {
        Some(group) => group.json(&id),
        None => SandboxGroup::invited(INVITED.1).json(&id),
    })
}

pub(super) fn join(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let id = invited_to(state, request.text("/code"))?;
    if id != INVITED.0 {
        return done();
    }
    if !state.groups.0.contains_key(&id) {
        let mut group = SandboxGroup::invited(INVITED.1);
        group.add_me();
        state.groups.0.insert(id.clone(), group);
        state.hear(&id, "15552220008@c.us", "Welcome, neighbour!");
    }
    found(json!({ "id": id }))
}
