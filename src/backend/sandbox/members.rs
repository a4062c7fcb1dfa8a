//! Changes among the members of the sandbox's groups.

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ME, Shared,
    contacts::Contacts,
    groups::{Group, Member, Role},
    reply::{Answer, Refused, working},
};

/// The people that a request names.
#[derive(Deserialize)]
struct People {
    participants: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    id: String,
}

/// A group that is to be made.
#[derive(Deserialize)]
struct New {
    name: String,
    participants: Vec<Person>,
}

pub(super) fn routes() -> Router<Shared> {
    let group = "/api/{session}/groups/{id}";
    Router::new()
        .route("/api/{session}/groups", post(create))
        .route(&format!("{group}/participants/add"), post(add))
        .route(&format!("{group}/participants/remove"), post(remove))
        .route(&format!("{group}/admin/promote"), post(promote))
        .route(&format!("{group}/admin/demote"), post(demote))
}

async fn create(Extract(state): Extract<Shared>, Json(new): Json<New>) -> Answer {
    let mut state = working(&state)?;
    let groups = &mut state.groups.0;
    let me = Member {
        id: ME.to_owned(),
        role: Role::Superadmin,
    };
    let others = new.participants.into_iter().map(Member::plain);
    let group = Group::of(new.name, std::iter::once(me).chain(others).collect());
    let taken = |id: &String| groups.contains_key(id);
    let mut ids = (100..).map(|number: u32| format!("120363000000{number:06}@g.us"));
    let Some(id) = ids.find(|id| !taken(id)) else {
        return Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "full"));
    };
    let told = group.json(&id);
    groups.insert(id.clone(), group);
    state.chats.know(&id);
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

type Named = (Extract<Shared>, Path<(String, String)>, Json<People>);

async fn add(state: Extract<Shared>, path: Path<(String, String)>, body: Json<People>) -> Answer {
    let (Extract(shared), Path((_, id))) = (&state, &path);
    let (shared, id, mut new) = (shared.clone(), id.clone(), Vec::new());
    let answer = change((state, path, body), |group, person| {
        if group.member(&person.id).is_some() {
            return 409;
        }
        new.push(person.id.clone());
        group.members.push(Member::plain(person));
        200
    })?;
    let mut state = working(&shared)?;
    for person in new {
        state.hear(&id, &person, "Hello, thanks for adding me!");
    }
    Ok(answer)
}

async fn remove(
    state: Extract<Shared>,
    path: Path<(String, String)>,
    body: Json<People>,
) -> Answer {
    change((state, path, body), |group, person| {
        let before = group.members.len();
        group.members.retain(|member| !member.is(&person.id));
        if group.members.len() < before {
            200
        } else {
            404
        }
    })
}

async fn promote(
    state: Extract<Shared>,
    path: Path<(String, String)>,
    body: Json<People>,
) -> Answer {
    change((state, path, body), |group, person| {
        group.rank(&person.id, Role::Admin)
    })
}

async fn demote(
    state: Extract<Shared>,
    path: Path<(String, String)>,
    body: Json<People>,
) -> Answer {
    change((state, path, body), |group, person| {
        group.rank(&person.id, Role::Participant)
    })
}

/// Changes a group for each person; only its administrators may.
fn change(
    (Extract(state), Path((_, id)), Json(people)): Named,
    mut each: impl FnMut(&mut Group, Person) -> u16,
) -> Answer {
    let mut state = working(&state)?;
    let error = |message| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, message);
    let group = state.groups.0.get_mut(&id);
    let group = group.ok_or_else(|| error("item-not-found"))?;
    if group
        .member(ME)
        .is_none_or(|me| me.role == Role::Participant)
    {
        return Err(error("forbidden"));
    }
    let told = people.participants.into_iter().map(|person| {
        let jid = person.id.clone();
        json!({ "status": each(group, person).to_string(), "jid": jid })
    });
    Ok(created(told.collect()))
}

fn created(value: Value) -> Response {
    (StatusCode::CREATED, Json(value)).into_response()
}

impl Member {
    /// Whether this is somebody, by either identity.
    fn is(&self, id: &str) -> bool {
        Contacts::key(&self.id) == Contacts::key(id)
    }

    fn plain(person: Person) -> Self {
        Self {
            id: person.id,
            role: Role::Participant,
        }
    }
}

impl Group {
    fn member(&mut self, id: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.is(id))
    }

    /// Gives a member another role; who made the group keeps it.
    fn rank(&mut self, id: &str, role: Role) -> u16 {
        match self.member(id) {
            None => 404,
            Some(member) if member.role == Role::Superadmin => 403,
            Some(member) => {
                member.role = role;
                200
            }
        }
    }
}
