//! The members of groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    BoundedText, CallContent, CreatedGroup, GroupId, MemberChanges, MemberList, Operation,
    PageCursor, PageSize, People, PersonId, Reads, Risk, TargetRole, Targets, Topic, bounded_text,
};

/// List a group's members with roles, ordered by id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListGroupMembers {
    /// Group id from list_groups.
    pub group: GroupId,
    /// Page size (default 50).
    #[serde(default)]
    pub limit: PageSize,
    /// next_cursor of the previous answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<PageCursor<PersonId>>,
}

impl Operation for ListGroupMembers {
    const NAME: &'static str = "list_group_members";
    const RISK: Risk = Risk::Read;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "see who is in a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] =
        &["get_group_participants", "waha_get_group_participants"];
    type Output = MemberList;

    fn page(&mut self) -> Option<&mut PageSize> {
        Some(&mut self.limit)
    }

    fn targets(&self) -> Targets {
        Targets::chat(&self.group)
    }
}

/// Add people to a group and check that they are in it. People whose privacy settings
/// forbid it are invited instead.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddGroupMembers {
    /// Group id from list_groups.
    pub group: GroupId,
    /// Person ids from list_contacts, or phone numbers.
    pub people: People,
}

impl Operation for AddGroupMembers {
    const NAME: &'static str = "add_group_members";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "add people to a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &[
        "matrix_invite_user",
        "update_group_participants",
        "waha_add_group_participants",
    ];
    type Output = MemberChanges;

    fn targets(&self) -> Targets {
        Targets::noticing(&self.group).and(self.people.iter(), TargetRole::Recipient)
    }
}

/// Remove people from a group. Irreversible: they are notified, and may not come back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveGroupMembers {
    /// Group id from list_groups.
    pub group: GroupId,
    /// Person ids from list_contacts, or phone numbers.
    pub people: People,
}

impl Operation for RemoveGroupMembers {
    const NAME: &'static str = "remove_group_members";
    const RISK: Risk = Risk::Destructive;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "remove people from a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &[
        "update_group_participants",
        "waha_remove_group_participants",
    ];
    type Output = MemberChanges;

    fn targets(&self) -> Targets {
        Targets::noticing(&self.group).and(self.people.iter(), TargetRole::Named)
    }
}

/// Make members of a group admins.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteGroupAdmin {
    /// Group id from list_groups.
    pub group: GroupId,
    /// Person ids from list_contacts, or phone numbers.
    pub people: People,
}

impl Operation for PromoteGroupAdmin {
    const NAME: &'static str = "promote_group_admin";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "make people administrators of a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] =
        &["update_group_participants", "waha_promote_group_admin"];
    type Output = MemberChanges;

    fn targets(&self) -> Targets {
        Targets::noticing(&self.group).and(self.people.iter(), TargetRole::Noticing)
    }
}

/// Make admins of a group plain members.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoteGroupAdmin {
    /// Group id from list_groups.
    pub group: GroupId,
    /// Person ids from list_contacts, or phone numbers.
    pub people: People,
}

impl Operation for DemoteGroupAdmin {
    const NAME: &'static str = "demote_group_admin";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "make administrators of a WhatsApp group plain members";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] =
        &["update_group_participants", "waha_demote_group_admin"];
    type Output = MemberChanges;

    fn targets(&self) -> Targets {
        Targets::noticing(&self.group).and(self.people.iter(), TargetRole::Noticing)
    }
}

/// Create a group with these people. This account becomes its admin. The same name with the
/// same people within 30 s creates no second group; the first answer is returned.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    /// Name of the group.
    #[serde(deserialize_with = "bounded_text::trimmed")]
    pub name: BoundedText<1, 100>,
    /// Person ids from list_contacts, or phone numbers.
    pub people: People,
    /// Create even if the same was created within 30 s.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

impl Operation for CreateGroup {
    const NAME: &'static str = "create_group";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "create a WhatsApp group with people in it";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &["matrix_create_room", "waha_create_group"];
    type Output = CreatedGroup;

    fn targets(&self) -> Targets {
        Targets::default().and(self.people.iter(), TargetRole::Recipient)
    }

    fn content(&self) -> Option<CallContent> {
        let content = CallContent::of(json!([self.name])).with_people(self.people.iter());
        Some(content.repeated(self.allow_repeat))
    }
}
