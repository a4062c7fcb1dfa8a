//! The vocabulary: what a tool is, said once for all back ends.

mod arguments;
mod attachments;
mod backend_error;
mod bad_call;
mod blocking;
mod bounded_text;
mod briefing;
mod call;
mod catalogue;
mod chat_changes;
mod chats;
mod contact_card;
mod contacts;
mod downloads;
mod facts;
mod group_picture;
mod group_settings;
mod groups;
mod ids;
mod invites;
mod location;
mod media;
mod members;
mod membership;
mod message_changes;
mod message_pages;
mod messages;
mod page;
mod picture;
mod poll;
mod presence;
mod profile;
mod progress;
mod schemas;
mod sending;
mod session;
mod session_control;
mod targets;
mod untrusted;

pub use self::{
    attachments::*, backend_error::*, bad_call::*, blocking::*, bounded_text::*, briefing::*,
    call::*, catalogue::*, chat_changes::*, chats::*, contact_card::*, contacts::*, downloads::*,
    facts::*, group_picture::*, group_settings::*, groups::*, ids::*, invites::*, location::*,
    media::*, members::*, membership::*, message_changes::*, message_pages::*, messages::*,
    page::*, picture::*, poll::*, presence::*, profile::*, progress::*, schemas::*, sending::*,
    session::*, session_control::*, targets::*, untrusted::*,
};

pub(crate) use self::arguments::read;

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// One action that an agent can ask for, with typed arguments.
///
/// The type's doc comment is the tool's description, its fields are the arguments.
pub trait Operation: Clone + DeserializeOwned + Serialize + JsonSchema + Send + 'static {
    /// The tool's name, unique over the catalogue.
    const NAME: &'static str;
    /// How much harm the action can do.
    const RISK: Risk;
    /// What it is about; policies choose tools by it.
    const TOPIC: Topic;
    /// How many messages its output can contain.
    const READS: Reads;
    /// What it does, in a person's words after "An agent wants to".
    const INTENT: &'static str;
    /// Whether doing it twice is the same as doing it once.
    const IDEMPOTENT: bool;
    /// Names that other servers give this action; read in policy files only.
    const KNOWN_AS: &'static [&'static str];
    /// What a back end answers.
    type Output: Output;

    /// Every chat, group and person that the arguments name, with what the action means
    /// for each. Policies decide on these.
    fn targets(&self) -> Targets;

    /// Checks what the type of each argument cannot check alone. A message id must be of
    /// the chat beside it ([`MessageId::is_of`]).
    ///
    /// # Errors
    /// When arguments contradict each other.
    fn check(&self) -> Result<(), BadId> {
        Ok(())
    }

    /// The requested page size, for operations whose output is a page of a list.
    fn page(&mut self) -> Option<&mut PageSize> {
        None
    }

    /// What identifies a repeated call: within a short time, a second call with the same
    /// content is not sent again. `None` lets repeated calls through.
    ///
    /// The default lets an idempotent operation through, and compares all arguments of
    /// any other.
    fn content(&self) -> Option<serde_json::Value> {
        match Self::IDEMPOTENT {
            true => None,
            false => serde_json::to_value(self).ok(),
        }
    }
}

/// How many messages the output of an operation can contain; read budgets count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// No message.
    Nothing,
    /// One message.
    One,
    /// As many messages as [`Operation::page`] allows.
    Page,
}

/// What a tool answers: structured content, and a short text that says the same.
pub trait Output: Serialize + JsonSchema + Send + 'static {
    /// The answer in a few lines for a reader.
    fn text(&self) -> String;

    /// Pictures, sound and files that belong to the answer.
    fn attachments(&self) -> Vec<Attachment> {
        Vec::new()
    }

    /// Leaves out what can be left out, so that it fits into this many bytes of JSON.
    fn shorten(&mut self, _bytes: usize) {}

    /// What of other people's messages is in it.
    fn reading(&self) -> Reading {
        Reading::default()
    }

    /// Takes out what is written in chats that may not be read.
    fn redact(&mut self, _may_read: &dyn Fn(&ChatId) -> bool) {}

    /// The account's state, where the answer tells it.
    fn account_state(&self) -> Option<String> {
        None
    }

    /// Whether the effect that was asked for is not known to have happened.
    fn failed(&self) -> bool {
        false
    }
}

/// What of other people's messages is in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// How many messages.
    pub messages: u32,
    /// In which chats they stand, where the call did not name them.
    pub chats: Vec<ChatId>,
}

/// How much harm an action can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Changes nothing.
    Read,
    /// Adds or changes; visible to others, reversible.
    Write,
    /// Starts something outside: a session, a pairing, a logout.
    Execute,
    /// Cannot be undone.
    Destructive,
}

impl Risk {
    /// Every class, mildest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Execute, Self::Destructive];

    /// The class's name, as policies write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execute",
            Self::Destructive => "destructive",
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What tools are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// The link to the account.
    Session,
    /// Chats as a whole.
    Chats,
    /// What is written in them.
    Messages,
    /// Groups and their members.
    Groups,
    /// People.
    Contacts,
    /// Who is online or writing.
    Presence,
}

impl Topic {
    /// Every topic, in the order in which people read them.
    pub const ALL: [Self; 6] = [
        Self::Session,
        Self::Chats,
        Self::Messages,
        Self::Groups,
        Self::Contacts,
        Self::Presence,
    ];

    /// The topic's name, as policies write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Chats => "chats",
            Self::Messages => "messages",
            Self::Groups => "groups",
            Self::Contacts => "contacts",
            Self::Presence => "presence",
        }
    }
}
