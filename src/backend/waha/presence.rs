//! Presence on WAHA.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Waha,
    client::unreadable,
    contacts::NO_REMEDY,
    groups::{field, id_text},
    refusals::{accepted, denial},
    shapes::DONE,
};
use crate::{
    backend::{
        http::Body,
        verify::{Response, fetch_once},
    },
    op::{
        BackendResult, ChatId, ChatPresence, GetPresence, OfChat, PersonId, PersonPresence,
        Presence, PresenceList, PresenceSet, SetPresence, SubscribePresence, Subscribed,
        Subscribing,
    },
};

impl Waha {
    pub(super) async fn get_presence(self, op: GetPresence) -> BackendResult<PresenceList> {
        let Some(chat) = op.chat else {
            let followed = self.followed().await?;
            return Ok(self.shown(followed));
        };
        let path = self.client.path(&["presence", chat.as_str()]);
        let people = match self
            .client
            .get(&self.progress, &path, &[])
            .await?
            .into_body()
        {
            Body::Json(one @ Value::Object(_)) => people(&one),
            Body::Empty | Body::Json(Value::Null) => Vec::new(),
            _ => return Err(unreadable("the presence in a chat is expected")),
        };
        Ok(self.shown(vec![ChatPresence { chat, people }]))
    }

    fn shown(&self, chats: Vec<ChatPresence>) -> PresenceList {
        PresenceList::of(chats, self.progress.concealment())
    }

    /// The chats that are subscribed to.
    async fn followed(&self) -> BackendResult<Vec<ChatPresence>> {
        let path = self.client.path(&["presence"]);
        match self
            .client
            .get(&self.progress, &path, &[])
            .await?
            .into_body()
        {
            Body::Json(Value::Array(chats)) => Ok(chats.iter().filter_map(chat).collect()),
            Body::Empty => Ok(Vec::new()),
            _ => Err(unreadable("a list of chats is expected")),
        }
    }

    pub(super) async fn subscribe_presence(
        self,
        op: SubscribePresence,
    ) -> BackendResult<Subscribed> {
        self.progress.say("subscribing");
        let chat = op.chat;
        let path = self.client.path(&["presence", chat.as_str(), "subscribe"]);
        let answer = self.client.post(&self.progress, &path, None, DONE).await;
        let response = Response::of(answer, |body| denial(body, NO_REMEDY))?;
        if let Response::Denied(error) = response {
            return Err(error);
        }
        // Some engines list a chat only once something is known of it, and some have no
        // list: a chat that is not listed proves nothing.
        let followed = fetch_once(self.client.timeouts, self.followed()).await;
        let followed = followed.and_then(Result::ok).unwrap_or_default();
        let outcome = match response {
            _ if followed.iter().any(|one| one.chat == chat) => Subscribing::Subscribed,
            Response::Accepted => Subscribing::Accepted,
            Response::Denied(error) | Response::Ambiguous(error) => return Err(error),
        };
        Ok(Subscribed::new(outcome, OfChat { chat }))
    }

    pub(super) async fn set_presence(self, op: SetPresence) -> BackendResult<PresenceSet> {
        self.progress.say("showing the presence");
        let mut body = json!({ "presence": op.presence.name() });
        if let (Some(chat), Some(fields)) = (&op.chat, body.as_object_mut()) {
            fields.insert("chatId".into(), chat.as_str().into());
        }
        let path = self.client.path(&["presence"]);
        accepted(
            self.client
                .post(&self.progress, &path, Some(&body), DONE)
                .await?,
            NO_REMEDY,
        )?;
        Ok(PresenceSet {
            accepted: op.presence,
            verified: false,
            chat: op.chat,
        })
    }
}

fn chat(value: &Value) -> Option<ChatPresence> {
    let id = field(value, &["id"]).and_then(id_text)?;
    Some(ChatPresence {
        chat: ChatId::parse(id).ok()?,
        people: people(value),
    })
}

fn people(chat: &Value) -> Vec<PersonPresence> {
    let known = field(chat, &["presences"]).and_then(Value::as_array);
    known.into_iter().flatten().filter_map(person).collect()
}

fn person(value: &Value) -> Option<PersonPresence> {
    let id = field(value, &["participant"]).and_then(id_text)?;
    Some(PersonPresence {
        person: PersonId::parse(id).ok()?,
        // The set of words is open; an unknown one says nothing.
        presence: Presence::deserialize(value.get("lastKnownPresence")?).ok()?,
        last_seen: field(value, &["lastSeen"]).and_then(time),
    })
}

/// A time in seconds, which may come with a fraction or as a text.
fn time(value: &Value) -> Option<Timestamp> {
    let seconds = match value {
        Value::String(text) => text.parse().ok()?,
        number => number.as_i64().or_else(|| {
            let whole = number.as_f64()?.trunc();
            format!("{whole:.0}").parse().ok()
        })?,
    };
    Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
}
