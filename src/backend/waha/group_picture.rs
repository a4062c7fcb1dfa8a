//! The picture of a group on WAHA.

use super::{Waha, refusals::response, shapes::DONE};
use crate::{
    backend::{
        group_tools::GroupTools,
        pictures::{few_observations, removed},
        verify::change_and_verify,
    },
    op::{BackendResult, Briefing, DeleteGroupPicture, GetGroup, GroupChanged, OfGroup},
};

/// What to do about a denied change of a group.
pub(super) const GROUP_REMEDY: &str =
    "this account may not be an administrator of the group: check with get_group";

impl Waha {
    pub(super) async fn brief_delete_group_picture(
        self,
        op: DeleteGroupPicture,
    ) -> BackendResult<Briefing> {
        let group = self.get_group(GetGroup { group: op.group }).await?;
        Ok(group.briefing())
    }

    pub(super) async fn delete_group_picture(
        self,
        op: DeleteGroupPicture,
    ) -> BackendResult<GroupChanged> {
        let before = self.picture_before(&op.group).await?;
        self.progress.say("removing the group's picture");
        let path = self.client.group_path(&op.group, &["picture"]);
        let request = self.client.delete(&self.progress, &path, DONE);
        let read = |answer| response(answer, GROUP_REMEDY);
        let timeouts = few_observations(self.client.timeouts, matches!(before, Some(Some(_))));
        let observe = || async {
            self.progress.say("checking the group's picture");
            removed(&before, &self.picture(&op.group).await)
        };
        let change = change_and_verify(request, read, timeouts, observe).await?;
        Ok(GroupChanged::new(change, OfGroup { group: op.group }))
    }
}
