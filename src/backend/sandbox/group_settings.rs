//! What the sandbox's groups are called, who may do what in them, and their invitations.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post, put},
};
use serde_json::{Value, json};

use super::{
    Shared, State,
    groups::Group,
    reply::{Answer, Refused, done, found, working},
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

/// WhatsApp's own words, as WAHA passes them on.
fn said(words: &str) -> Refused {
    let body = json!({ "statusCode": 500, "exception": { "message": words } });
    Refused(StatusCode::INTERNAL_SERVER_ERROR, body)
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/{session}/groups/{id}/subject", put(rename))
        .route("/api/{session}/groups/{id}/description", put(describe))
        .route(
            "/api/{session}/groups/{id}/settings/security/{setting}",
            get(setting).put(set),
        )
        .route("/api/{session}/groups/{id}/invite-code", get(invite))
        .route(
            "/api/{session}/groups/{id}/invite-code/revoke",
            post(revoke),
        )
        .route("/api/{session}/groups/join-info", get(preview))
        .route("/api/{session}/groups/join", post(join))
}

/// A group that this account is an administrator of.
pub(super) fn administered<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Group, Refused> {
    let group = state
        .groups
        .0
        .get_mut(id)
        .ok_or_else(|| said("item-not-found"))?;
    if group.is_mine() {
        Ok(group)
    } else {
        Err(said("forbidden"))
    }
}

async fn rename(
    Extract(state): Extract<Shared>,
    Path((_, id)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?.subject = text(&body, "subject")?;
    Ok(StatusCode::OK.into_response())
}

async fn describe(
    Extract(state): Extract<Shared>,
    Path((_, id)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?.description = text(&body, "description")?;
    Ok(StatusCode::OK.into_response())
}

fn text(body: &Value, name: &str) -> Result<String, Refused> {
    let text = body.get(name).and_then(Value::as_str);
    text.map(ToOwned::to_owned)
        .ok_or_else(|| said("Cannot read properties of undefined"))
}

fn admins_only<'a>(group: &'a mut Group, setting: &str) -> Result<&'a mut bool, Refused> {
    match setting {
        "messages-admin-only" => Ok(&mut group.announce),
        "info-admin-only" => Ok(&mut group.restrict),
        _ => Err(Refused::new(StatusCode::NOT_FOUND, "Cannot GET this")),
    }
}

async fn setting(
    Extract(state): Extract<Shared>,
    Path((_, id, setting)): Path<(String, String, String)>,
) -> Answer {
    let mut state = working(&state)?;
    let group = administered(&mut state, &id)?;
    Ok(found(
        json!({ "adminsOnly": *admins_only(group, &setting)? }),
    ))
}

async fn set(
    Extract(state): Extract<Shared>,
    Path((_, id, setting)): Path<(String, String, String)>,
    Json(body): Json<Value>,
) -> Answer {
    let mut state = working(&state)?;
    let group = administered(&mut state, &id)?;
    *admins_only(group, &setting)? = body.get("adminsOnly").and_then(Value::as_bool) != Some(false);
    Ok(StatusCode::OK.into_response())
}

async fn invite(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?;
    Ok(state.invites.code(&id).into_response())
}

async fn revoke(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?;
    Ok((StatusCode::CREATED, state.invites.renew(&id)).into_response())
}

/// The group behind a code.
fn behind(state: &State, code: Option<&str>) -> Result<String, Refused> {
    let mut codes = state.invites.codes.iter();
    codes
        .find(|(_, known)| Some(known.as_str()) == code)
        .map(|(group, _)| group.clone())
        .filter(|id| id == INVITED.0 || state.groups.0.contains_key(id))
        .ok_or_else(|| said("item-not-found"))
}

async fn preview(Extract(state): Extract<Shared>, RawQuery(query): RawQuery) -> Answer {
    let state = working(&state)?;
    let id = behind(
        &state,
        query
            .as_deref()
            .and_then(|query| query.strip_prefix("code=")),
    )?;
    let group = match state.groups.0.get(&id) {
        Some(group) => group.json(&id),
        None => Group::invited(INVITED.1).json(&id),
    };
    Ok(found(group))
}

async fn join(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let mut state = working(&state)?;
    let id = behind(&state, body.get("code").and_then(Value::as_str))?;
    if id != INVITED.0 {
        return Ok(done());
    }
    if !state.groups.0.contains_key(&id) {
        let mut group = Group::invited(INVITED.1);
        group.add_me();
        state.groups.0.insert(id.clone(), group);
        state.hear(&id, "15552220008@c.us", "Welcome, neighbour!");
    }
    Ok(found(json!({ "id": id })))
}
