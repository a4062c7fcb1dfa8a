//! The vocabulary: ids, operations with their arguments, and outputs, the same for all back
//! ends.

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
mod clearance;
mod concealment;
mod contact_card;
mod contacts;
mod content;
mod downloads;
mod emoji;
mod facts;
mod file_operation;
mod group_picture;
mod group_settings;
mod groups;
mod handover;
mod ids;
mod invites;
mod last_incoming;
mod location;
mod media;
mod members;
mod membership;
mod message_changes;
mod message_pages;
mod messages;
mod next_steps;
mod outcome;
mod page;
mod parts;
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
    call::*, catalogue::*, chat_changes::*, chats::*, clearance::*, concealment::*,
    contact_card::*, contacts::*, content::*, downloads::*, emoji::*, facts::*, file_operation::*,
    group_picture::*, group_settings::*, groups::*, ids::*, invites::*, last_incoming::*,
    location::*, media::*, members::*, membership::*, message_changes::*, message_pages::*,
    messages::*, next_steps::*, outcome::*, page::*, parts::*, picture::*, poll::*, presence::*,
    profile::*, progress::*, schemas::*, sending::*, session::*, session_control::*, targets::*,
    untrusted::*,
};

pub(crate) use self::{
    arguments::read,
    handover::{Handover, HandoverBody},
};

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// A tool: the type's fields are its arguments, and the type's doc comment is the
/// description that models read.
pub trait Operation:
    Clone + DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static
{
    /// The tool's name, unique in the catalogue.
    const NAME: &'static str;
    /// How much harm it can do.
    const RISK: Risk;
    /// What it is about.
    const TOPIC: Topic;
    /// How many messages its output can contain.
    const READS: Reads;
    /// What it does, in words that follow "An agent wants to" in a question to a person.
    const INTENT: &'static str;
    /// Whether a second call with the same arguments has no further effect.
    const IDEMPOTENT: bool;
    /// Names that other servers give it; policy files may use them.
    const KNOWN_AS: &'static [&'static str];
    /// What a back end returns.
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

    /// Whether the output shows what messages say; `None`: if that has no consequences.
    fn texts(&self) -> Option<bool> {
        Some(true)
    }

    /// The file that it sends; `None` for a call that sends none.
    fn outgoing(&self) -> Option<OutgoingFile> {
        None
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
    fn content(&self) -> Option<CallContent> {
        match Self::IDEMPOTENT {
            true => None,
            false => serde_json::to_value(self).ok().map(CallContent::of),
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

/// The output of a tool: structured content, and a short text with the same facts.
pub trait Output: Serialize + JsonSchema + Send + 'static {
    /// The output as a few lines of text.
    fn text(&self) -> String;

    /// Pictures, sound and files that belong to it.
    fn attachments(&self) -> Vec<Attachment> {
        Vec::new()
    }

    /// Drops optional parts so that its JSON fits into this many bytes.
    fn shorten(&mut self, _bytes: usize) {}

    /// The messages that it contains, for read budgets and the flow rule.
    fn reading(&self) -> Reading {
        Reading::default()
    }

    /// Removes of the messages of each chat what is not shown.
    fn redact(&mut self, _shown: &dyn Fn(&ChatId) -> MessageView) {}

    /// The account's state in the API's own word, if the output has it.
    fn account_state(&self) -> Option<String> {
        None
    }

    /// Whether the requested effect did not happen, or may not have happened.
    fn failed(&self) -> bool {
        false
    }

    /// Whether the API accepted a change that did not show then. What WhatsApp refused with
    /// a reason is not lost.
    fn lost(&self) -> bool {
        self.failed()
    }
}

/// How much of a chat's messages an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageView {
    /// Everything.
    Whole,
    /// When there was one, and from whom.
    WithoutText,
    /// Not that there is one.
    Nothing,
}

/// The messages in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// How many there are.
    pub messages: u32,
    /// The chats in which something was read, if the call did not name them as such.
    pub chats: Vec<ChatId>,
}

impl Reading {
    /// What chats show of themselves: pictures, descriptions, about texts.
    pub fn besides_messages(chats: impl IntoIterator<Item = ChatId>) -> Self {
        Self {
            messages: 0,
            chats: chats.into_iter().collect(),
        }
    }
}

/// How much harm a tool can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Changes nothing.
    Read,
    /// Adds or changes something; reversible.
    Write,
    /// Starts or ends something: a session, a link, a membership.
    Execute,
    /// Irreversible.
    Destructive,
}

impl Risk {
    /// All classes, the least harmful first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Execute, Self::Destructive];

    /// The name in policies.
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

/// What a tool is about; policies choose tools by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// The session and its account.
    Session,
    /// Chats as a whole.
    Chats,
    /// Messages.
    Messages,
    /// Groups and their members.
    Groups,
    /// People.
    Contacts,
    /// Who is online or typing.
    Presence,
}

impl Topic {
    /// All topics, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Session,
        Self::Chats,
        Self::Messages,
        Self::Groups,
        Self::Contacts,
        Self::Presence,
    ];

    /// The name in policies.
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
