//! Sending a place.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::json;

use super::{
    BadId, BoundedText, CallContent, ChatId, MessageId, Operation, Reads, Risk, Sent, Targets,
    Topic,
    sending::{reply_content, reply_is_of},
};

/// Degrees from -`MAX` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Degrees<const MAX: u8>(f64);

impl<const MAX: u8> Degrees<MAX> {
    /// The degrees as a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de, const MAX: u8> Deserialize<'de> for Degrees<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let degrees = f64::deserialize(deserializer)?;
        match degrees.abs() <= f64::from(MAX) {
            // -0.0 is the same place as 0.0.
            true => Ok(Self(degrees + 0.0)),
            false => Err(D::Error::custom(format_args!(
                "must be a number from -{MAX} to {MAX}"
            ))),
        }
    }
}

impl<const MAX: u8> JsonSchema for Degrees<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Degrees{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let most = i16::from(MAX);
        json_schema!({ "type": "number", "minimum": -most, "maximum": most })
    }
}

/// Send a location on the map.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendLocation {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
    /// Degrees north.
    pub latitude: Degrees<90>,
    /// Degrees east.
    pub longitude: Degrees<180>,
    /// Name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<BoundedText<1, 200>>,
    /// Address of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<BoundedText<1, 500>>,
    /// Id of a message in this chat to reply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Send even if the same was sent within 30 s.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

impl Operation for SendLocation {
    const NAME: &'static str = "send_location";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "send a place in a WhatsApp message";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &["waha_send_location"];
    type Output = Sent;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.chat)
    }

    fn check(&self) -> Result<(), BadId> {
        reply_is_of(self.reply_to.as_ref(), &self.chat)
    }

    fn content(&self) -> Option<CallContent> {
        let place = (self.latitude, self.longitude, &self.name, &self.address);
        let content = CallContent::of(json!([
            self.chat,
            place,
            reply_content(self.reply_to.as_ref())
        ]));
        Some(content.repeated(self.allow_repeat))
    }
}
