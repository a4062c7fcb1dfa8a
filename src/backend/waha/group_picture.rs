//! The picture of a group on WAHA.

use serde_json::json;

use super::{Waha, media::file, profile::heard};
use crate::{
    backend::{
        media::to_portray,
        pictures::{Place, looks, removed, replaced, told},
        settle::{Seen, settle},
    },
    op::{
        BackendError, Briefing, DeleteGroupPicture, GetGroup, GroupChanged, GroupId, Progress,
        SetGroupPicture,
    },
};

const REFUSED: &str = "this account is perhaps no administrator of the group: look with get_group";

impl Waha {
    pub(super) async fn set_group_picture(
        self,
        op: SetGroupPicture,
        progress: Progress,
    ) -> Result<GroupChanged, BackendError> {
        progress.say("loading");
        let picture = to_portray(&op.picture, &self.0.media).await?;
        let before = self.known_picture(&op.group).await?;
        progress.say("changing the group's picture");
        let path = self.picture_path(&op.group);
        let body = json!({ "file": file(&picture) });
        let said = heard(self.0.put(&progress, &path, &body).await, REFUSED)?;
        let look = || self.compare(&op.group, &before, replaced, &progress);
        let timeouts = looks(self.0.timeouts, before.is_some());
        let outcome = settle(said, timeouts, look).await?;
        Ok(GroupChanged::new(outcome, op.group))
    }

    pub(super) async fn brief_delete_group_picture(
        self,
        op: DeleteGroupPicture,
    ) -> Result<Briefing, BackendError> {
        let group = self.get_group(GetGroup { group: op.group }).await?;
        Ok(group.briefing())
    }

    pub(super) async fn delete_group_picture(
        self,
        op: DeleteGroupPicture,
        progress: Progress,
    ) -> Result<GroupChanged, BackendError> {
        let before = self.known_picture(&op.group).await?;
        progress.say("removing the group's picture");
        let path = self.picture_path(&op.group);
        let said = heard(self.0.delete(&progress, &path).await, REFUSED)?;
        let look = || self.compare(&op.group, &before, removed, &progress);
        let timeouts = looks(self.0.timeouts, matches!(before, Some(Some(_))));
        let outcome = settle(said, timeouts, look).await?;
        Ok(GroupChanged::new(outcome, op.group))
    }

    /// Where the picture of a group is; an unknown group is an error.
    async fn known_picture(&self, id: &GroupId) -> Result<Place, BackendError> {
        self.working().await?;
        self.group(id).await?;
        Ok(self.picture(id).await)
    }

    async fn compare(
        &self,
        id: &GroupId,
        before: &Place,
        shows: fn(&Place, &Place) -> Seen,
        progress: &Progress,
    ) -> Seen {
        progress.say("looking whether it shows");
        shows(before, &self.picture(id).await)
    }

    /// Where the picture is now, and not a day ago.
    async fn picture(&self, id: &GroupId) -> Place {
        let path = self.picture_path(id);
        let reply = self.0.get(&path, &[("refresh", "true")]).await.ok()?;
        told(&reply, "url")
    }

    fn picture_path<'a>(&'a self, id: &'a GroupId) -> [&'a str; 5] {
        ["api", self.0.session(), "groups", id.as_str(), "picture"]
    }
}
