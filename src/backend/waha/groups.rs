//! Groups on WAHA.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Waha,
    client::API,
    session::{Info, is_false},
};
use crate::{
    backend::{
        effect::watch,
        http::Body,
        members::{Member, Members, Own},
        settle::{Said, Seen, judge},
    },
    op::{
        BackendError, Briefing, GetGroup, GroupDetails, GroupId, GroupList, GroupSummary,
        LeaveGroup, Leaving, LeftGroup, ListGroups, PersonId, Progress, Untrusted,
    },
};

/// Whether this account is in a group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    In,
    Out,
}

impl Waha {
    pub(super) async fn list_groups(self, op: ListGroups) -> Result<GroupList, BackendError> {
        let groups = self.all_groups().await?.unwrap_or_default();
        let groups = groups.iter().filter_map(summary).collect();
        Ok(GroupList::page(groups, &op))
    }

    pub(super) async fn get_group(self, op: GetGroup) -> Result<GroupDetails, BackendError> {
        let own = self.working().await?.own_ids();
        let group = self.group(&op.group).await?;
        Ok(details(op.group, &group, &own))
    }

    /// The group as the engine tells it.
    pub(super) async fn group(&self, id: &GroupId) -> Result<Value, BackendError> {
        let path = ["api", self.0.session(), "groups", id.as_str()];
        match self.0.get(&path, &[]).await?.body() {
            Body::Json(group @ Value::Object(_)) => Ok(group),
            // NOWEB answers nothing for a group that it does not know.
            Body::Empty | Body::Json(Value::Null) => Err(no_such_group(id)),
            _ => Err(unreadable("a group is expected")),
        }
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
        let own = self.working().await?;
        // Without this look an unknown id would seem to be a group that was left.
        if self.membership(&op.group, &own).await? == Membership::Out {
            return Ok(LeftGroup::new(Leaving::WasNotMember, op.group));
        }
        progress.say("leaving the group");
        let path = [
            "api",
            self.0.session(),
            "groups",
            op.group.as_str(),
            "leave",
        ];
        let answer = self.0.post(&progress, &path, None).await;
        let said = Said::of(answer, |reply| is_false(&reply.body()).then(answered_no))?;
        let look = || async {
            progress.say("looking whether the membership is gone");
            let seen = self.membership(&op.group, &own).await.ok();
            Seen::wanted(seen.map(|seen| seen == Membership::Out))
        };
        // An explicit no is looked at once; there is no effect to wait for.
        let shown = |seen: &Seen| *seen == Seen::Done || matches!(said, Said::No(_));
        let seen = watch(self.0.timeouts.settle, self.0.timeouts.look, look, shown).await;
        let outcome = match (seen, said) {
            // Its no says that this account is still a member, which nobody has seen.
            (Seen::Nothing, Said::No(_)) => Leaving::Unknown,
            (seen, said) => judge(seen, said)?.into(),
        };
        Ok(LeftGroup::new(outcome, op.group))
    }

    /// Looks at the list of groups, then at the group's members: some engines keep
    /// a group in the list after it was left.
    pub(super) async fn membership(
        &self,
        group: &GroupId,
        own: &Info,
    ) -> Result<Membership, BackendError> {
        // No list is not an empty list: it shows nothing.
        let groups = self.all_groups().await?;
        let groups = groups.ok_or_else(|| unreadable("a list of groups is expected"))?;
        if !groups
            .iter()
            .filter_map(summary)
            .any(|known| known.group == *group)
        {
            return Ok(Membership::Out);
        }
        let path = [
            "api",
            self.0.session(),
            "groups",
            group.as_str(),
            "participants",
            "v2",
        ];
        let reply = self.0.try_get(&path, &[]).await?;
        let members = match (reply.is_success(), reply.body()) {
            (true, Body::Json(Value::Array(members))) => members,
            // Servers before `v2`, and engines that fail on it: the list stands.
            _ => return Ok(Membership::In),
        };
        Ok(match read_members(&members).own(&own.own_ids()) {
            Own::Out => Membership::Out,
            Own::In(_) | Own::Unclear => Membership::In,
        })
    }

    /// The groups as the engine tells them: an array, or on NOWEB an object by id.
    /// `None` is an empty body.
    pub(super) async fn all_groups(&self) -> Result<Option<Vec<Value>>, BackendError> {
        let path = ["api", self.0.session(), "groups"];
        let query = [("exclude", "participants")];
        let groups: Vec<Value> = match self.0.get(&path, &query).await?.body() {
            Body::Json(Value::Array(groups)) => groups,
            Body::Json(Value::Object(groups)) => {
                groups.into_iter().map(|(_, group)| group).collect()
            }
            Body::Empty => return Ok(None),
            _ => return Err(unreadable("a list of groups is expected")),
        };
        // Taken for no groups, a shape that is not known would look like groups left.
        if !groups.is_empty() && !groups.iter().any(|group| summary(group).is_some()) {
            return Err(unreadable("it holds no group that can be read"));
        }
        Ok(Some(groups))
    }
}

/// The first of several names under which engines put the same thing.
pub(super) fn field<'a>(object: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names
        .iter()
        .find_map(|name| object.get(name))
        .filter(|value| !value.is_null())
}

/// An id as text, or as WEBJS's object with `_serialized`.
pub(super) fn id_text(value: &Value) -> Option<&str> {
    value
        .as_str()
        .or_else(|| value.get("_serialized")?.as_str())
}

pub(super) fn text<'a>(object: &'a Value, names: &[&str]) -> Option<&'a str> {
    field(object, names)?.as_str()
}

pub(super) fn summary(group: &Value) -> Option<GroupSummary> {
    let id = field(group, &["id", "JID"]).and_then(id_text)?;
    Some(GroupSummary {
        group: GroupId::parse(id).ok()?,
        name: text(group, &["subject", "Name", "name"]).and_then(Untrusted::nonempty),
        members: size(group),
    })
}

pub(super) fn read_members(members: &[Value]) -> Members {
    Members::new(members.iter().map(member))
}

fn member(value: &Value) -> Option<Member> {
    let ids: Vec<PersonId> = ["id", "pn", "JID", "PhoneNumber", "LID"]
        .iter()
        .filter_map(|name| value.get(name).and_then(id_text))
        .filter_map(|id| PersonId::parse(id).ok())
        .collect();
    let role = text(value, &["role", "admin"]);
    let flagged = |names: &[&str]| field(value, names).and_then(Value::as_bool) == Some(true);
    let creator = role == Some("superadmin") || flagged(&["isSuperAdmin", "IsSuperAdmin"]);
    (!ids.is_empty()).then(|| Member {
        ids,
        name: text(value, &["name", "DisplayName"]).and_then(Untrusted::nonempty),
        admin: creator || role == Some("admin") || flagged(&["isAdmin", "IsAdmin"]),
        creator,
        left: role == Some("left"),
    })
}

/// WEBJS puts what others put at the top into `groupMetadata`.
pub(super) fn inner(group: &Value) -> &Value {
    group.get("groupMetadata").unwrap_or(group)
}

/// A group's name.
pub(super) fn subject(group: &Value) -> Option<&str> {
    text(inner(group), &["subject", "Name", "name"]).or_else(|| text(group, &["name"]))
}

/// What a group says of itself.
pub(super) fn description(group: &Value) -> Option<&str> {
    text(inner(group), &["desc", "description", "Topic"])
}

fn details(id: GroupId, group: &Value, own: &[PersonId]) -> GroupDetails {
    let (name, description) = (subject(group), description(group));
    let inner = inner(group);
    let members = own_list(group);
    GroupDetails {
        name: name.and_then(Untrusted::nonempty),
        group: id,
        description: description.and_then(Untrusted::nonempty),
        my_role: members.as_ref().and_then(|members| members.own(own).role()),
        admins: members.as_ref().map(Members::admins),
        members: members.as_ref().map(Members::count).or_else(|| size(inner)),
        created_at: field(inner, &["creation"])
            .and_then(Value::as_i64)
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
    }
}

/// The members that a group itself lists.
pub(super) fn own_list(group: &Value) -> Option<Members> {
    field(inner(group), &["participants", "Participants"])
        .and_then(Value::as_array)
        .map(|members| read_members(members))
        .filter(|members| !members.is_empty())
}

pub(super) fn size(group: &Value) -> Option<usize> {
    let size = field(group, &["size", "ParticipantCount"])?.as_u64()?;
    usize::try_from(size).ok().filter(|size| *size > 0)
}

/// WhatsApp's plain `false`, which comes as a success.
fn answered_no() -> BackendError {
    BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new("it answered `false`, and this account is still a member"),
        next: "look with get_group; leave the group on the phone if it has to be left",
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

pub(super) fn unreadable(why: &str) -> BackendError {
    BackendError::Unreadable {
        api: API,
        why: why.to_owned(),
    }
}
