//! A group's name, permissions and invite link on GREEN-API.

use serde_json::{Map, Value, json};

use super::{GreenApi, client::API, refusals::DENIAL};
use crate::{
    backend::{
        refusals::no_invite_link,
        shapes::Shape,
        verify::{Observation, Response, observe_until_done, permissions},
    },
    op::{
        BackendResult, GetGroupInvite, GroupChanged, GroupId, GroupInvite, InviteCode, OfGroup,
        PermissionsChanged, SetGroupPermissions, SetGroupSubject, Who,
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
        let response = match self.change_group("updateGroupSettings", &arguments).await? {
            Response::Denied(error) => return Err(error),
            response => response,
        };
        // Both were sent together, and are seen together.
        let fetch = || async {
            self.progress.say("checking the group");
            Some(self.group(&op.group).await.ok()??.fields)
        };
        let show = |fields: &Option<Value>| {
            let shown = [send, edit].map(|part| allows(fields.as_ref(), part));
            let mut shown = shown.into_iter().flatten();
            Observation::from(Some(shown.all(|seen| seen == Observation::Done)))
        };
        let seen = observe_until_done(self.client.timeouts, fetch, show).await;
        let seen = seen.flatten();
        let made = |part| Some(response.clone().outcome(allows(seen.as_ref(), part)?));
        let (send_messages, edit_info) = (made(send), made(edit));
        permissions(op.group, send_messages, edit_info)
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

/// Whether a group's fields show a choice, if it was made.
fn allows(fields: Option<&Value>, (name, who): (&str, Option<Who>)) -> Option<Observation> {
    let wanted = who? == Who::All;
    let all = fields.and_then(|fields| fields.get(name)?.as_bool());
    Some(Observation::from(all.map(|all| all == wanted)))
}
