//! Groups on GREEN-API.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, flag, is_about_target},
};
use crate::{
    backend::{
        effect::watch,
        http::{Body, Reply},
        members::{Member, Members, Own},
        settle::{Said, Seen, judge},
    },
    op::{
        BackendError, Briefing, GetGroup, GroupDetails, GroupId, GroupList, GroupSummary,
        LeaveGroup, Leaving, LeftGroup, ListGroups, PersonId, Progress, Untrusted,
    },
};

/// `getSettings`: nothing but the account; the rest holds a secret.
#[derive(Deserialize)]
struct Settings {
    wid: Option<String>,
}

/// `getGroupData`.
pub(super) struct Group {
    pub(super) fields: Value,
    pub(super) members: Option<Members>,
}

/// What a look at the membership shows.
enum Membership {
    Member,
    Gone,
    /// The API refuses to tell of the group.
    Withheld,
    /// Nothing can be said.
    Unclear,
}

impl GreenApi {
    pub(super) async fn list_groups(self, op: ListGroups) -> Result<GroupList, BackendError> {
        Ok(GroupList::page(self.all_groups().await?, &op))
    }

    /// There is no list of groups; they stand among the contacts.
    pub(super) async fn all_groups(&self) -> Result<Vec<GroupSummary>, BackendError> {
        match self.0.read("getContacts", None).await?.body() {
            Body::Json(Value::Array(contacts)) => Ok(contacts.iter().filter_map(summary).collect()),
            _ => Err(BackendError::Unreadable {
                api: API,
                why: "a list of contacts is expected".into(),
            }),
        }
    }

    pub(super) async fn get_group(self, op: GetGroup) -> Result<GroupDetails, BackendError> {
        let group = self.known_group(&op.group).await?;
        // The group stands without this account's role in it.
        let own = self.own_ids().await.unwrap_or_default();
        Ok(group.details(op.group, &own))
    }

    pub(super) async fn brief_leave_group(self, op: LeaveGroup) -> Result<Briefing, BackendError> {
        let group = self.get_group(GetGroup { group: op.group }).await?;
        Ok(group.briefing())
    }

    pub(super) async fn leave_group(
        self,
        op: LeaveGroup,
        progress: Progress,
    ) -> Result<LeftGroup, BackendError> {
        let id = op.group;
        // Without this look an unknown id would seem to be a group that was left.
        let Some(group) = self.group(&id).await? else {
            return Ok(LeftGroup::new(Leaving::WasNotMember, id));
        };
        let own = self.own_ids().await?;
        if group.own(&own) == Own::Out {
            return Ok(LeftGroup::new(Leaving::WasNotMember, id));
        }
        progress.say("leaving the group");
        let arguments = json!({ "groupId": id.as_str() });
        let answer = self
            .0
            .change(&progress, "leaveGroup", Some(&arguments))
            .await;
        let said = Said::of(answer, |reply| {
            (!says_yes(reply)).then(|| self.0.refusal(reply))
        })?;
        let (certain, denied) = (matches!(said, Said::Yes), matches!(said, Said::No(_)));
        let look = || async {
            progress.say("looking whether the membership is gone");
            match self.membership(&id, &own).await {
                Membership::Gone => Seen::Done,
                Membership::Withheld if certain => Seen::Done,
                Membership::Member => Seen::NotDone,
                Membership::Withheld | Membership::Unclear => Seen::Nothing,
            }
        };
        // An explicit no is looked at once; there is no effect to wait for.
        let shown = |seen: &Seen| *seen == Seen::Done || denied;
        let seen = watch(self.0.timeouts.settle, self.0.timeouts.look, look, shown).await;
        let outcome = Leaving::from(judge(seen, said)?);
        Ok(LeftGroup::new(outcome, id))
    }

    async fn membership(&self, id: &GroupId, own: &[PersonId]) -> Membership {
        match self.group(id).await {
            Ok(Some(group)) => match group.own(own) {
                Own::In(_) => Membership::Member,
                Own::Out => Membership::Gone,
                Own::Unclear => Membership::Unclear,
            },
            Ok(None) => Membership::Gone,
            Err(fault) if is_about_target(&fault) => Membership::Withheld,
            Err(_) => Membership::Unclear,
        }
    }

    /// A group that the API tells of.
    pub(super) async fn known_group(&self, id: &GroupId) -> Result<Group, BackendError> {
        self.group(id).await?.ok_or_else(|| no_such_group(id))
    }

    /// A group; `None` when the API answers without telling of one.
    pub(super) async fn group(&self, id: &GroupId) -> Result<Option<Group>, BackendError> {
        let arguments = json!({ "groupId": id.as_str() });
        match self.0.read("getGroupData", Some(&arguments)).await {
            Ok(reply) => Ok(match reply.body() {
                Body::Json(fields) => Group::read(fields),
                Body::Empty | Body::Text(_) => None,
            }),
            Err(fault) if is_about_target(&fault) && says_no_group(&fault) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The ids of the account that is signed in.
    pub(super) async fn own_ids(&self) -> Result<Vec<PersonId>, BackendError> {
        let settings: Settings = self.0.read("getSettings", None).await?.parse(API)?;
        let wid = settings
            .wid
            .as_deref()
            .and_then(|id| PersonId::parse(id).ok());
        Ok(wid.into_iter().collect())
    }
}

impl Group {
    fn read(fields: Value) -> Option<Self> {
        let members = fields
            .get("participants")
            .and_then(Value::as_array)
            .map(|members| Members::new(members.iter().map(member)));
        let named = text(&fields, "groupId").is_some();
        (named || members.is_some()).then_some(Self { fields, members })
    }

    fn own(&self, own: &[PersonId]) -> Own {
        self.members
            .as_ref()
            .map_or(Own::Unclear, |members| members.own(own))
    }

    pub(super) fn details(&self, id: GroupId, own: &[PersonId]) -> GroupDetails {
        // A list without anybody was withheld: `0 members` would be wrong.
        let members = self.members.as_ref().filter(|members| members.count() > 0);
        GroupDetails {
            name: text(&self.fields, "subject"),
            group: id,
            description: None,
            members: members.map(Members::count),
            admins: members.map(Members::admins),
            my_role: self.own(own).role(),
            created_at: self
                .fields
                .get("creation")
                .and_then(Value::as_i64)
                .filter(|seconds| *seconds > 0)
                .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        }
    }
}

pub(super) fn no_such_group(id: &GroupId) -> BackendError {
    BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new(&format!("it knows no group {id}")),
        next: "check the id; list_groups shows the groups there are",
    }
}

pub(super) fn text(fields: &Value, name: &str) -> Option<Untrusted> {
    fields.get(name)?.as_str().and_then(Untrusted::nonempty)
}

fn summary(contact: &Value) -> Option<GroupSummary> {
    if contact.get("type")?.as_str()? != "group" {
        return None;
    }
    Some(GroupSummary {
        group: GroupId::parse(contact.get("id")?.as_str()?).ok()?,
        name: text(contact, "name").or_else(|| text(contact, "contactName")),
        members: None,
    })
}

fn member(value: &Value) -> Option<Member> {
    let ids: Vec<PersonId> = ["id", "lid"]
        .iter()
        .filter_map(|name| PersonId::parse(value.get(name)?.as_str()?).ok())
        .collect();
    let flagged = |name| value.get(name).and_then(Value::as_bool) == Some(true);
    (!ids.is_empty()).then(|| Member {
        ids,
        name: text(value, "name"),
        admin: flagged("isAdmin") || flagged("isSuperAdmin"),
        creator: flagged("isSuperAdmin"),
        left: false,
    })
}

/// Whether leaving was answered with yes; an administrator is told it by the second key.
fn says_yes(reply: &Reply) -> bool {
    ["leaveGroup", "removeAdmin"]
        .iter()
        .any(|key| flag(reply, key) == Some(true))
}

/// Whether a refusal says that there is no such group, or that this account is not in it.
fn says_no_group(fault: &BackendError) -> bool {
    let BackendError::Refused { said, .. } = fault else {
        return false;
    };
    let said = said.as_str().to_ascii_lowercase();
    [
        "item-not-found",
        "not found",
        "not-authorized",
        "not a participant",
        "not a member",
    ]
    .iter()
    .any(|words| said.contains(words))
}
