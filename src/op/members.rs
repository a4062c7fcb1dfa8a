//! The members of groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    BoundedText, CreatedGroup, GroupId, MemberChanges, MemberList, Operation, PageCursor, PageSize,
    People, PersonId, Reads, Risk, TargetRole, Targets, Topic,
};

/// List a group's members with their roles, ordered by id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListGroupMembers {
    /// Group to look at.
    pub group: GroupId,
    /// How many at most, 1 to 100 (default 50).
    #[serde(default)]
    pub limit: PageSize,
    /// Where to go on: next_cursor of the answer before.
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

/// Add people to a group, and look whether they are in it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddGroupMembers {
    /// Group to add to.
    pub group: GroupId,
    /// Who: 1 to 20 phone numbers or ids.
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
        Targets::chat(&self.group).and(self.people.iter(), TargetRole::Recipient)
    }
}

/// Remove people from a group. Cannot be undone: they see it, and may not come back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveGroupMembers {
    /// Group to remove from.
    pub group: GroupId,
    /// Who: 1 to 20 phone numbers or ids.
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
        Targets::chat(&self.group).and(self.people.iter(), TargetRole::Subject)
    }
}

/// Make members of a group its administrators.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteGroupAdmin {
    /// Group they are in.
    pub group: GroupId,
    /// Who: 1 to 20 phone numbers or ids.
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
        Targets::chat(&self.group).and(self.people.iter(), TargetRole::Subject)
    }
}

/// Make administrators of a group plain members again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoteGroupAdmin {
    /// Group they are in.
    pub group: GroupId,
    /// Who: 1 to 20 phone numbers or ids.
    pub people: People,
}

impl Operation for DemoteGroupAdmin {
    const NAME: &'static str = "demote_group_admin";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "take away people's rights as administrators of a WhatsApp group";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] =
        &["update_group_participants", "waha_demote_group_admin"];
    type Output = MemberChanges;

    fn targets(&self) -> Targets {
        Targets::chat(&self.group).and(self.people.iter(), TargetRole::Subject)
    }
}

/// Make a group with these people in it; this account is its administrator.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    /// Its name, at most 100 characters.
    pub name: BoundedText<1, 100>,
    /// Who: 1 to 20 phone numbers or ids.
    pub people: People,
}

impl Operation for CreateGroup {
    const NAME: &'static str = "create_group";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Groups;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "make a WhatsApp group and put people into it";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &["matrix_create_room", "waha_create_group"];
    type Output = CreatedGroup;

    fn targets(&self) -> Targets {
        Targets::default().and(self.people.iter(), TargetRole::Recipient)
    }

    fn content(&self) -> Option<Value> {
        None
    }
}
