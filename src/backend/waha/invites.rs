//! Invite links on WAHA.

use serde_json::{Value, json};

use super::{
    Waha,
    client::{API, unreadable},
    groups::{description, field, id_text, inner, size, subject},
    refusals::{refused, response},
    shapes::{INVITE, JOINED},
};
use crate::{
    backend::{
        http::Body,
        refusals::no_invite_link,
        shapes::boolean,
        verify::{Observation, Response},
    },
    op::{
        BackendError, BackendResult, Briefing, Change, ChatId, GetGroupInvite, GroupId,
        GroupInvite, GroupPreview, InviteCode, JoinGroup, JoinedGroup, Joining, OfGroup,
        PreviewGroupInvite, RevokeGroupInvite, RevokedInvite, Untrusted,
    },
};

const REMEDY: &str = "check with list_groups; a person can do it on the phone";

/// The fields in which engines report that administrators admit people.
const APPROVAL: [&str; 4] = [
    "newMembersApprovalRequired",
    "joinApprovalMode",
    "membershipApprovalMode",
    "IsJoinApprovalRequired",
];

/// The error for an invitation to no group.
fn no_group_behind() -> BackendError {
    refused(
        "it reports no group behind this invitation",
        "check the link; if it is right, this WAHA server is too old for invitations",
    )
}

impl Waha {
    pub(super) async fn get_group_invite(self, op: GetGroupInvite) -> BackendResult<GroupInvite> {
        self.working().await?;
        Ok(GroupInvite {
            link: self.invite(&op.group).await?.link(),
            group: op.group,
        })
    }

    async fn invite(&self, group: &GroupId) -> BackendResult<InviteCode> {
        let path = self.client.group_path(group, &["invite-code"]);
        let reply = self.client.get(&self.progress, &path, &[]).await?;
        match code(reply.body()) {
            Some(code) => Ok(code),
            None if is_silent(reply.body()) => Err(no_invite_link(API)),
            None => Err(unreadable("an invite code is expected")),
        }
    }

    pub(super) async fn brief_revoke_group_invite(
        self,
        op: RevokeGroupInvite,
    ) -> BackendResult<Briefing> {
        let group = self.group(&op.group).await?;
        Ok(Briefing {
            subject: subject(&group).and_then(Untrusted::nonempty),
            facts: Vec::new(),
        })
    }

    pub(super) async fn revoke_group_invite(
        self,
        op: RevokeGroupInvite,
    ) -> BackendResult<RevokedInvite> {
        self.working().await?;
        // Without the previous link the change could not be verified.
        let before = self.invite(&op.group).await?;
        self.progress.say("replacing the invite link");
        let path = self
            .client
            .group_path(&op.group, &["invite-code", "revoke"]);
        let answer = self.client.post(&self.progress, &path, None, INVITE).await;
        let new = answer.as_ref().ok().and_then(code);
        let change = if new.is_some_and(|new| new != before) {
            Change::Changed
        } else {
            let observe = || async {
                self.progress.say("checking whether the link is a new one");
                let now = self.invite(&op.group).await.ok();
                Observation::from(now.map(|now| now != before))
            };
            let response = response(answer, REMEDY)?;
            response.verify(self.client.timeouts, observe).await?
        };
        Ok(RevokedInvite::of(change, OfGroup { group: op.group }))
    }

    pub(super) async fn preview_group_invite(
        self,
        op: PreviewGroupInvite,
    ) -> BackendResult<GroupPreview> {
        self.working().await?;
        let preview = self.preview(&op.invite).await?;
        match self
            .progress
            .concealment()
            .chat(&ChatId::from(&preview.group))
        {
            true => Err(no_group_behind()),
            false => Ok(preview),
        }
    }

    async fn preview(&self, invite: &InviteCode) -> BackendResult<GroupPreview> {
        let path = self.client.path(&["groups", "join-info"]);
        let reply = self
            .client
            .get(&self.progress, &path, &[("code", invite.as_str())])
            .await?;
        match reply.into_body() {
            Body::Json(group @ Value::Object(_)) => {
                preview(&group).ok_or_else(|| unreadable("a group with an id is expected"))
            }
            // Servers of 2024 take `join-info` for the id of a group that they do not know.
            body if is_silent(&body) => Err(no_group_behind()),
            _ => Err(unreadable("a group is expected")),
        }
    }

    pub(super) async fn join_group(self, op: JoinGroup) -> BackendResult<JoinedGroup> {
        let own = self.working().await?.own_ids();
        // Without the group's id the membership could not be verified.
        let preview = self.preview(&op.invite).await?;
        if self.is_member(&preview.group, &own).await? {
            return Ok(JoinedGroup::new(Joining::WasMember, preview.into()));
        }
        self.progress.say("joining the group");
        let path = self.client.path(&["groups", "join"]);
        let body = json!({ "code": op.invite.as_str() });
        let answer = self
            .client
            .post(&self.progress, &path, Some(&body), JOINED)
            .await;
        let response = response(answer, REMEDY)?;
        let needs_approval = preview.needs_approval == Some(true);
        let waits_for_approval = needs_approval && matches!(response, Response::Accepted);
        let mut timeouts = self.client.timeouts;
        if waits_for_approval {
            // An administrator takes longer than any wait here.
            timeouts.settle = timeouts.look;
        }
        let observe = || async {
            self.progress.say("checking the membership");
            Observation::from(self.is_member(&preview.group, &own).await.ok())
        };
        match response.verify(timeouts, observe).await? {
            Change::Unchanged if waits_for_approval => {
                Ok(JoinedGroup::new(Joining::WaitsForApproval, preview.into()))
            }
            change => Ok(JoinedGroup::of(change, preview.into())),
        }
    }
}

/// The code in an answer: bare or a link, as a string of JSON or as text.
pub(super) fn code(body: &Body) -> Option<InviteCode> {
    let text = match body {
        Body::Text(text) => text.clone(),
        Body::Json(Value::String(text)) => text.clone(),
        // A code of digits alone reads as a number.
        Body::Json(Value::Number(number)) => number.to_string(),
        Body::Json(_) | Body::Empty => return None,
    };
    InviteCode::parse(&text).ok()
}

/// Whether an answer holds nothing.
fn is_silent(body: &Body) -> bool {
    matches!(body, Body::Empty | Body::Json(Value::Null)) || boolean(body) == Some(false)
}

fn preview(group: &Value) -> Option<GroupPreview> {
    let fields = inner(group);
    let id = field(fields, &["id", "JID"])
        .or_else(|| field(group, &["id"]))
        .and_then(id_text)?;
    Some(GroupPreview {
        name: subject(group).and_then(Untrusted::nonempty),
        group: GroupId::parse(id).ok()?,
        description: description(group).and_then(Untrusted::nonempty),
        // The members in an invitation are not all of them.
        members: size(fields),
        needs_approval: field(fields, &APPROVAL).and_then(Value::as_bool),
    })
}
