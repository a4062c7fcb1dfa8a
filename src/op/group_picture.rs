//! The picture of a group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BackendResult, BadId, FileOperation, GroupChanged, GroupId, Operation, OutgoingFile, Picture,
    Reads, Risk, Targets, Topic, picture::accept_jpeg,
};
use crate::media::{Media, MediaSource};

/// Replace a group's picture.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetGroupPicture {
    /// Group id from list_groups.
    pub group: GroupId,
    /// JPEG: exactly one of url, base64 and path.
    pub picture: Picture,
}

impl Operation for SetGroupPicture {
    const NAME: &'static str = "set_group_picture";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "replace the picture of a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_set_group_picture"];
    type Output = GroupChanged;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.group)
    }

    fn check(&self) -> Result<(), BadId> {
        self.picture.check()
    }

    fn outgoing(&self) -> Option<OutgoingFile> {
        Some(self.picture.outgoing())
    }
}

impl FileOperation for SetGroupPicture {
    type File = Media;

    fn source(&mut self) -> Option<&mut MediaSource> {
        Some(self.picture.source())
    }

    fn accept(&self, media: Media) -> BackendResult<Media> {
        accept_jpeg(media)
    }
}

/// Delete a group's picture. Irreversible.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteGroupPicture {
    /// Group id from list_groups.
    pub group: GroupId,
}

impl Operation for DeleteGroupPicture {
    const NAME: &'static str = "delete_group_picture";
    const RISK: Risk = Risk::Destructive;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "remove the picture of a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_delete_group_picture"];
    type Output = GroupChanged;

    fn targets(&self) -> Targets {
        Targets::noticing(&self.group)
    }
}
