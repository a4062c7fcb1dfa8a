//! Sending a place, a contact card or a poll on GREEN-API.

use serde_json::{Value, json};

use super::GreenApi;
use crate::op::{BackendError, BackendResult, SendContact, SendLocation, SendPoll, Sent};

impl GreenApi {
    pub(super) async fn send_location(self, op: SendLocation) -> BackendResult<Sent> {
        let (latitude, longitude) = (op.latitude.get(), op.longitude.get());
        let mut body = json!({ "latitude": latitude, "longitude": longitude });
        if let Value::Object(fields) = &mut body {
            let name = op.name.as_ref().map(|name| name.as_str().into());
            fields.extend(name.map(|name| ("nameLocation".to_owned(), name)));
            let address = op.address.as_ref().map(|address| address.as_str().into());
            fields.extend(address.map(|address| ("address".to_owned(), address)));
        }
        self.send("sendLocation", body, op.chat, op.reply_to).await
    }

    pub(super) async fn send_contact(self, op: SendContact) -> BackendResult<Sent> {
        // The API requires a JSON number.
        let number: u64 = op
            .number
            .digits()
            .parse()
            .map_err(|error| BackendError::internal(&error))?;
        let mut contact = json!({ "phoneContact": number, "firstName": op.name.as_str() });
        if let (Value::Object(fields), Some(work)) = (&mut contact, &op.organization) {
            fields.insert("company".to_owned(), work.as_str().into());
        }
        let body = json!({ "contact": contact });
        self.send("sendContact", body, op.chat, op.reply_to).await
    }

    pub(super) async fn send_poll(self, op: SendPoll) -> BackendResult<Sent> {
        let options: Value = op
            .options
            .iter()
            .map(|option| json!({ "optionName": option.as_str() }))
            .collect();
        let body = json!({
            "message": op.question.as_str(),
            "options": options,
            "multipleAnswers": op.multiple_answers,
        });
        self.send("sendPoll", body, op.chat, op.reply_to).await
    }
}
