//! Sending a poll.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    BadId, BoundedText, ChatId, MessageId, Operation, Reads, Risk, Sent, Targets, Topic,
    sending::reply_is_of,
};

/// Send a poll to a person or a group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendPoll {
    /// Chat to send to.
    pub chat: ChatId,
    /// What is asked.
    pub question: BoundedText<1, 255>,
    /// What can be chosen; each only once.
    #[schemars(length(min = 2, max = 12))]
    pub options: Vec<BoundedText<1, 100>>,
    /// Whether more than one may be chosen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple_answers: bool,
    /// Message to answer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Send even if the same was sent just now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

impl Operation for SendPoll {
    const NAME: &'static str = "send_poll";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "send a poll in a WhatsApp chat";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &[];
    type Output = Sent;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.chat)
    }

    fn check(&self) -> Result<(), BadId> {
        if matches!(self.chat, ChatId::Channel(_)) {
            return Err(BadId::new("a channel takes no polls"));
        }
        if !(2..=12).contains(&self.options.len()) {
            return Err(BadId::new("`options`: takes 2 to 12 options"));
        }
        let mut seen = HashSet::new();
        let mut options = self.options.iter().map(|option| option.as_str().trim());
        if let Some(twice) = options.find(|option| !seen.insert(*option)) {
            return Err(BadId::new(format!(
                "`options`: `{twice}` stands there twice"
            )));
        }
        reply_is_of(self.reply_to.as_ref(), &self.chat)
    }

    fn content(&self) -> Option<Value> {
        let poll = (&self.question, &self.options, self.multiple_answers);
        (!self.allow_repeat).then(|| json!([self.chat, poll]))
    }
}
