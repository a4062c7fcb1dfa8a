//! Sending a poll.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    BadId, BoundedText, CallContent, ChatId, MessageId, Operation, Reads, Risk, Sent, Targets,
    Topic,
    sending::{reply_content, reply_is_of},
};

/// Send a poll to a person or group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendPoll {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
    /// Question.
    pub question: BoundedText<1, 255>,
    /// Different answers to choose from.
    #[schemars(length(min = 2, max = 12))]
    pub options: Vec<BoundedText<1, 100>>,
    /// Allow several answers (default false).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple_answers: bool,
    /// Id of a message in this chat to reply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Send even if the same was sent within 30 s.
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
            return Err(BadId::new(
                "`chat` must be a person or a group; channels have no polls",
            ));
        }
        if !(2..=12).contains(&self.options.len()) {
            return Err(BadId::new("`options` must be 2 to 12 answers"));
        }
        let mut seen = HashSet::new();
        let mut options = self.options.iter().map(|option| option.as_str().trim());
        if let Some(twice) = options.find(|option| !seen.insert(*option)) {
            return Err(BadId::new(format!(
                "`options` must differ; `{twice}` is there twice"
            )));
        }
        reply_is_of(self.reply_to.as_ref(), &self.chat)
    }

    fn content(&self) -> Option<CallContent> {
        let poll = (&self.question, &self.options, self.multiple_answers);
        let content = CallContent::of(json!([
            self.chat,
            poll,
            reply_content(self.reply_to.as_ref())
        ]));
        Some(content.repeated(self.allow_repeat))
    }
}
