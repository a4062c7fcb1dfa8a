//! The tools that answers, errors and descriptions tell an agent to call next. A test
//! compares the table with the texts.

use super::{
    AddGroupMembers, ArchiveChat, ClearChat, CreateGroup, DeleteChat, DeleteGroupPicture,
    DeleteMessage, DemoteGroupAdmin, DownloadMedia, EditMessage, ForwardMessage, GetChat, GetGroup,
    GetGroupInvite, GetMessage, GetPresence, GetProfile, GetSession, JoinGroup, LeaveGroup,
    ListGroupMembers, ListGroups, ListMessages, MarkChatRead, MarkChatUnread, OpenSession,
    Operation, PinMessage, PreviewGroupInvite, PromoteGroupAdmin, React, RemoveGroupMembers,
    RevokeGroupInvite, SendContact, SendLocation, SendMedia, SendMessage, SendPoll, SendVoice,
    SetGroupDescription, SetGroupPermissions, SetGroupPicture, SetGroupSubject, StarMessage,
    SubscribePresence, UnarchiveChat, UnpinMessage, UnstarMessage, UpdateProfile,
};

/// The tools that send content to a chat.
pub const SENDING_TOOLS: [&str; 7] = [
    SendMessage::NAME,
    SendMedia::NAME,
    SendVoice::NAME,
    SendLocation::NAME,
    SendContact::NAME,
    SendPoll::NAME,
    ForwardMessage::NAME,
];

/// A tool that an agent is told to call after others.
#[derive(Debug, Clone, Copy)]
pub struct NextStep {
    /// The tool to call next.
    pub tool: &'static str,
    /// The tools that lead to it; none: each of them.
    pub after: &'static [&'static str],
}

const fn step(tool: &'static str, after: &'static [&'static str]) -> NextStep {
    NextStep { tool, after }
}

/// Every tool that an agent is told to call next.
pub const NEXT_STEPS: [NextStep; 12] = [
    step(GetSession::NAME, &[]),
    step(OpenSession::NAME, &[]),
    step(GetProfile::NAME, &[UpdateProfile::NAME]),
    step(
        GetChat::NAME,
        &[
            MarkChatRead::NAME,
            MarkChatUnread::NAME,
            ArchiveChat::NAME,
            UnarchiveChat::NAME,
            ClearChat::NAME,
            DeleteChat::NAME,
        ],
    ),
    step(ListMessages::NAME, &SENDING_TOOLS),
    step(
        GetMessage::NAME,
        &[
            DownloadMedia::NAME,
            EditMessage::NAME,
            DeleteMessage::NAME,
            React::NAME,
            StarMessage::NAME,
            UnstarMessage::NAME,
            PinMessage::NAME,
            UnpinMessage::NAME,
        ],
    ),
    step(
        GetGroup::NAME,
        &[
            SetGroupSubject::NAME,
            SetGroupDescription::NAME,
            SetGroupPicture::NAME,
            DeleteGroupPicture::NAME,
            SetGroupPermissions::NAME,
            LeaveGroup::NAME,
        ],
    ),
    step(
        ListGroups::NAME,
        &[CreateGroup::NAME, JoinGroup::NAME, LeaveGroup::NAME],
    ),
    step(
        ListGroupMembers::NAME,
        &[
            AddGroupMembers::NAME,
            RemoveGroupMembers::NAME,
            PromoteGroupAdmin::NAME,
            DemoteGroupAdmin::NAME,
        ],
    ),
    step(PreviewGroupInvite::NAME, &[JoinGroup::NAME]),
    step(GetGroupInvite::NAME, &[RevokeGroupInvite::NAME]),
    step(GetPresence::NAME, &[SubscribePresence::NAME]),
];

impl NextStep {
    /// Whether a tool leads to this one.
    pub fn follows(&self, tool: &str) -> bool {
        tool != self.tool && (self.after.is_empty() || self.after.contains(&tool))
    }
}
