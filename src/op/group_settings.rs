//! What a group is called, what it says of itself, and who may do what in it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{
    BadId, BoundedText, Change, ChangeOutcome, ChangedParts, GroupId, Operation, PartsOutcome,
    Reads, Risk, Targets, Topic,
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
        Targets::noticing(&self.group)
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

/// The outcome of changing a group's name, description or picture.
pub type GroupChanged = ChangeOutcome<Change>;

/// What came of changing who may do what in a group.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangedPermissions {
    /// What came of the choice who may send messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_messages: Option<Change>,
    /// What came of the choice who may edit the group's info.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_info: Option<Change>,
    /// The group's id.
    #[schemars(with = "String")]
    pub group: GroupId,
}

/// The outcome of changing who may do what in a group.
pub type PermissionsChanged = PartsOutcome<ChangedPermissions>;

impl ChangedParts for ChangedPermissions {
    const NEXT: &'static str = "check with get_group, then change only what is missing";

    fn parts(&self) -> Vec<(&'static str, Option<Change>)> {
        vec![
            ("who may send messages", self.send_messages),
            ("who may edit its info", self.edit_info),
        ]
    }

    fn heading(&self) -> Option<String> {
        Some(self.group.to_string())
    }
}
