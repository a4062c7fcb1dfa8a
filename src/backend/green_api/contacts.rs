//! Contacts on GREEN-API.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{GreenApi, client::API, groups::text};
use crate::{
    backend::{http::Body, refusals::unknown_contact},
    op::{
        BackendError, BackendResult, CheckNumber, ContactDetails, ContactList, ContactSummary,
        GetContact, ListContacts, NumberCheck, PersonId,
    },
    toolset::AddressBook,
};

/// `checkWhatsapp`.
#[derive(Deserialize)]
struct GreenApiNumberCheck {
    #[serde(rename = "existsWhatsapp")]
    exists: bool,
}

impl GreenApi {
    pub(super) async fn list_contacts(self, op: ListContacts) -> BackendResult<ContactList> {
        let contacts = self.contacts().await?;
        let contacts = contacts.iter().filter_map(summary).collect();
        Ok(ContactList::page(contacts, false, &op))
    }

    /// The people whom the account has saved, by the names that it gave them (`contactName`;
    /// `name` is what they call themselves).
    pub(super) async fn saved_contacts(&self) -> BackendResult<AddressBook> {
        let contacts = self.contacts().await?;
        let names = contacts.iter().filter_map(|contact| {
            let person = PersonId::parse(contact.get("id")?.as_str()?).ok()?;
            Some((contact.get("contactName")?.as_str()?.to_owned(), person))
        });
        Ok(AddressBook {
            names: names.collect(),
            ..AddressBook::default()
        })
    }

    pub(super) async fn get_contact(self, op: GetContact) -> BackendResult<ContactDetails> {
        let arguments = json!({ "chatId": op.person.as_str() });
        let reply = self
            .client
            .read(&self.progress, "getContactInfo", Some(&arguments))
            .await?;
        match reply.into_body() {
            Body::Json(contact @ Value::Object(_)) => Ok(ContactDetails {
                about: text(&contact, "description"),
                ..ContactDetails::new(
                    op.person,
                    text(&contact, "contactName"),
                    text(&contact, "name"),
                )
            }),
            _ => Err(unknown_contact(API, &op.person)),
        }
    }

    pub(super) async fn check_number(self, op: CheckNumber) -> BackendResult<NumberCheck> {
        let number: u64 = op
            .number
            .digits()
            .parse()
            .map_err(|error| BackendError::internal(&error))?;
        let arguments = json!({ "phoneNumber": number });
        let reply = self
            .client
            .read(&self.progress, "checkWhatsapp", Some(&arguments))
            .await?;
        let GreenApiNumberCheck { exists } = reply.parse(API)?;
        Ok(NumberCheck {
            exists,
            person: exists.then(|| PersonId::from(&op.number)),
        })
    }
}

fn summary(contact: &Value) -> Option<ContactSummary> {
    Some(ContactSummary {
        person: PersonId::parse(contact.get("id")?.as_str()?).ok()?,
        name: text(contact, "contactName"),
        push_name: text(contact, "name"),
    })
}
