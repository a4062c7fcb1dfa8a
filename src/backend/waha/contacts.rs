//! Contacts on WAHA.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Waha,
    client::{API, unreadable},
    groups::{field, id_text, text},
    refusals::accepted,
    shapes::DONE,
};
use crate::{
    backend::{http::Body, refusals::unknown_contact, verify::poll_until},
    op::{
        BackendResult, BlockContact, BlockOutcome, Blocking, CheckNumber, ContactDetails,
        ContactList, ContactSummary, GetContact, ListContacts, NumberCheck, PersonId,
        UnblockContact, Untrusted,
    },
    toolset::AddressBook,
};

/// What to do about a denial that may be about an id.
pub(super) const NO_REMEDY: &str = "check the id; the operator finds more in WAHA's log";

/// The most contacts that are read.
const MOST: usize = 5000;

/// The most pages of [`MOST`] contacts of an address book.
const MAX_BOOK_PAGES: usize = 8;

/// Names of the address book, in the order in which they are taken.
const NAMES: &[&str] = &["name", "FullName", "shortName", "FirstName"];

/// Names that people chose for themselves.
const PUSH_NAMES: &[&str] = &["pushname", "pushName", "PushName", "notify", "verifiedName"];

/// `GET /api/contacts/check-exists`.
#[derive(Deserialize)]
struct WahaNumberCheck {
    #[serde(rename = "numberExists")]
    exists: bool,
    #[serde(rename = "chatId")]
    chat: Option<Value>,
    pn: Option<Value>,
}

impl Waha {
    pub(super) async fn list_contacts(self, op: ListContacts) -> BackendResult<ContactList> {
        let all = self.contacts_from(0).await?;
        // An unknown shape must not pass for an empty list.
        if !all.is_empty() && !all.iter().any(|contact| id(contact).is_some()) {
            return Err(unreadable("it holds no contact that can be read"));
        }
        let contacts = all.iter().filter_map(summary).collect();
        Ok(ContactList::page(contacts, all.len() >= MOST, &op))
    }

    /// At most [`MOST`] contacts from this position on, ordered by id.
    async fn contacts_from(&self, position: usize) -> BackendResult<Vec<Value>> {
        let (most, offset) = (MOST.to_string(), position.to_string());
        let mut query = vec![
            ("session", self.client.session()),
            ("sortBy", "id"),
            ("sortOrder", "asc"),
            ("limit", &most),
        ];
        if position > 0 {
            query.push(("offset", &offset));
        }
        match self
            .client
            .get(&self.progress, &["api", "contacts", "all"], &query)
            .await?
            .into_body()
        {
            Body::Json(Value::Array(contacts)) => Ok(contacts),
            Body::Json(Value::Object(contacts)) => {
                Ok(contacts.into_iter().map(|(_, contact)| contact).collect())
            }
            Body::Empty => Ok(Vec::new()),
            _ => Err(unreadable("a list of contacts is expected")),
        }
    }

    /// The people whom the account has saved, by the names that it gave them.
    pub(super) async fn saved_contacts(&self) -> BackendResult<AddressBook> {
        let mut book = AddressBook::default();
        for page in 0..MAX_BOOK_PAGES {
            let contacts = self.contacts_from(page * MOST).await?;
            for contact in &contacts {
                let Some((name, person)) = saved(contact) else {
                    continue;
                };
                if let Some(other) = contact.get("lid").and_then(person_id)
                    && other.is_hidden()
                    && !person.is_hidden()
                {
                    book.identities.learn(other.clone(), person.clone());
                    book.names.push((name.to_owned(), other));
                }
                book.names.push((name.to_owned(), person));
            }
            if contacts.len() < MOST {
                return Ok(book);
            }
        }
        book.is_cut = true;
        Ok(book)
    }

    pub(super) async fn get_contact(self, op: GetContact) -> BackendResult<ContactDetails> {
        let person = op.person;
        let query = [
            ("contactId", person.as_str()),
            ("session", self.client.session()),
        ];
        let contact = match self
            .client
            .get(&self.progress, &["api", "contacts"], &query)
            .await?
            .into_body()
        {
            Body::Json(contact @ Value::Object(_)) => contact,
            // NOWEB answers nothing for a contact that it does not know.
            Body::Empty | Body::Json(Value::Null) => return Err(unknown_contact(API, &person)),
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

    /// A person's about text; not every engine reports it.
    async fn about(&self, query: &[(&str, &str)]) -> Option<Untrusted> {
        let reply = self
            .client
            .get(&self.progress, &["api", "contacts", "about"], query)
            .await
            .ok()?;
        let about: Value = reply.parse(API).ok()?;
        text(&about, &["about"]).and_then(Untrusted::nonempty)
    }

    /// A person's id with the phone number and the hidden one, as far as WAHA reports them.
    pub(super) async fn identities(
        &self,
        person: &PersonId,
    ) -> (Option<PersonId>, Option<PersonId>) {
        let path = if person.is_lid() {
            self.client.path(&["lids", person.as_str()])
        } else if person.is_hidden() {
            // There is no method for usernames and business-scoped ids.
            return (None, None);
        } else {
            self.client.path(&["lids", "pn", person.local()])
        };
        let reply = self.client.get(&self.progress, &path, &[]).await;
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

    pub(super) async fn check_number(self, op: CheckNumber) -> BackendResult<NumberCheck> {
        let query = [
            ("phone", op.number.digits()),
            ("session", self.client.session()),
        ];
        let path = ["api", "contacts", "check-exists"];
        let answer: WahaNumberCheck = self
            .client
            .get(&self.progress, &path, &query)
            .await?
            .parse(API)?;
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

    pub(super) async fn block_contact(self, op: BlockContact) -> BackendResult<BlockOutcome> {
        self.progress.say("blocking the person");
        let seen = self.set_blocked(true, &op.person).await?;
        let outcome = Blocking::BlockAccepted;
        Ok(BlockOutcome::accepted(outcome, op.person, seen))
    }

    pub(super) async fn unblock_contact(self, op: UnblockContact) -> BackendResult<BlockOutcome> {
        self.progress.say("unblocking the person");
        let seen = self.set_blocked(false, &op.person).await?;
        let outcome = Blocking::UnblockAccepted;
        Ok(BlockOutcome::accepted(outcome, op.person, seen))
    }

    /// Blocks or unblocks; returns whether the change was verified.
    async fn set_blocked(&self, blocked: bool, person: &PersonId) -> BackendResult<bool> {
        let verb = if blocked { "block" } else { "unblock" };
        let body = json!({ "contactId": person.as_str(), "session": self.client.session() });
        let path = ["api", "contacts", verb];
        accepted(
            self.client
                .post(&self.progress, &path, Some(&body), DONE)
                .await?,
            NO_REMEDY,
        )?;
        self.progress.say("checking the person");
        let timeouts = self.client.timeouts;
        // An engine that does not report it now will not report it a moment later.
        let done = |seen: Option<&Option<bool>>| {
            seen.is_none_or(|seen| seen.is_none_or(|seen| seen == blocked))
        };
        let fetch = || self.is_blocked(person);
        let seen = poll_until(timeouts.confirm, timeouts, fetch, done).await;
        Ok(seen.flatten() == Some(blocked))
    }

    /// Whether a person is blocked, where the engine reports it.
    async fn is_blocked(&self, person: &PersonId) -> Option<bool> {
        let query = [
            ("contactId", person.as_str()),
            ("session", self.client.session()),
        ];
        match self
            .client
            .get(&self.progress, &["api", "contacts"], &query)
            .await
            .ok()?
            .into_body()
        {
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

/// A person of the address book with the name there. Engines that report whether a contact is
/// saved are believed; the other ones have this name of saved contacts alone.
fn saved(contact: &Value) -> Option<(&str, PersonId)> {
    let is_saved = contact.get("isMyContact").and_then(Value::as_bool);
    let name = text(contact, &["name"]).or_else(|| text(contact, &["FullName"]))?;
    let person = PersonId::parse(id(contact)?).ok()?;
    (is_saved != Some(false)).then_some((name, person))
}

fn summary(contact: &Value) -> Option<ContactSummary> {
    Some(ContactSummary {
        person: PersonId::parse(id(contact)?).ok()?,
        name: name(contact, NAMES),
        push_name: name(contact, PUSH_NAMES),
    })
}
