//! What a group is called, what it says of itself, and who may do what in it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{
    BadId, BoundedText, GroupId, Operation, Output, Reads, Risk, Targets, Topic, Untrusted,
};

/// Rename a group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetGroupSubject {
    /// Group id from list_groups.
    pub group: GroupId,
    /// New name.
    pub name: BoundedText<1, 100>,
}

impl Operation for SetGroupSubject {
    const NAME: &'static str = "set_group_subject";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "rename a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_update_group_subject"];
    type Output = GroupChanged;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.group)
    }
}

/// Replace a group's description.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetGroupDescription {
    /// Group id from list_groups.
    pub group: GroupId,
    /// New description; empty removes it.
    pub description: BoundedText<0, 2048>,
}

impl Operation for SetGroupDescription {
    const NAME: &'static str = "set_group_description";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "replace the description of a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_update_group_description"];
    type Output = GroupChanged;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.group)
    }
}

/// Who may do something in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Every member.
    All,
    /// Administrators only.
    Admins,
}

impl JsonSchema for Who {
    fn schema_name() -> Cow<'static, str> {
        "Who".into()
    }

    fn inline_schema() -> bool {
        true
    }

    // The two words speak for themselves, and models pay for descriptions.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["all", "admins"] })
    }
}

/// Choose who may send messages in a group and who may edit its name, picture and
/// description. Give at least one of the two.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 2))]
pub struct SetGroupPermissions {
    /// Group id from list_groups.
    pub group: GroupId,
    /// Who may send messages (default: unchanged).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_messages: Option<Who>,
    /// Who may edit the group info (default: unchanged).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_info: Option<Who>,
}

impl Operation for SetGroupPermissions {
    const NAME: &'static str = "set_group_permissions";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "change who may write in a WhatsApp group or edit its info";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &[
        "waha_set_group_info_admin_only",
        "waha_set_group_messages_admin_only",
    ];
    type Output = PermissionsChanged;

    fn targets(&self) -> Targets {
        Targets::chat(&self.group)
    }

    fn check(&self) -> Result<(), BadId> {
        match (self.send_messages, self.edit_info) {
            (None, None) => Err(BadId::new(
                "nothing to change: give `send_messages`, `edit_info` or both",
            )),
            _ => Ok(()),
        }
    }
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Change {
    /// Changed, and it shows.
    Changed,
    /// The API said yes; what it says of the group does not tell more.
    Accepted,
    /// The API said yes, but it is still as it was.
    Unchanged,
    /// Refused, or not sent.
    NotMade,
    /// It is not known whether it was changed.
    Unknown,
}

impl Change {
    /// Whether the change is not known to have been made.
    pub const fn failed(self) -> bool {
        matches!(self, Self::Unchanged | Self::NotMade | Self::Unknown)
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Changed => "changed, and it shows",
            Self::Accepted => "accepted by the API, which does not show whether it is done",
            Self::Unchanged => "the API said yes, but it is still as it was",
            Self::NotMade => "not changed",
            Self::Unknown => "it is not known whether it was changed",
        }
    }

    const fn next(self) -> Option<&'static str> {
        match self {
            Self::Changed | Self::Accepted => None,
            Self::Unchanged | Self::Unknown => Some("look at the group before trying again"),
            Self::NotMade => Some("read the reason before trying again"),
        }
    }
}

/// The outcome of changing a group's name, description or picture.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GroupChanged {
    /// What came of it.
    pub outcome: Change,
    /// Whether the group was looked at afterwards and shows it.
    pub verified: bool,
    /// The group's id.
    #[schemars(with = "String")]
    pub group: GroupId,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
}

impl GroupChanged {
    /// The outcome for a group.
    pub fn new(outcome: Change, group: GroupId) -> Self {
        Self {
            outcome,
            verified: outcome == Change::Changed,
            group,
            next: outcome.next(),
        }
    }
}

impl Output for GroupChanged {
    fn text(&self) -> String {
        with_next(
            format!("{}: {}", self.group, self.outcome.words()),
            self.next,
        )
    }

    fn failed(&self) -> bool {
        self.outcome.failed()
    }
}

fn with_next(mut text: String, next: Option<&str>) -> String {
    if let Some(next) = next {
        text += "; ";
        text += next;
    }
    text
}

/// The outcome of changing who may do what in a group.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PermissionsChanged {
    /// What came of the choice who may send messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_messages: Option<Change>,
    /// What came of the choice who may edit the group's info.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_info: Option<Change>,
    /// Whether all of it was looked at afterwards and shows.
    pub verified: bool,
    /// The group's id.
    #[schemars(with = "String")]
    pub group: GroupId,
    /// Why a part was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Untrusted>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
}

impl PermissionsChanged {
    /// The outcome for a group.
    pub fn new(
        group: GroupId,
        send_messages: Option<Change>,
        edit_info: Option<Change>,
        reason: Option<Untrusted>,
    ) -> Self {
        let made = || send_messages.into_iter().chain(edit_info);
        Self {
            send_messages,
            edit_info,
            verified: made().all(|change| change == Change::Changed),
            next: made().find_map(Change::next),
            group,
            reason,
        }
    }

    fn changes(&self) -> impl Iterator<Item = (&'static str, Change)> {
        [
            ("who may send messages", self.send_messages),
            ("who may edit its info", self.edit_info),
        ]
        .into_iter()
        .filter_map(|(what, change)| Some((what, change?)))
    }
}

impl Output for PermissionsChanged {
    fn text(&self) -> String {
        let mut text = self.group.to_string();
        for (what, change) in self.changes() {
            text += &format!("\n{what}: {}", change.words());
        }
        if let Some(reason) = &self.reason {
            text += &format!("\nreason: {reason}");
        }
        with_next(text, self.next)
    }

    fn failed(&self) -> bool {
        self.changes().any(|(_, change)| change.failed())
    }
}
