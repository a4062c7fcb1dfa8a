//! The vocabulary: what a tool is, said once for all back ends.

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

pub use attachments::{Attachment, Blob, ReceivedFile};
pub use backend_error::{BackendError, GUARD};
pub use bad_call::BadCall;
pub use blocking::{BlockContact, BlockOutcome, Blocking, UnblockContact};
pub use bounded_text::BoundedText;
pub use briefing::Briefing;
pub use call::call;
pub use catalogue::{Entry, catalogue, named};
pub use chat_changes::{
    ArchiveChat, ChangedChat, ChangingChat, ClearChat, DeleteChat, MarkChatRead, MarkChatUnread,
    UnarchiveChat,
};
pub use chats::{CHAT_BLOCK, Chat, ChatList, GetChat, LastMessage, ListChats};
pub use contact_card::SendContact;
pub use contacts::{
    CheckNumber, ContactDetails, ContactList, ContactSummary, GetContact, ListContacts, NumberCheck,
};
pub use downloads::{ChatPicture, DownloadMedia, GetPicture};
pub(crate) use facts::understood;
pub use facts::{Digest, Facts};
pub use group_picture::{DeleteGroupPicture, SetGroupPicture};
pub use group_settings::{
    Change, GroupChanged, PermissionsChanged, SetGroupDescription, SetGroupPermissions,
    SetGroupSubject, Who,
};
pub use groups::{
    GetGroup, GroupDetails, GroupList, GroupSummary, LeaveGroup, Leaving, LeftGroup, ListGroups,
    Role,
};
pub use ids::{
    BadId, ChannelId, ChatId, GroupId, InviteCode, MessageId, People, PersonId, PhoneNumber,
};
pub use invites::{
    GetGroupInvite, GroupInvite, GroupPreview, JoinGroup, JoinedGroup, Joining, PreviewGroupInvite,
    RevokeGroupInvite, RevokedInvite, Revoking,
};
pub use location::{Degrees, SendLocation};
pub use media::{MediaKind, SendMedia, SendVoice};
pub use members::{
    AddGroupMembers, CreateGroup, DemoteGroupAdmin, GroupName, ListGroupMembers, PromoteGroupAdmin,
    RemoveGroupMembers,
};
pub use membership::{
    CreatedGroup, Fate, GroupMember, MemberChanges, MemberList, PersonChange, Rank,
};
pub use message_changes::{
    ChangedMessage, ChangingMessage, DeleteMessage, EditMessage, Emoji, ForwardMessage,
    PinDuration, PinMessage, React, StarMessage, UnpinMessage, UnstarMessage,
};
pub use message_pages::Listed;
pub use messages::{
    Cursor, Format, GetMessage, ListMessages, Message, MessageList, ShortMessage, ToldMessage,
};
pub use page::{AnswerSize, PageSize, Room};
pub use picture::Picture;
pub use poll::SendPoll;
pub use presence::{
    ChatPresence, GetPresence, PersonPresence, Presence, PresenceList, PresenceSet, SetPresence,
    SubscribePresence, Subscribed, Subscribing,
};
pub use profile::{ProfileUpdated, UpdateProfile};
pub use progress::Progress;
pub use schemas::Schemas;
pub(crate) use schemas::schemas;
pub use sending::{Delivery, MessageText, SendMessage, Sent};
pub use session::{
    GetSession, LoggedOut, LoggingOut, LogoutInstance, OpenSession, OpenedSession, PairingCode,
    QrCode, SessionReport, SessionState,
};
pub use session_control::{
    DeleteSession, DeletedSession, Deleting, GetProfile, Profile, RestartSession, RestartedSession,
    Restarting, StopSession, StoppedSession, Stopping,
};
pub use targets::{Identities, TargetRole, Targets};
pub use untrusted::Untrusted;
pub(crate) use untrusted::is_hidden;

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
    /// What it does, in a person's words after "An agent wants to".
    const INTENT: &'static str;
    /// Whether doing it twice is the same as doing it once.
    const IDEMPOTENT: bool;
    /// Names that other servers give this action; read in policy files only.
    const KNOWN_AS: &'static [&'static str];
    /// What a back end answers.
    type Output: Output;

    /// The chats that the action reaches.
    fn targets(&self) -> Targets {
        Targets::default()
    }

    /// Holds the arguments against each other.
    ///
    /// # Errors
    /// When they do not belong together.
    fn check(&self) -> Result<(), BadId> {
        Ok(())
    }

    /// The size of the page, where the answer is a page of a list.
    fn page(&mut self) -> Option<&mut PageSize> {
        None
    }

    /// How many messages may be read out at most.
    fn reads(&self) -> u32 {
        0
    }

    /// What makes this the same as another call of the tool, where doing the same
    /// again within a short time is taken for a slip.
    fn content(&self) -> Option<serde_json::Value> {
        None
    }
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
