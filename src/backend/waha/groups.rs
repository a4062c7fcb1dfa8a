//! Groups on WAHA.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Waha,
    client::{API, unreadable},
};
use crate::{
    backend::{
        http::Body,
        members::{Member, Members, Membership},
        refusals::unknown_group,
    },
    op::{
        BackendResult, GroupDetails, GroupId, GroupList, GroupSummary, ListGroups, PersonId,
        Untrusted,
    },
};

impl Waha {
    pub(super) async fn list_groups(self, op: ListGroups) -> BackendResult<GroupList> {
        let groups = self.all_groups().await?.unwrap_or_default();
        let groups = groups.iter().filter_map(summary).collect();
        Ok(GroupList::page(groups, &op, self.progress.concealment()))
    }

    /// The group as the engine reports it.
    pub(super) async fn group(&self, id: &GroupId) -> BackendResult<Value> {
        let path = self.client.group_path(id, &[]);
        match self
            .client
            .get(&self.progress, &path, &[])
            .await?
            .into_body()
        {
            Body::Json(group @ Value::Object(_)) => Ok(group),
            // NOWEB answers nothing for a group that it does not know.
            Body::Empty | Body::Json(Value::Null) => Err(unknown_group(API, id)),
            _ => Err(unreadable("a group is expected")),
        }
    }

    /// Whether this account, with these ids, is in a group: by the list of groups, then
    /// by the group's members, as some engines keep a group in the list after a leave.
    pub(super) async fn is_member(&self, group: &GroupId, own: &[PersonId]) -> BackendResult<bool> {
        // No list is not an empty list: it shows nothing.
        let groups = self.all_groups().await?;
        let groups = groups.ok_or_else(|| unreadable("a list of groups is expected"))?;
        if !groups
            .iter()
            .filter_map(summary)
            .any(|known| known.group == *group)
        {
            return Ok(false);
        }
        let path = self.client.group_path(group, &["participants", "v2"]);
        let reply = self.client.try_get(&self.progress, &path, &[]).await?;
        let members = match (reply.is_success(), reply.into_body()) {
            (true, Body::Json(Value::Array(members))) => members,
            // Servers before `v2`, and engines that fail on it: the list of groups holds.
            _ => return Ok(true),
        };
        Ok(read_members(&members).membership(own) != Membership::Out)
    }

    /// The groups as the engine reports them: an array, or on NOWEB an object by id.
    /// `None` is an empty body.
    pub(super) async fn all_groups(&self) -> BackendResult<Option<Vec<Value>>> {
        let path = self.client.path(&["groups"]);
        let query = [("exclude", "participants")];
        let groups: Vec<Value> = match self
            .client
            .get(&self.progress, &path, &query)
            .await?
            .into_body()
        {
            Body::Json(Value::Array(groups)) => groups,
            Body::Json(Value::Object(groups)) => {
                groups.into_iter().map(|(_, group)| group).collect()
            }
            Body::Empty => return Ok(None),
            _ => return Err(unreadable("a list of groups is expected")),
        };
        // An unknown shape must not pass for an empty list: it would look like groups left.
        if !groups.is_empty() && !groups.iter().any(|group| summary(group).is_some()) {
            return Err(unreadable("it holds no group that can be read"));
        }
        Ok(Some(groups))
    }
}

/// Where engines put the name of a group, in the order in which it is taken.
pub(super) const NAMES: &[&str] = &["subject", "Name", "name"];

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
        name: text(group, NAMES).and_then(Untrusted::nonempty),
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
    text(inner(group), NAMES).or_else(|| text(group, &["name"]))
}

/// A group's description.
pub(super) fn description(group: &Value) -> Option<&str> {
    text(inner(group), &["desc", "description", "Topic"])
}

pub(super) fn details(id: GroupId, group: &Value, own: &[PersonId]) -> GroupDetails {
    let (name, description) = (subject(group), description(group));
    let inner = inner(group);
    let members = own_list(group);
    GroupDetails {
        name: name.and_then(Untrusted::nonempty),
        group: id,
        description: description.and_then(Untrusted::nonempty),
        my_role: members
            .as_ref()
            .and_then(|members| members.membership(own).role()),
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
