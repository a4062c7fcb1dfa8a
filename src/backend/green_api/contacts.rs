//! Contacts on GREEN-API.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{GreenApi, client::API};
use crate::{
    backend::{Fault, http::Body},
    op::{
        CheckNumber, ContactDetails, ContactList, ContactSummary, Foreign, GetContact,
        ListContacts, NumberCheck, PersonId,
    },
};

/// `checkWhatsapp`.
#[derive(Deserialize)]
struct Exists {
    #[serde(rename = "existsWhatsapp")]
    exists: bool,
}

impl GreenApi {
    pub(super) async fn list_contacts(self, op: ListContacts) -> Result<ContactList, Fault> {
        match self.0.read("getContacts", None).await?.body() {
            Body::Json(Value::Array(contacts)) => {
                let contacts = contacts.iter().filter_map(summary).collect();
                Ok(ContactList::page(contacts, false, &op))
            }
            _ => Err(Fault::Unreadable {
                api: API,
                why: "a list of contacts is expected".into(),
            }),
        }
    }

    pub(super) async fn get_contact(self, op: GetContact) -> Result<ContactDetails, Fault> {
        let arguments = json!({ "chatId": op.person.as_str() });
        let reply = self.0.read("getContactInfo", Some(&arguments)).await?;
        match reply.body() {
            Body::Json(contact @ Value::Object(_)) => Ok(ContactDetails {
                about: text(&contact, "description"),
                ..ContactDetails::new(
                    op.person,
                    text(&contact, "contactName"),
                    text(&contact, "name"),
                )
            }),
            _ => Err(Fault::Refused {
                api: API,
                status: None,
                said: Foreign::new(&format!("it knows no contact {}", op.person)),
                next: "check the id; list_contacts shows the contacts there are",
            }),
        }
    }

    pub(super) async fn check_number(self, op: CheckNumber) -> Result<NumberCheck, Fault> {
        let number: u64 = op
            .number
            .digits()
            .parse()
            .map_err(|error| Fault::internal(&error))?;
        let arguments = json!({ "phoneNumber": number });
        let reply = self.0.read("checkWhatsapp", Some(&arguments)).await?;
        let Exists { exists } = reply.parse(API)?;
        Ok(NumberCheck {
            exists,
            person: exists.then(|| PersonId::from(&op.number)),
        })
    }
}

fn text(fields: &Value, name: &str) -> Option<Foreign> {
    fields.get(name)?.as_str().and_then(Foreign::nonempty)
}

fn summary(contact: &Value) -> Option<ContactSummary> {
    Some(ContactSummary {
        person: PersonId::parse(contact.get("id")?.as_str()?).ok()?,
        name: text(contact, "contactName"),
        push_name: text(contact, "name"),
    })
}
