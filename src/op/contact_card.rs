//! Sending a contact.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    BadId, BoundedText, CallContent, ChatId, MessageId, Operation, PersonId, PhoneNumber, Reads,
    Risk, Sent, TargetRole, Targets, Topic,
    sending::{reply_content, reply_is_of},
};

/// Send a contact card.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendContact {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
    /// Name on the card.
    pub name: BoundedText<1, 200>,
    /// Phone number on the card, with country code.
    pub number: PhoneNumber,
    /// Organization on the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<BoundedText<1, 200>>,
    /// Id of a message in this chat to reply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Send even if the same was sent within 30 s.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

impl Operation for SendContact {
    const NAME: &'static str = "send_contact";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "send a contact card in a WhatsApp message";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &["waha_send_contact"];
    type Output = Sent;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.chat).with(&PersonId::from(&self.number), TargetRole::Named)
    }

    fn check(&self) -> Result<(), BadId> {
        // Each line of a card is a field, so a second line would add a field.
        let names = [Some(&self.name), self.organization.as_ref()];
        let mut names = names.into_iter().flatten();
        if names.any(|name| name.as_str().contains(char::is_control)) {
            return Err(BadId::new(
                "`name` and `organization` must be one line each",
            ));
        }
        reply_is_of(self.reply_to.as_ref(), &self.chat)
    }

    fn content(&self) -> Option<CallContent> {
        let card = (&self.name, &self.number, &self.organization);
        let content = CallContent::of(json!([
            self.chat,
            card,
            reply_content(self.reply_to.as_ref())
        ]));
        Some(content.repeated(self.allow_repeat))
    }
}
