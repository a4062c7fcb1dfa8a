//! A group's name, permissions and invite link on GREEN-API.

use serde_json::{Map, Value, json};

use super::{GreenApi, client::API, refusals::DENIAL};
use crate::{
    backend::{
        refusals::no_invite_link,
        shapes::Shape,
        verify::{Observation, Response, permissions},
    },
    op::{
        BackendResult, Change, GetGroupInvite, GroupChanged, GroupId, GroupInvite, InviteCode,
        OfGroup, PermissionsChanged, SetGroupPermissions, SetGroupSubject, Who,
    },
};

impl GreenApi {
    pub(super) async fn set_group_subject(
        self,
        op: SetGroupSubject,
    ) -> BackendResult<GroupChanged> {
        self.known_group(&op.group).await?;
        self.progress.say("renaming the group");
        let wanted = op.name.as_str();
        let arguments = json!({ "groupId": op.group.as_str(), "groupName": wanted });
        let response = self.change_group("updateGroupName", &arguments);
        let observe = || async {
            let name = self.group_field(&op.group, "subject").await;
            let name = name.as_ref().and_then(Value::as_str);
            Observation::from(name.map(|name| name.trim() == wanted.trim()))
        };
        let change = response
            .await?
            .verify(self.client.timeouts, observe)
            .await?;
        Ok(GroupChanged::new(change, OfGroup { group: op.group }))
    }

    pub(super) async fn set_group_permissions(
        self,
        op: SetGroupPermissions,
    ) -> BackendResult<PermissionsChanged> {
        self.known_group(&op.group).await?;
        self.progress.say("changing who may do what");
        let send = ("allowParticipantsSendMessages", op.send_messages);
        let edit = ("allowParticipantsEditGroupSettings", op.edit_info);
        let mut arguments = Map::from_iter([("groupId".into(), op.group.as_str().into())]);
        for (name, who) in [send, edit] {
            if let Some(who) = who {
                arguments.insert(name.into(), (who == Who::All).into());
            }
        }
        let arguments = arguments.into();
        let response = self.change_group("updateGroupSettings", &arguments).await?;
        let (send_messages, edit_info) = (
            self.verify_permission(&op.group, send, &response).await,
            self.verify_permission(&op.group, edit, &response).await,
        );
        permissions(op.group, send_messages, edit_info)
    }

    /// What came of one of the choices that were sent together.
    async fn verify_permission(
        &self,
        id: &GroupId,
        (name, who): (&str, Option<Who>),
        response: &Response,
    ) -> Option<BackendResult<Change>> {
        let wanted = who? == Who::All;
        let observe = || async {
            let all = self.group_field(id, name).await;
            let all = all.as_ref().and_then(Value::as_bool);
            Observation::from(all.map(|all| all == wanted))
        };
        let response = response.clone();
        Some(response.verify(self.client.timeouts, observe).await)
    }

    pub(super) async fn get_group_invite(self, op: GetGroupInvite) -> BackendResult<GroupInvite> {
        let group = self.known_group(&op.group).await?;
        let link = group.fields.get("groupInviteLink").and_then(Value::as_str);
        match link.map(InviteCode::parse) {
            Some(Ok(invite)) => Ok(GroupInvite {
                link: invite.link(),
                group: op.group,
            }),
            // Accounts that are not administrators get an empty link.
            _ => Err(no_invite_link(API)),
        }
    }

    /// Sends a change that is answered by a flag of the method's name.
    async fn change_group(
        &self,
        method: &'static str,
        arguments: &Value,
    ) -> BackendResult<Response> {
        let shapes = [Shape::Flag(method), DENIAL];
        let answer = self
            .client
            .change(&self.progress, method, Some(arguments), &shapes)
            .await;
        self.client.response(answer, method)
    }

    /// A field of the group, once it was changed.
    async fn group_field(&self, id: &GroupId, name: &str) -> Option<Value> {
        self.progress.say("checking the group");
        self.group(id).await.ok()??.fields.get(name).cloned()
    }
}
