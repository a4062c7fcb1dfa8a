//! A group's name, description and permissions on WAHA.

use serde_json::{Value, json};

use super::{
    Waha,
    group_picture::GROUP_REMEDY,
    groups::{description, subject},
    refusals::response,
    shapes::DONE,
};
use crate::{
    backend::{
        http::{Body, HttpReply},
        verify::{Observation, Response, change_and_verify, permissions},
    },
    op::{
        BackendResult, Change, GroupChanged, GroupId, OfGroup, PermissionsChanged,
        SetGroupDescription, SetGroupPermissions, SetGroupSubject, Who,
    },
};

impl Waha {
    pub(super) async fn set_group_subject(
        self,
        op: SetGroupSubject,
    ) -> BackendResult<GroupChanged> {
        let wanted = op.name.as_str();
        let change = self.describe(&op.group, "subject", wanted, subject).await?;
        Ok(GroupChanged::new(change, OfGroup { group: op.group }))
    }

    pub(super) async fn set_group_description(
        self,
        op: SetGroupDescription,
    ) -> BackendResult<GroupChanged> {
        let wanted = op.description.as_str();
        let change = self
            .describe(&op.group, "description", wanted, description)
            .await?;
        Ok(GroupChanged::new(change, OfGroup { group: op.group }))
    }

    /// Changes a text of a group; `field` finds the text in a group.
    async fn describe(
        &self,
        id: &GroupId,
        what: &str,
        wanted: &str,
        field: fn(&Value) -> Option<&str>,
    ) -> BackendResult<Change> {
        self.working().await?;
        // An unknown group is an error before anything is sent.
        let before = self.group(id).await?;
        let had = field(&before).is_some();
        self.progress.say(format!("changing the group's {what}"));
        let path = self.client.group_path(id, &[what]);
        let body = json!({ what: wanted });
        let request = self.client.put(&self.progress, &path, &body, DONE);
        let observe = || async {
            self.progress.say("checking the group");
            let Ok(group) = self.group(id).await else {
                return Observation::Unclear;
            };
            Observation::from(match field(&group) {
                Some(text) => Some(text.trim() == wanted.trim()),
                // Gone, or an engine that never reports it.
                None => (had && wanted.trim().is_empty()).then_some(true),
            })
        };
        change_and_verify(request, read, self.client.timeouts, observe).await
    }

    pub(super) async fn set_group_permissions(
        self,
        op: SetGroupPermissions,
    ) -> BackendResult<PermissionsChanged> {
        self.working().await?;
        self.group(&op.group).await?;
        let (mut send_messages, mut edit_info) = (None, None);
        if let Some(who) = op.send_messages {
            let made = self.permit(&op.group, "messages-admin-only", who);
            // After a refusal nothing more is tried.
            send_messages = Some(Ok(made.await?));
        }
        if let Some(who) = op.edit_info {
            let made = self.permit(&op.group, "info-admin-only", who);
            edit_info = Some(made.await);
        }
        permissions(op.group, send_messages, edit_info)
    }

    /// Changes one of a group's security settings.
    async fn permit(&self, id: &GroupId, setting: &str, who: Who) -> BackendResult<Change> {
        let wanted = who == Who::Admins;
        self.progress.say(format!("changing {setting}"));
        let path = self
            .client
            .group_path(id, &["settings", "security", setting]);
        let body = json!({ "adminsOnly": wanted });
        let request = self.client.put(&self.progress, &path, &body, DONE);
        let observe = || async {
            self.progress.say("checking the group's settings");
            let only = self.client.get(&self.progress, &path, &[]).await.ok();
            let only = only.as_ref().and_then(admins_only);
            Observation::from(only.map(|only| only == wanted))
        };
        change_and_verify(request, read, self.client.timeouts, observe).await
    }
}

/// Whether a setting is for administrators only, where WAHA reports it.
fn admins_only(reply: &HttpReply) -> Option<bool> {
    match reply.body() {
        Body::Json(json) => json.get("adminsOnly")?.as_bool(),
        Body::Text(_) | Body::Empty => None,
    }
}

fn read(answer: BackendResult<Body>) -> BackendResult<Response> {
    response(answer, GROUP_REMEDY)
}
