//! Every tool, whether or not a back end has it.

use serde_json::{Map, Value};

use super::*;
use crate::text::has_parts;

/// A tool, without its type.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The tool's name.
    pub name: &'static str,
    /// How much harm it can do.
    pub risk: Risk,
    /// What it is about.
    pub topic: Topic,
    /// Names that other servers give it.
    pub known_as: &'static [&'static str],
    /// Its description and schemas, as clients see them.
    pub schemas: fn() -> Schemas,
    /// The schema of its arguments with the `format` of each id.
    pub argument_schema: fn() -> Map<String, Value>,
    /// The facts of a call with these arguments.
    pub facts: fn(Value) -> Result<Facts, BadCall>,
}

const fn entry<O: Operation>() -> Entry {
    Entry {
        name: O::NAME,
        risk: O::RISK,
        topic: O::TOPIC,
        known_as: O::KNOWN_AS,
        schemas: schemas::<O>,
        argument_schema: argument_schema::<O>,
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

/// Every tool, in the order of the documentation.
pub fn catalogue() -> &'static [Entry] {
    CATALOGUE
}

/// The tools that a name in a policy means: the tool of that name, otherwise all tools
/// that other servers give that name. Empty for an unknown name.
pub fn named(name: &str) -> Vec<&'static Entry> {
    match CATALOGUE.iter().find(|entry| entry.name == name) {
        Some(own) => vec![own],
        None => CATALOGUE
            .iter()
            .filter(|entry| entry.known_as.contains(&name))
            .collect(),
    }
}

/// What other servers write before the names of their tools. A pattern may be about a tool of
/// theirs that is not among our other names.
const PREFIXES: [&str; 2] = ["waha_", "matrix_"];

impl Entry {
    /// The names that other servers give it, or may give it.
    pub fn foreign_names(&self) -> impl Iterator<Item = String> {
        let known = self.known_as.iter().map(|name| (*name).to_owned());
        known.chain(PREFIXES.map(|prefix| format!("{prefix}{}", self.name)))
    }
}

/// The tools that a pattern in a policy means, in which `*` is any text: the tools with such a
/// name, otherwise all tools to which other servers give such a name, or may give it.
pub fn matching(pattern: &str) -> Vec<&'static Entry> {
    let parts: Vec<&str> = pattern.split('*').collect();
    let own = CATALOGUE.iter();
    let own: Vec<_> = own.filter(|entry| has_parts(entry.name, &parts)).collect();
    if !own.is_empty() {
        return own;
    }
    let theirs = CATALOGUE.iter();
    theirs
        .filter(|entry| entry.foreign_names().any(|name| has_parts(&name, &parts)))
        .collect()
}
