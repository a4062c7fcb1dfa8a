//! Sending a place, a contact card or a poll on WAHA.

use serde_json::{Value, json};

use super::{
    Waha,
    shapes::{SENT, SENT_OR_NOTHING},
};
use crate::op::{BackendResult, BoundedText, SendContact, SendLocation, SendPoll, Sent};

impl Waha {
    pub(super) async fn send_location(self, op: SendLocation) -> BackendResult<Sent> {
        let (latitude, longitude) = (op.latitude.get(), op.longitude.get());
        let name = op.name.as_ref().map(BoundedText::as_str);
        let address = op.address.as_ref().map(BoundedText::as_str);
        // WAHA requires a title, and has one field for both.
        let title = match (name, address) {
            (Some(name), Some(address)) => format!("{name}, {address}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => format!("{latitude}, {longitude}"),
        };
        let body = json!({ "latitude": latitude, "longitude": longitude, "title": title });
        self.send("sendLocation", body, op.chat, op.reply_to, SENT)
            .await
    }

    pub(super) async fn send_contact(self, op: SendContact) -> BackendResult<Sent> {
        let digits = op.number.digits();
        let mut contact = json!({
            "fullName": op.name.as_str(),
            "phoneNumber": format!("+{digits}"),
            "whatsappId": digits,
            "vcard": null,
        });
        if let (Value::Object(fields), Some(work)) = (&mut contact, &op.organization) {
            fields.insert("organization".to_owned(), work.as_str().into());
        }
        let body = json!({ "contacts": [contact] });
        let (method, shapes) = ("sendContactVcard", SENT_OR_NOTHING);
        self.send(method, body, op.chat, op.reply_to, shapes).await
    }

    pub(super) async fn send_poll(self, op: SendPoll) -> BackendResult<Sent> {
        let options: Vec<&str> = op.options.iter().map(BoundedText::as_str).collect();
        let body = json!({ "poll": {
            "name": op.question.as_str(),
            "options": options,
            "multipleAnswers": op.multiple_answers,
        } });
        self.send("sendPoll", body, op.chat, op.reply_to, SENT)
            .await
    }
}
