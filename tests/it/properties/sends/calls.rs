//! What the clients call.

use serde_json::{Value, json};

use super::{CHAT, random::Random};
use crate::app::gate::tools;

/// How many texts the clients send, over and over and at the same time.
const TEXTS: u64 = 24;

/// What a text begins with that may be sent again.
const AGAIN: &str = "again";

#[derive(Debug, Clone)]
pub struct Call {
    pub tool: &'static str,
    pub arguments: Value,
}

impl Call {
    pub fn random(random: &mut Random) -> Self {
        match random.below(8) {
            0 => read(&chat(random.below(TEXTS))),
            1 => send(&format!("{AGAIN} {}", random.below(TEXTS))),
            _ => send(&random.below(TEXTS).to_string()),
        }
    }

    pub fn params(&self) -> Value {
        json!({ "name": self.tool, "arguments": self.arguments })
    }
}

/// A send of this text.
pub fn send(text: &str) -> Call {
    let arguments = match may_be_repeated(text) {
        true => json!({ "chat": CHAT, "text": text, "allow_repeat": true }),
        false => json!({ "chat": CHAT, "text": text }),
    };
    Call {
        tool: "send_message",
        arguments,
    }
}

fn read(chat: &str) -> Call {
    Call {
        tool: "list_messages",
        arguments: json!({ "chat": chat }),
    }
}

fn chat(number: u64) -> String {
    format!("155522200{number:02}@c.us")
}

/// Whether its sender asked for it to be sent although it was sent before.
pub fn may_be_repeated(text: &str) -> bool {
    text.starts_with(AGAIN)
}

/// The call that a request at this path, or with this text, belongs to.
pub fn behind(path: &str, text: Option<&str>) -> Call {
    match text {
        Some(text) => send(text),
        None => {
            let read_chat = path.split('/').nth(4).unwrap();
            read(&read_chat.replace("%40", "@"))
        }
    }
}

/// The digest by which the audit names a call.
pub fn digest(call: &Call) -> String {
    let arguments = call.arguments.as_object().unwrap().clone();
    let prepared = tools().prepare(call.tool, arguments).unwrap();
    prepared.facts().digest.to_string()
}
