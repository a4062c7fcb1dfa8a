//! Contacts on WAHA.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Waha,
    client::API,
    groups::{field, id_text, text, unreadable},
    session::is_false,
};
use crate::{
    backend::{effect::watch, http::Body},
    op::{
        BackendError, BlockContact, BlockOutcome, Blocking, CheckNumber, ContactDetails,
        ContactList, ContactSummary, GetContact, ListContacts, NumberCheck, PersonId, Progress,
        UnblockContact, Untrusted,
    },
};

/// The most contacts that are looked through.
const MOST: usize = 5000;

/// Names of the address book, in the order in which they are taken.
const NAMES: &[&str] = &["name", "FullName", "shortName", "FirstName"];

/// Names that people chose for themselves.
const PUSH_NAMES: &[&str] = &["pushname", "pushName", "PushName", "notify", "verifiedName"];

/// `GET /api/contacts/check-exists`.
#[derive(Deserialize)]
struct Exists {
    #[serde(rename = "numberExists")]
    exists: bool,
    #[serde(rename = "chatId")]
    chat: Option<Value>,
    pn: Option<Value>,
}

impl Waha {
    pub(super) async fn list_contacts(self, op: ListContacts) -> Result<ContactList, BackendError> {
        let most = MOST.to_string();
        let query = [
            ("session", self.0.session()),
            ("sortBy", "id"),
            ("sortOrder", "asc"),
            ("limit", &most),
        ];
        let all = match self
            .0
            .get(&["api", "contacts", "all"], &query)
            .await?
            .body()
        {
            Body::Json(Value::Array(contacts)) => contacts,
            Body::Json(Value::Object(contacts)) => {
                contacts.into_iter().map(|(_, contact)| contact).collect()
            }
            Body::Empty => Vec::new(),
            _ => return Err(unreadable("a list of contacts is expected")),
        };
        // Taken for no contacts, a shape that is not known would look like nobody.
        if !all.is_empty() && !all.iter().any(|contact| id(contact).is_some()) {
            return Err(unreadable("it holds no contact that can be read"));
        }
        let contacts = all.iter().filter_map(summary).collect();
        Ok(ContactList::page(contacts, all.len() >= MOST, &op))
    }

    pub(super) async fn get_contact(self, op: GetContact) -> Result<ContactDetails, BackendError> {
        let person = op.person;
        let query = [
            ("contactId", person.as_str()),
            ("session", self.0.session()),
        ];
        let contact = match self.0.get(&["api", "contacts"], &query).await?.body() {
            Body::Json(contact @ Value::Object(_)) => contact,
            // NOWEB answers nothing for a contact that it does not know.
            Body::Empty | Body::Json(Value::Null) => return Err(no_such_contact(&person)),
            _ => return Err(unreadable("a contact is expected")),
        };
        let flag = |name: &str| contact.get(name).and_then(Value::as_bool);
        let known = ContactDetails::new(
            person.clone(),
            name(&contact, NAMES),
            name(&contact, PUSH_NAMES),
        );
        let (phone_id, hidden_id) = self.identities(&person).await;
        Ok(ContactDetails {
            phone_id: known.phone_id.or(phone_id),
            hidden_id: known.hidden_id.or(hidden_id),
            about: self.about(&query).await,
            saved: flag("isMyContact"),
            blocked: flag("isBlocked"),
            ..known
        })
    }

    /// What a person says of itself; not every engine can tell.
    async fn about(&self, query: &[(&str, &str)]) -> Option<Untrusted> {
        let reply = self
            .0
            .get(&["api", "contacts", "about"], query)
            .await
            .ok()?;
        let about: Value = reply.parse(API).ok()?;
        text(&about, &["about"]).and_then(Untrusted::nonempty)
    }

    /// A person's id with the phone number and the hidden one, as far as they are told.
    pub(super) async fn identities(
        &self,
        person: &PersonId,
    ) -> (Option<PersonId>, Option<PersonId>) {
        let session = self.0.session();
        let reply = if person.is_hidden() {
            let path = ["api", session, "lids", person.as_str()];
            self.0.get(&path, &[]).await
        } else {
            let path = ["api", session, "lids", "pn", person.digits()];
            self.0.get(&path, &[]).await
        };
        let Ok(pair) = reply.and_then(|reply| reply.parse::<Value>(API)) else {
            return (None, None);
        };
        let read = |key: &str, hidden: bool| {
            pair.get(key)
                .and_then(person_id)
                .filter(|id| id.is_hidden() == hidden)
        };
        (read("pn", false), read("lid", true))
    }

    pub(super) async fn check_number(self, op: CheckNumber) -> Result<NumberCheck, BackendError> {
        let query = [("phone", op.number.digits()), ("session", self.0.session())];
        let path = ["api", "contacts", "check-exists"];
        let answer: Exists = self.0.get(&path, &query).await?.parse(API)?;
        let ids = [answer.chat, answer.pn];
        Ok(NumberCheck {
            exists: answer.exists,
            person: ids
                .iter()
                .flatten()
                .find_map(person_id)
                .filter(|_| answer.exists),
        })
    }

    pub(super) async fn block_contact(
        self,
        op: BlockContact,
        progress: Progress,
    ) -> Result<BlockOutcome, BackendError> {
        progress.say("blocking the person");
        let seen = self.set_blocked(true, &op.person, &progress).await?;
        let outcome = Blocking::BlockAccepted;
        Ok(BlockOutcome::accepted(outcome, op.person, seen))
    }

    pub(super) async fn unblock_contact(
        self,
        op: UnblockContact,
        progress: Progress,
    ) -> Result<BlockOutcome, BackendError> {
        progress.say("unblocking the person");
        let seen = self.set_blocked(false, &op.person, &progress).await?;
        let outcome = Blocking::UnblockAccepted;
        Ok(BlockOutcome::accepted(outcome, op.person, seen))
    }

    /// Whether a look at the person shows the change.
    async fn set_blocked(
        &self,
        blocked: bool,
        person: &PersonId,
        progress: &Progress,
    ) -> Result<bool, BackendError> {
        let verb = if blocked { "block" } else { "unblock" };
        let body = json!({ "contactId": person.as_str(), "session": self.0.session() });
        let path = ["api", "contacts", verb];
        let reply = self.0.post(progress, &path, Some(&body)).await?;
        if is_false(&reply.body()) {
            return Err(answered_no());
        }
        progress.say("looking at the person");
        let timeouts = self.0.timeouts.confirming();
        // An engine that does not tell it now will not tell it a moment later.
        let settled = |seen: &Option<bool>| seen.is_none_or(|seen| seen == blocked);
        let look = || self.is_blocked(person);
        let seen = watch(timeouts.settle, timeouts.look, look, settled).await;
        Ok(seen == Some(blocked))
    }

    /// Whether a person is blocked, where the engine tells.
    async fn is_blocked(&self, person: &PersonId) -> Option<bool> {
        let query = [
            ("contactId", person.as_str()),
            ("session", self.0.session()),
        ];
        match self.0.get(&["api", "contacts"], &query).await.ok()?.body() {
            Body::Json(contact) => contact.get("isBlocked")?.as_bool(),
            Body::Empty | Body::Text(_) => None,
        }
    }
}

/// A contact's id, in whatever form the engine writes it.
fn id(contact: &Value) -> Option<&str> {
    field(contact, &["id", "JID", "jid"]).and_then(id_text)
}

fn person_id(value: &Value) -> Option<PersonId> {
    id_text(value).and_then(|id| PersonId::parse(id).ok())
}

fn name(contact: &Value, names: &[&str]) -> Option<Untrusted> {
    names
        .iter()
        .find_map(|name| text(contact, &[name]).and_then(Untrusted::nonempty))
}

fn summary(contact: &Value) -> Option<ContactSummary> {
    Some(ContactSummary {
        person: PersonId::parse(id(contact)?).ok()?,
        name: name(contact, NAMES),
        push_name: name(contact, PUSH_NAMES),
    })
}

fn no_such_contact(person: &PersonId) -> BackendError {
    BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new(&format!("it knows no contact {person}")),
        next: "check the id; list_contacts shows the contacts there are",
    }
}

/// WhatsApp's plain `false`, which comes as a success.
pub(super) fn answered_no() -> BackendError {
    BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new("it answered `false`"),
        next: "check the id; the operator finds more in WAHA's log",
    }
}
