//! Changing the profile of the account that is signed in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BackendResult, BadId, BoundedText, Change, ChangedParts, FileOperation, Operation,
    OutgoingFile, PartsOutcome, Picture, Reads, Risk, Targets, Topic, picture::accept_jpeg,
};
use crate::media::{Media, MediaSource};

/// Change the name, about text or picture of this account. Give at least one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct UpdateProfile {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<BoundedText<1, 25>>,
    /// New about text; empty removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<BoundedText<0, 139>>,
    /// JPEG: exactly one of url, base64 and path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

impl Operation for UpdateProfile {
    const NAME: &'static str = "update_profile";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Session;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "change the profile of this WhatsApp account, which others see";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &[];
    type Output = ProfileUpdated;

    fn targets(&self) -> Targets {
        Targets::public()
    }

    fn check(&self) -> Result<(), BadId> {
        match (&self.name, &self.about, &self.picture) {
            (_, _, Some(picture)) => picture.check(),
            (None, None, None) => Err(BadId::new(
                "nothing to change: give `name`, `about` or `picture`",
            )),
            _ => Ok(()),
        }
    }

    fn outgoing(&self) -> Option<OutgoingFile> {
        self.picture.as_ref().map(Picture::outgoing)
    }
}

impl FileOperation for UpdateProfile {
    /// The picture, if it is changed.
    type File = Option<Media>;

    fn source(&mut self) -> Option<&mut MediaSource> {
        self.picture.as_mut().map(Picture::source)
    }

    fn without_file(&self) -> Option<Option<Media>> {
        self.picture.is_none().then_some(None)
    }

    fn accept(&self, media: Media) -> BackendResult<Option<Media>> {
        accept_jpeg(media).map(Some)
    }
}

/// What came of changing the profile.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangedProfile {
    /// What came of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Change>,
    /// What came of the about text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Change>,
    /// What came of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<Change>,
}

/// The outcome of changing the profile.
pub type ProfileUpdated = PartsOutcome<ChangedProfile>;

impl ChangedParts for ChangedProfile {
    const NEXT: &'static str = "check with get_profile, then change only what is missing";

    fn parts(&self) -> Vec<(&'static str, Option<Change>)> {
        vec![
            ("name", self.name),
            ("about text", self.about),
            ("picture", self.picture),
        ]
    }
}
