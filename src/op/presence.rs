//! Who is online or writing.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BadId, ChangeOutcome, ChatId, Concealment, OfChat, Operation, Output, PersonId, Reads, Risk,
    Targets, Topic, outcome::outcomes,
};
use crate::text::json_size;

/// Get who is online or typing: in one chat, which also subscribes to it, or in all
/// subscribed chats.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPresence {
    /// Chat id from list_chats, or a phone number. Default: all subscribed chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
}

impl Operation for GetPresence {
    const NAME: &'static str = "get_presence";
    const RISK: Risk = Risk::Read;
    const TOPIC: Topic = Topic::Presence;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "see who is online or writing on WhatsApp";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_get_presence", "waha_get_all_presence"];
    type Output = PresenceList;

    fn targets(&self) -> Targets {
        self.chat.as_ref().map(Targets::chat).unwrap_or_default()
    }
}

/// Subscribe to who is online or typing in a chat. Then read it with get_presence.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscribePresence {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for SubscribePresence {
    const NAME: &'static str = "subscribe_presence";
    const RISK: Risk = Risk::Execute;
    const TOPIC: Topic = Topic::Presence;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "follow who is online or writing in a WhatsApp chat";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_subscribe_presence"];
    type Output = Subscribed;

    fn targets(&self) -> Targets {
        Targets::chat(&self.chat)
    }
}

/// Show this account as online or offline, or as typing, recording or paused in a chat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// Presence to show.
    pub presence: Presence,
    /// Chat id from list_chats; only for typing, recording and paused, which need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
}

impl Operation for SetPresence {
    const NAME: &'static str = "set_presence";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Presence;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "change what others see this WhatsApp account doing";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_set_presence"];
    type Output = PresenceSet;

    fn targets(&self) -> Targets {
        let chat = self.chat.as_ref();
        chat.map(Targets::noticing).unwrap_or_default()
    }

    fn check(&self) -> Result<(), BadId> {
        let presence = self.presence.name();
        match (self.presence.is_of_a_chat(), &self.chat) {
            (true, None) => Err(BadId::new(format!("`{presence}` needs `chat`"))),
            (false, Some(_)) => Err(BadId::new(format!(
                "`{presence}` is for the whole account; omit `chat`"
            ))),
            _ => Ok(()),
        }
    }
}

/// What somebody is seen doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(
    missing_docs,
    reason = "the words say it, and schemas repeat what is said"
)]
pub enum Presence {
    Online,
    Offline,
    Typing,
    Recording,
    Paused,
}

impl Presence {
    /// The word for it, which the APIs use as well.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Typing => "typing",
            Self::Recording => "recording",
            Self::Paused => "paused",
        }
    }

    /// Whether it is shown in one chat, and not by the whole account.
    const fn is_of_a_chat(self) -> bool {
        matches!(self, Self::Typing | Self::Recording | Self::Paused)
    }
}

/// What a person is seen doing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PersonPresence {
    /// The person's id.
    #[schemars(with = "String")]
    pub person: PersonId,
    /// What the person was last seen doing.
    pub presence: Presence,
    /// When the person was last online (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_seen: Option<Timestamp>,
}

/// What is known of a chat.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChatPresence {
    /// The chat's id.
    #[schemars(with = "String")]
    pub chat: ChatId,
    /// The people that something is known of.
    pub people: Vec<PersonPresence>,
}

/// The most people in one answer.
const MOST: usize = 100;

/// Who is online or writing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PresenceList {
    /// The chats that are followed, at most 100 people in all.
    pub chats: Vec<ChatPresence>,
    /// How many people are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<usize>,
}

impl PresenceList {
    /// The chats in the order of their ids, cut where they hold too many people.
    /// What does not exist for the caller is not among them.
    pub fn of(mut chats: Vec<ChatPresence>, concealment: &Concealment) -> Self {
        chats.retain(|one| !concealment.chat(&one.chat));
        for chat in &mut chats {
            let is_group = matches!(chat.chat, ChatId::Group(_));
            let people = &mut chat.people;
            people.retain(|one| !is_group || !concealment.person([&one.person]));
        }
        chats.sort_by(|one, other| one.chat.as_str().cmp(other.chat.as_str()));
        let mut list = Self {
            chats,
            left_out: None,
        };
        list.cut(MOST);
        list
    }

    /// Leaves so many people, in so many chats.
    fn cut(&mut self, most: usize) {
        let (mut room, mut left_out) = (most, self.left_out.unwrap_or(0));
        for chat in &mut self.chats {
            left_out += chat.people.len().saturating_sub(room);
            chat.people.truncate(room);
            room -= chat.people.len();
        }
        self.chats.truncate(most);
        self.left_out = Some(left_out).filter(|left_out| *left_out > 0);
    }
}

impl Output for PresenceList {
    fn shorten(&mut self, bytes: usize) {
        let mut most = MOST;
        while most > 1 && json_size(self) > bytes {
            most /= 2;
            self.cut(most);
        }
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        for chat in &self.chats {
            if chat.people.is_empty() {
                lines.push(format!(
                    "{}: nothing is known yet; check again in a while",
                    chat.chat
                ));
            }
            for one in &chat.people {
                let mut line = format!("{}: ", chat.chat);
                if one.person.as_str() != chat.chat.as_str() {
                    line += &format!("{} ", one.person);
                }
                line += one.presence.name();
                if let Some(time) = one.last_seen {
                    line += &format!(", last seen {time}");
                }
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return "no chat is subscribed to".into();
        }
        if let Some(left_out) = self.left_out {
            lines.insert(0, format!("{left_out} people are left out"));
        }
        lines.join("\n")
    }
}

outcomes! {
    /// What came of subscribing.
    Subscribing of OfChat, next: false {
        Subscribed = verified "subscribed to {}; read it with get_presence",
        Accepted = accepted "the API accepted to subscribe to {}, but does not list it yet; check with get_presence",
    }
}

/// The outcome of subscribing.
pub type Subscribed = ChangeOutcome<Subscribing>;

/// The outcome of showing a presence.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PresenceSet {
    /// What the API accepted to show.
    pub accepted: Presence,
    /// Always false: no API reports what others see.
    pub verified: bool,
    /// The chat it is shown in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub chat: Option<ChatId>,
}

impl Output for PresenceSet {
    fn text(&self) -> String {
        let place = match &self.chat {
            Some(chat) => format!(" in {chat}"),
            None => String::new(),
        };
        format!(
            "the API accepted to show `{}`{place}; it cannot confirm what others see",
            self.accepted.name()
        )
    }
}
