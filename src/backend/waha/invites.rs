//! Invite links on WAHA.

use serde_json::{Value, json};

use super::{
    Waha,
    client::API,
    groups::{Membership, description, field, id_text, inner, size, subject, unreadable},
    session::is_false,
};
use crate::{
    backend::{
        http::{Body, Reply},
        settle::{Said, Seen, settle},
    },
    op::{
        BackendError, Briefing, Change, GetGroupInvite, GroupId, GroupInvite, GroupPreview,
        InviteCode, JoinGroup, JoinedGroup, Joining, PreviewGroupInvite, Progress,
        RevokeGroupInvite, RevokedInvite, Revoking, Untrusted,
    },
};

/// The names under which engines say that administrators let people in.
const APPROVAL: [&str; 4] = [
    "newMembersApprovalRequired",
    "joinApprovalMode",
    "membershipApprovalMode",
    "IsJoinApprovalRequired",
];

impl Waha {
    pub(super) async fn get_group_invite(
        self,
        op: GetGroupInvite,
    ) -> Result<GroupInvite, BackendError> {
        self.working().await?;
        Ok(GroupInvite {
            link: self.invite(&op.group).await?.link(),
            group: op.group,
        })
    }

    async fn invite(&self, group: &GroupId) -> Result<InviteCode, BackendError> {
        let path = [
            "api",
            self.0.session(),
            "groups",
            group.as_str(),
            "invite-code",
        ];
        let reply = self.0.get(&path, &[]).await?;
        match code(&reply.body()) {
            Some(code) => Ok(code),
            None if is_silent(&reply.body()) => Err(BackendError::Refused {
                api: API,
                status: None,
                said: Untrusted::new("it tells no invite link"),
                next: "only an administrator of the group may see it: look with get_group",
            }),
            None => Err(unreadable("an invite code is expected")),
        }
    }

    pub(super) async fn brief_revoke_group_invite(
        self,
        op: RevokeGroupInvite,
    ) -> Result<Briefing, BackendError> {
        let group = self.group(&op.group).await?;
        Ok(Briefing {
            subject: subject(&group).and_then(Untrusted::nonempty),
            facts: Vec::new(),
        })
    }

    pub(super) async fn revoke_group_invite(
        self,
        op: RevokeGroupInvite,
        progress: Progress,
    ) -> Result<RevokedInvite, BackendError> {
        self.working().await?;
        // Without the link from before nobody could tell that it is another one.
        let before = self.invite(&op.group).await?;
        progress.say("replacing the invite link");
        let path = [
            "api",
            self.0.session(),
            "groups",
            op.group.as_str(),
            "invite-code",
            "revoke",
        ];
        let answer = self.0.post(&progress, &path, None).await;
        let new = answer.as_ref().ok().and_then(|reply| code(&reply.body()));
        if new.is_some_and(|new| new != before) {
            return Ok(RevokedInvite::new(Revoking::Revoked, op.group));
        }
        let said = Said::of(answer, denied)?;
        let change = settle(said, self.0.timeouts, || async {
            progress.say("looking whether the link is another one");
            Seen::wanted(self.invite(&op.group).await.ok().map(|now| now != before))
        });
        let outcome = match change.await? {
            Change::Changed => Revoking::Revoked,
            Change::Unchanged => Revoking::SameLink,
            _ => Revoking::Unknown,
        };
        Ok(RevokedInvite::new(outcome, op.group))
    }

    pub(super) async fn preview_group_invite(
        self,
        op: PreviewGroupInvite,
    ) -> Result<GroupPreview, BackendError> {
        self.working().await?;
        self.preview(&op.invite).await
    }

    async fn preview(&self, invite: &InviteCode) -> Result<GroupPreview, BackendError> {
        let path = ["api", self.0.session(), "groups", "join-info"];
        let reply = self.0.get(&path, &[("code", invite.as_str())]).await?;
        match reply.body() {
            Body::Json(group @ Value::Object(_)) => {
                preview(&group).ok_or_else(|| unreadable("a group with an id is expected"))
            }
            // Servers of 2024 take `join-info` for the id of a group that they do not know.
            body if is_silent(&body) => Err(BackendError::Refused {
                api: API,
                status: None,
                said: Untrusted::new("it tells of no group behind this invitation"),
                next: "check the link; if it is right, this WAHA server is too old for invitations",
            }),
            _ => Err(unreadable("a group is expected")),
        }
    }

    pub(super) async fn join_group(
        self,
        op: JoinGroup,
        progress: Progress,
    ) -> Result<JoinedGroup, BackendError> {
        let own = self.working().await?;
        // Without the group's id nobody could look whether it was joined.
        let group = self.preview(&op.invite).await?;
        if self.membership(&group.group, &own).await? == Membership::In {
            return Ok(JoinedGroup::new(Joining::WasMember, group));
        }
        progress.say("joining the group");
        let path = ["api", self.0.session(), "groups", "join"];
        let body = json!({ "code": op.invite.as_str() });
        let answer = self.0.post(&progress, &path, Some(&body)).await;
        let said = Said::of(answer, denied)?;
        let waits_for_approval = group.needs_approval == Some(true) && matches!(said, Said::Yes);
        let mut timeouts = self.0.timeouts;
        if waits_for_approval {
            // An administrator takes longer than anybody waits here.
            timeouts.settle = timeouts.look;
        }
        let change = settle(said, timeouts, || async {
            progress.say("looking whether the membership shows");
            let seen = self.membership(&group.group, &own).await.ok();
            Seen::wanted(seen.map(|seen| seen == Membership::In))
        });
        let outcome = match change.await? {
            Change::Changed => Joining::Joined,
            Change::Unchanged if waits_for_approval => Joining::WaitsForApproval,
            Change::Unchanged => Joining::NotMember,
            _ => Joining::Unknown,
        };
        Ok(JoinedGroup::new(outcome, group))
    }
}

/// The code in an answer: bare or a link, as a string of JSON or as text.
fn code(body: &Body) -> Option<InviteCode> {
    let text = match body {
        Body::Text(text) => text.clone(),
        Body::Json(Value::String(text)) => text.clone(),
        // A code of digits alone reads as a number.
        Body::Json(Value::Number(number)) => number.to_string(),
        Body::Json(_) | Body::Empty => return None,
    };
    InviteCode::parse(&text).ok()
}

/// Whether an answer tells nothing.
fn is_silent(body: &Body) -> bool {
    matches!(body, Body::Empty | Body::Json(Value::Null)) || is_false(body)
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
        // The members that stand in an invitation are not all of them.
        members: size(fields),
        needs_approval: field(fields, &APPROVAL).and_then(Value::as_bool),
    })
}

/// WhatsApp's plain `false`, which comes as a success.
fn denied(reply: &Reply) -> Option<BackendError> {
    is_false(&reply.body()).then(|| BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new("it answered `false`"),
        next: "look with list_groups; a person can do it on the phone",
    })
}
