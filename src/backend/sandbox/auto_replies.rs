//! Automatic replies to what the account writes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ME, SandboxState, history::MessageContent};

/// Who answers each message; everybody else answers now and then.
const QUICK: &str = "15552220003@c.us";

/// Every how many messages somebody else answers.
const PATIENCE: usize = 3;

/// What is answered, by turns.
const WORDS: [&str; 4] = [
    "Got it, thanks!",
    "Let me look and tell you tomorrow.",
    "Sounds good. Who else comes?",
    "Can you remind me in the evening?",
];

/// How many messages the account has written into each chat.
#[derive(Default)]
pub(super) struct AutoReplies(BTreeMap<String, usize>);

impl SandboxState {
    /// Writes a message of this account, and has it answered.
    pub(super) fn write(&mut self, chat: &str, text: &str, content: MessageContent) -> Value {
        self.chats.know(chat);
        let message = self.messages.add_own(chat, text, content);
        let written = self.auto_replies.0.entry(chat.to_owned()).or_default();
        *written += 1;
        let turns = if chat == QUICK { 1 } else { PATIENCE };
        let turn = written.is_multiple_of(turns).then_some(*written / turns);
        if let (Some(turn), Some(writer)) = (turn, self.writer(chat)) {
            let words = WORDS.iter().cycle().nth((turn - 1) % WORDS.len());
            self.hear(chat, &writer, words.copied().unwrap_or_default());
        }
        message
    }

    /// Takes in a message of somebody, unread.
    pub(super) fn hear(&mut self, chat: &str, writer: &str, text: &str) {
        self.messages.add_other(chat, writer, text);
        self.chats.count_unread(chat);
    }

    /// Who answers in a chat; who is blocked or a stranger does not.
    fn writer(&self, chat: &str) -> Option<String> {
        match self.groups.0.get(chat) {
            Some(group) => {
                let mut members = group.members.iter();
                let other = members.find(|member| member.id != ME)?;
                Some(other.id.clone())
            }
            None => self.contacts.reaches(chat).then(|| chat.to_owned()),
        }
    }
}
