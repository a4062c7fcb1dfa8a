//! The sandbox's contacts.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State as Extract},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ME, Shared,
    reply::{Answer, done, found, or_nothing, working},
};

/// The people that the account knows, by id.
pub(super) struct Contacts(BTreeMap<String, Contact>);

struct Contact {
    name: &'static str,
    about: &'static str,
    blocked: bool,
}

/// Who is to be blocked or unblocked.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "contactId")]
    contact: String,
}

/// The people who are there from the start: number, name, about.
const PEOPLE: [(&str, &str, &str); 7] = [
    ("15552220001", "Mum", "Sundays at six"),
    ("15552220002", "Dad", "At the allotment"),
    ("15552220003", "Sam", "Available"),
    ("15552220004", "Robin", "Busy"),
    ("15552220005", "Alex", "On the train"),
    ("15552220006", "Kim", "Reading"),
    ("15552220007", "Toni", "Hey there!"),
];

/// The name of somebody, by either identity.
pub(super) fn name(id: &str) -> Option<&'static str> {
    let key = Contacts::key(id);
    let number = key.strip_suffix("@c.us")?;
    let person = PEOPLE.iter().find(|(known, ..)| *known == number);
    person.map(|(_, name, _)| *name)
}

impl Default for Contacts {
    fn default() -> Self {
        let contact = |(number, name, about)| {
            let contact = Contact {
                name,
                about,
                blocked: false,
            };
            (format!("{number}@c.us"), contact)
        };
        Self(PEOPLE.into_iter().map(contact).collect())
    }
}

impl Contact {
    fn json(&self, id: &str) -> Value {
        json!({
            "id": id,
            "name": self.name,
            "pushname": self.name,
            "isMyContact": true,
            "isBlocked": self.blocked,
        })
    }
}

/// The hidden id of a number, as this sandbox gives them out.
fn lid(number: &str) -> String {
    format!("9{number}@lid")
}

impl Contacts {
    /// The id by which a person is kept, for either identity.
    pub(super) fn key(id: &str) -> String {
        match id.strip_suffix("@lid").and_then(|id| id.strip_prefix('9')) {
            Some(number) => format!("{number}@c.us"),
            None => id.to_owned(),
        }
    }

    fn get(&self, id: Option<&str>) -> Option<&Contact> {
        self.0.get(&Self::key(id?))
    }

    /// Whether what is written to somebody is read.
    pub(super) fn reaches(&self, id: &str) -> bool {
        self.get(Some(id)).is_some_and(|contact| !contact.blocked)
    }

    fn block(&mut self, id: &str, blocked: bool) {
        if let Some(contact) = self.0.get_mut(&Self::key(id)) {
            contact.blocked = blocked;
        }
    }
}

/// What stands behind the question mark under a name.
fn asked(query: Option<String>, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/contacts/all", get(all))
        .route("/api/contacts", get(contact))
        .route("/api/contacts/about", get(about))
        .route("/api/contacts/check-exists", get(check))
        .route("/api/contacts/block", post(block))
        .route("/api/contacts/unblock", post(unblock))
        .route("/api/{session}/lids/{lid}", get(number_of))
        .route("/api/{session}/lids/pn/{number}", get(lid_of))
}

async fn all(Extract(state): Extract<Shared>) -> Answer {
    let contacts = &working(&state)?.contacts.0;
    Ok(found(
        contacts.iter().map(|(id, one)| one.json(id)).collect(),
    ))
}

async fn contact(Extract(state): Extract<Shared>, RawQuery(query): RawQuery) -> Answer {
    let state = working(&state)?;
    let id = asked(query, "contactId");
    let contact = state.contacts.get(id.as_deref());
    Ok(or_nothing(
        contact.zip(id).map(|(contact, id)| contact.json(&id)),
    ))
}

async fn about(Extract(state): Extract<Shared>, RawQuery(query): RawQuery) -> Answer {
    let state = working(&state)?;
    let id = asked(query, "contactId");
    let about = match state.contacts.get(id.as_deref()) {
        Some(contact) => Some(contact.about),
        None => (id.as_deref() == Some(ME)).then_some(state.profile.about.as_str()),
    };
    Ok(found(json!({ "about": about })))
}

async fn check(Extract(state): Extract<Shared>, RawQuery(query): RawQuery) -> Answer {
    let state = working(&state)?;
    let id = format!("{}@c.us", asked(query, "phone").unwrap_or_default());
    Ok(found(if id == ME || state.contacts.0.contains_key(&id) {
        json!({ "numberExists": true, "chatId": id })
    } else {
        json!({ "numberExists": false })
    }))
}

async fn block(Extract(state): Extract<Shared>, Json(named): Json<Named>) -> Answer {
    working(&state)?.contacts.block(&named.contact, true);
    Ok(done())
}

async fn unblock(Extract(state): Extract<Shared>, Json(named): Json<Named>) -> Answer {
    working(&state)?.contacts.block(&named.contact, false);
    Ok(done())
}

async fn number_of(
    Extract(state): Extract<Shared>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let state = working(&state)?;
    let number = Contacts::key(&id);
    let known = state.contacts.0.contains_key(&number);
    Ok(found(json!({ "lid": id, "pn": known.then_some(number) })))
}

async fn lid_of(
    Extract(state): Extract<Shared>,
    Path((_, number)): Path<(String, String)>,
) -> Answer {
    let state = working(&state)?;
    let number = number.trim_end_matches("@c.us");
    let id = format!("{number}@c.us");
    let known = state.contacts.0.contains_key(&id);
    Ok(found(
        json!({ "lid": known.then(|| lid(number)), "pn": id }),
    ))
}
