//! The picture of a group on WAHA.

use super::{Waha, client::response};
use crate::{
    backend::{
        group_tools::GroupTools,
        pictures::{few_observations, removed},
        verify::change_and_verify,
    },
    op::{BackendError, Briefing, DeleteGroupPicture, GetGroup, GroupChanged, OfGroup, Progress},
};

/// What to do about a denied change of a group.
pub(super) const GROUP_REMEDY: &str =
    "this account may not be an administrator of the group: check with get_group";

impl Waha {
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
        let before = self.picture_before(&op.group).await?;
        progress.say("removing the group's picture");
        let path = self.0.group_path(&op.group, &["picture"]);
        let request = self.0.delete(&progress, &path);
        let read = |answer| response(answer, GROUP_REMEDY);
        let timeouts = few_observations(self.0.timeouts, matches!(before, Some(Some(_))));
        let observe = || async {
            progress.say("checking the group's picture");
            removed(&before, &self.picture(&op.group).await)
        };
        let change = change_and_verify(request, read, timeouts, observe).await?;
        Ok(GroupChanged::new(change, OfGroup { group: op.group }))
    }
}
