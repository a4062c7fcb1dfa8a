//! Changing the profile of the account that is signed in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BadId, BoundedText, Change, Operation, Output, Picture, Reads, Risk, Targets, Topic, Untrusted,
};

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
}

/// The outcome of changing the profile.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProfileUpdated {
    /// What came of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Change>,
    /// What came of the about text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Change>,
    /// What came of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<Change>,
    /// Whether all of it was looked at afterwards and shows.
    pub verified: bool,
    /// Why a part was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Untrusted>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
}

impl ProfileUpdated {
    /// The outcome of name, about text and picture.
    pub fn new([name, about, picture]: [Option<Change>; 3], reason: Option<Untrusted>) -> Self {
        let made = || [name, about, picture].into_iter().flatten();
        Self {
            name,
            about,
            picture,
            verified: made().all(|change| change == Change::Changed),
            reason,
            next: made()
                .any(Change::failed)
                .then_some("look with get_profile, and change again only what is missing"),
        }
    }

    fn changes(&self) -> impl Iterator<Item = (&'static str, Change)> {
        [
            ("name", self.name),
            ("about text", self.about),
            ("picture", self.picture),
        ]
        .into_iter()
        .filter_map(|(what, change)| Some((what, change?)))
    }
}

impl Output for ProfileUpdated {
    fn text(&self) -> String {
        let mut lines: Vec<_> = self
            .changes()
            .map(|(what, change)| format!("{what}: {}", change.words()))
            .collect();
        lines.extend(self.reason.iter().map(|reason| format!("reason: {reason}")));
        lines.extend(self.next.map(str::to_owned));
        lines.join("\n")
    }

    fn failed(&self) -> bool {
        self.changes().any(|(_, change)| change.failed())
    }
}
