//! What a group on GREEN-API is called, who may do what in it, and its invite link.

use serde_json::{Map, Value, json};

use super::{
    GreenApi,
    client::{API, flag},
    groups::Group,
};
use crate::{
    backend::settle::{Said, Seen, permissions, settle},
    op::{
        BackendError, Change, GetGroupInvite, GroupChanged, GroupId, GroupInvite, InviteCode,
        PermissionsChanged, Progress, SetGroupPermissions, SetGroupSubject, Untrusted, Who,
    },
};

impl GreenApi {
    pub(super) async fn set_group_subject(
        self,
        op: SetGroupSubject,
        progress: Progress,
    ) -> Result<GroupChanged, BackendError> {
        self.known_group(&op.group).await?;
        progress.say("renaming the group");
        let wanted = op.name.as_str();
        let arguments = json!({ "groupId": op.group.as_str(), "groupName": wanted });
        let said = self.alter("updateGroupName", &arguments, &progress).await?;
        let outcome = settle(said, self.0.timeouts, || async {
            let told = self.told(&op.group, "subject", &progress).await;
            let name = told.as_ref().and_then(Value::as_str);
            Seen::wanted(name.map(|name| name.trim() == wanted.trim()))
        });
        Ok(GroupChanged::new(outcome.await?, op.group))
    }

    pub(super) async fn set_group_permissions(
        self,
        op: SetGroupPermissions,
        progress: Progress,
    ) -> Result<PermissionsChanged, BackendError> {
        self.known_group(&op.group).await?;
        progress.say("changing who may do what");
        let send = ("allowParticipantsSendMessages", op.send_messages);
        let edit = ("allowParticipantsEditGroupSettings", op.edit_info);
        let mut arguments = Map::from_iter([("groupId".into(), op.group.as_str().into())]);
        for (name, who) in [send, edit] {
            if let Some(who) = who {
                arguments.insert(name.into(), (who == Who::All).into());
            }
        }
        let arguments = arguments.into();
        let said = self
            .alter("updateGroupSettings", &arguments, &progress)
            .await?;
        let (send_messages, edit_info) = (
            self.follow(&op.group, send, &said, &progress).await,
            self.follow(&op.group, edit, &said, &progress).await,
        );
        permissions(op.group, send_messages, edit_info)
    }

    /// What came of one choice among those that were sent together.
    async fn follow(
        &self,
        id: &GroupId,
        (name, who): (&str, Option<Who>),
        said: &Said,
        progress: &Progress,
    ) -> Option<Result<Change, BackendError>> {
        let wanted = who? == Who::All;
        let look = || async {
            let told = self.told(id, name, progress).await;
            Seen::wanted(
                told.as_ref()
                    .and_then(Value::as_bool)
                    .map(|all| all == wanted),
            )
        };
        Some(settle(said.clone(), self.0.timeouts, look).await)
    }

    pub(super) async fn get_group_invite(
        self,
        op: GetGroupInvite,
    ) -> Result<GroupInvite, BackendError> {
        let group = self.known_group(&op.group).await?;
        let link = group.fields.get("groupInviteLink").and_then(Value::as_str);
        match link.map(InviteCode::parse) {
            Some(Ok(invite)) => Ok(GroupInvite {
                link: invite.link(),
                group: op.group,
            }),
            // An empty link is how it tells that this account is no administrator.
            _ => Err(BackendError::Refused {
                api: API,
                status: None,
                said: Untrusted::new("it tells no invite link"),
                next: "only an administrator of the group may see it: look with get_group",
            }),
        }
    }

    /// Sends a change that is answered by a flag of its own name.
    async fn alter(
        &self,
        method: &str,
        arguments: &Value,
        progress: &Progress,
    ) -> Result<Said, BackendError> {
        let answer = self.0.change(progress, method, Some(arguments)).await;
        Said::of(answer, |reply| {
            (flag(reply, method) != Some(true)).then(|| self.0.refusal(reply))
        })
    }

    /// What the group tells under a name, once it was changed.
    async fn told(&self, id: &GroupId, name: &str, progress: &Progress) -> Option<Value> {
        progress.say("looking whether it shows");
        let group: Group = self.group(id).await.ok()??;
        group.fields.get(name).cloned()
    }
}
