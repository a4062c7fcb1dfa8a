//! What a group on WAHA is called, what it says of itself, and who may do what in it.

use serde_json::{Value, json};

use super::{
    Waha,
    client::API,
    groups::{description, subject},
    session::is_false,
};
use crate::{
    backend::{
        http::{Body, Reply},
        settle::{Said, Seen, permissions, settle},
    },
    op::{
        BackendError, Change, GroupChanged, GroupId, PermissionsChanged, Progress,
        SetGroupDescription, SetGroupPermissions, SetGroupSubject, Untrusted, Who,
    },
};

impl Waha {
    pub(super) async fn set_group_subject(
        self,
        op: SetGroupSubject,
        progress: Progress,
    ) -> Result<GroupChanged, BackendError> {
        let wanted = op.name.as_str();
        let outcome = self
            .describe(&op.group, "subject", wanted, subject, &progress)
            .await?;
        Ok(GroupChanged::new(outcome, op.group))
    }

    pub(super) async fn set_group_description(
        self,
        op: SetGroupDescription,
        progress: Progress,
    ) -> Result<GroupChanged, BackendError> {
        let wanted = op.description.as_str();
        let outcome = self
            .describe(&op.group, "description", wanted, description, &progress)
            .await?;
        Ok(GroupChanged::new(outcome, op.group))
    }

    /// Puts a text of a group, then looks whether `told` finds it there.
    async fn describe(
        &self,
        id: &GroupId,
        what: &str,
        wanted: &str,
        told: fn(&Value) -> Option<&str>,
        progress: &Progress,
    ) -> Result<Change, BackendError> {
        self.working().await?;
        // An unknown group is told before anything is sent.
        let before = self.group(id).await?;
        let had = told(&before).is_some();
        progress.say(format!("changing the group's {what}"));
        let path = ["api", self.0.session(), "groups", id.as_str(), what];
        let answer = self.0.put(progress, &path, &json!({ what: wanted })).await;
        let said = Said::of(answer, denied)?;
        settle(said, self.0.timeouts, || async {
            progress.say("looking whether it shows");
            let Ok(group) = self.group(id).await else {
                return Seen::Nothing;
            };
            Seen::wanted(match told(&group) {
                Some(text) => Some(text.trim() == wanted.trim()),
                // Gone, or an engine that never tells it.
                None => (had && wanted.trim().is_empty()).then_some(true),
            })
        })
        .await
    }

    pub(super) async fn set_group_permissions(
        self,
        op: SetGroupPermissions,
        progress: Progress,
    ) -> Result<PermissionsChanged, BackendError> {
        self.working().await?;
        self.group(&op.group).await?;
        let (mut send_messages, mut edit_info) = (None, None);
        if let Some(who) = op.send_messages {
            let made = self.permit(&op.group, "messages-admin-only", who, &progress);
            // Refused once, nothing more is tried.
            send_messages = Some(Ok(made.await?));
        }
        if let Some(who) = op.edit_info {
            let made = self.permit(&op.group, "info-admin-only", who, &progress);
            edit_info = Some(made.await);
        }
        permissions(op.group, send_messages, edit_info)
    }

    /// Puts one of a group's security settings, then reads it back.
    async fn permit(
        &self,
        id: &GroupId,
        setting: &str,
        who: Who,
        progress: &Progress,
    ) -> Result<Change, BackendError> {
        let wanted = who == Who::Admins;
        progress.say(format!("changing {setting}"));
        let path = [
            "api",
            self.0.session(),
            "groups",
            id.as_str(),
            "settings",
            "security",
            setting,
        ];
        let answer = self
            .0
            .put(progress, &path, &json!({ "adminsOnly": wanted }))
            .await;
        let said = Said::of(answer, denied)?;
        settle(said, self.0.timeouts, || async {
            progress.say("looking whether it shows");
            let told = self.0.get(&path, &[]).await.ok().as_ref().and_then(only);
            Seen::wanted(told.map(|only| only == wanted))
        })
        .await
    }
}

/// Whether a setting is for administrators only, where it is told.
fn only(reply: &Reply) -> Option<bool> {
    match reply.body() {
        Body::Json(json) => json.get("adminsOnly")?.as_bool(),
        Body::Text(_) | Body::Empty => None,
    }
}

/// WhatsApp's plain `false`, which comes as a success.
fn denied(reply: &Reply) -> Option<BackendError> {
    is_false(&reply.body()).then(|| BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new("it answered `false`"),
        next: "this account is perhaps no administrator of the group: look with get_group",
    })
}
