//! The sandbox's contacts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    ME, SandboxState,
    request::{SandboxAnswer, SandboxRequest, done, found, or_nothing},
};

/// The people that the account knows, by id.
pub(super) struct Contacts(BTreeMap<String, Contact>);

struct Contact {
    name: &'static str,
    about: &'static str,
    blocked: bool,
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
}

pub(super) fn list(state: &SandboxState) -> SandboxAnswer {
    let contacts = state.contacts.0.iter();
    found(contacts.map(|(id, contact)| contact.json(id)).collect())
}

pub(super) fn get(state: &SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let id = request.query("contactId");
    let contact = state.contacts.get(id);
    or_nothing(contact.zip(id).map(|(contact, id)| contact.json(id)))
}

pub(super) fn about(state: &SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let id = request.query("contactId");
    let about = match state.contacts.get(id) {
        Some(contact) => Some(contact.about),
        None => (id == Some(ME)).then_some(state.profile.about.as_str()),
    };
    found(json!({ "about": about }))
}

pub(super) fn check(state: &SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let id = format!("{}@c.us", request.query("phone").unwrap_or_default());
    found(match id == ME || state.contacts.0.contains_key(&id) {
        true => json!({ "numberExists": true, "chatId": id }),
        false => json!({ "numberExists": false }),
    })
}

pub(super) fn block(
    state: &mut SandboxState,
    request: &SandboxRequest,
    blocked: bool,
) -> SandboxAnswer {
    let key = Contacts::key(request.required("/contactId")?);
    if let Some(contact) = state.contacts.0.get_mut(&key) {
        contact.blocked = blocked;
    }
    done()
}

pub(super) fn number_of(state: &SandboxState, id: &str) -> SandboxAnswer {
    let number = Contacts::key(id);
    let known = state.contacts.0.contains_key(&number);
    found(json!({ "lid": id, "pn": known.then_some(number) }))
}

pub(super) fn lid_of(state: &SandboxState, number: &str) -> SandboxAnswer {
    let number = number.trim_end_matches("@c.us");
    let id = format!("{number}@c.us");
    let known = state.contacts.0.contains_key(&id);
    found(json!({ "lid": known.then(|| lid(number)), "pn": id }))
}
