//! Every tool there is, whether or not a back end offers it.

use serde_json::Value;

use super::{facts::facts, schemas::schemas, *};

/// What a policy has to know of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The tool's name.
    pub name: &'static str,
    /// How much harm it can do.
    pub risk: Risk,
    /// What it is about.
    pub topic: Topic,
    /// Names that other servers give the action.
    pub known_as: &'static [&'static str],
    /// What clients are told of it.
    pub schemas: fn() -> Schemas,
    /// What a policy sees of a call with these arguments.
    pub facts: fn(Value) -> Result<Facts, BadCall>,
}

const fn entry<O: Operation>() -> Entry {
    Entry {
        name: O::NAME,
        risk: O::RISK,
        topic: O::TOPIC,
        known_as: O::KNOWN_AS,
        schemas: schemas::<O>,
        facts: facts::<O>,
    }
}

static CATALOGUE: &[Entry] = &[
    entry::<OpenSession>(),
    entry::<GetSession>(),
    entry::<RestartSession>(),
    entry::<StopSession>(),
    entry::<LogoutInstance>(),
    entry::<DeleteSession>(),
    entry::<GetProfile>(),
    entry::<UpdateProfile>(),
    entry::<ListChats>(),
    entry::<GetChat>(),
    entry::<MarkChatRead>(),
    entry::<MarkChatUnread>(),
    entry::<ArchiveChat>(),
    entry::<UnarchiveChat>(),
    entry::<ClearChat>(),
    entry::<DeleteChat>(),
    entry::<GetPicture>(),
    entry::<ListMessages>(),
    entry::<GetMessage>(),
    entry::<DownloadMedia>(),
    entry::<SendMessage>(),
    entry::<SendMedia>(),
    entry::<SendVoice>(),
    entry::<SendLocation>(),
    entry::<SendContact>(),
    entry::<SendPoll>(),
    entry::<ForwardMessage>(),
    entry::<EditMessage>(),
    entry::<DeleteMessage>(),
    entry::<React>(),
    entry::<StarMessage>(),
    entry::<UnstarMessage>(),
    entry::<PinMessage>(),
    entry::<UnpinMessage>(),
    entry::<ListGroups>(),
    entry::<GetGroup>(),
    entry::<ListGroupMembers>(),
    entry::<CreateGroup>(),
    entry::<SetGroupSubject>(),
    entry::<SetGroupDescription>(),
    entry::<SetGroupPicture>(),
    entry::<DeleteGroupPicture>(),
    entry::<SetGroupPermissions>(),
    entry::<AddGroupMembers>(),
    entry::<RemoveGroupMembers>(),
    entry::<PromoteGroupAdmin>(),
    entry::<DemoteGroupAdmin>(),
    entry::<GetGroupInvite>(),
    entry::<RevokeGroupInvite>(),
    entry::<PreviewGroupInvite>(),
    entry::<JoinGroup>(),
    entry::<LeaveGroup>(),
    entry::<ListContacts>(),
    entry::<GetContact>(),
    entry::<CheckNumber>(),
    entry::<BlockContact>(),
    entry::<UnblockContact>(),
    entry::<GetPresence>(),
    entry::<SubscribePresence>(),
    entry::<SetPresence>(),
];

/// Every tool, in the order in which people read them.
pub fn catalogue() -> &'static [Entry] {
    CATALOGUE
}

/// The tools that a name in a policy stands for: the tool of that name, else all
/// that other servers know by it; none when nobody does.
pub fn named(name: &str) -> Vec<&'static Entry> {
    match CATALOGUE.iter().find(|entry| entry.name == name) {
        Some(own) => vec![own],
        None => CATALOGUE
            .iter()
            .filter(|entry| entry.known_as.contains(&name))
            .collect(),
    }
}
