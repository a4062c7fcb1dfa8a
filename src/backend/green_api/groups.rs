//! Groups on GREEN-API.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, unreadable},
    refusals::is_about_target,
};
use crate::{
    backend::{
        http::Body,
        members::{Member, Members, Membership},
        refusals::unknown_group,
    },
    op::{
        BackendError, BackendResult, GroupDetails, GroupId, GroupList, GroupSummary, ListGroups,
        PersonId, Untrusted,
    },
};

/// `getSettings`: nothing but the account; the rest holds a secret.
#[derive(Deserialize)]
struct GreenApiSettings {
    wid: Option<String>,
}

/// `getGroupData`.
pub(super) struct GreenApiGroup {
    pub(super) fields: Value,
    pub(super) members: Option<Members>,
}

impl GreenApi {
    pub(super) async fn list_groups(self, op: ListGroups) -> BackendResult<GroupList> {
        Ok(GroupList::page(self.all_groups().await?, &op))
    }

    /// There is no list of groups; groups are among the contacts.
    pub(super) async fn all_groups(&self) -> BackendResult<Vec<GroupSummary>> {
        let contacts = self.contacts().await?;
        Ok(contacts.iter().filter_map(summary).collect())
    }

    /// Every group with its name as the API writes it.
    pub(super) async fn group_names(&self) -> BackendResult<Vec<(String, GroupId)>> {
        let contacts = self.contacts().await?;
        let named = contacts.iter().filter_map(|contact| {
            let group = summary(contact)?.group;
            let names = NAMES.iter();
            let mut names = names.filter_map(|name| contact.get(name)?.as_str());
            let name = names.find(|name| !name.trim().is_empty())?;
            Some((name.to_owned(), group))
        });
        Ok(named.collect())
    }

    /// Contacts and groups.
    pub(super) async fn contacts(&self) -> BackendResult<Vec<Value>> {
        match self
            .client
            .read(&self.progress, "getContacts", None)
            .await?
            .into_body()
        {
            Body::Json(Value::Array(contacts)) => Ok(contacts),
            _ => Err(unreadable("a list of contacts is expected")),
        }
    }

    /// A group; an unknown one is an error.
    pub(super) async fn known_group(&self, id: &GroupId) -> BackendResult<GreenApiGroup> {
        self.group(id).await?.ok_or_else(|| unknown_group(API, id))
    }

    /// A group; `None` when the answer holds none.
    pub(super) async fn group(&self, id: &GroupId) -> BackendResult<Option<GreenApiGroup>> {
        let arguments = json!({ "groupId": id.as_str() });
        match self
            .client
            .read(&self.progress, "getGroupData", Some(&arguments))
            .await
        {
            Ok(reply) => Ok(match reply.into_body() {
                Body::Json(fields) => GreenApiGroup::read(fields),
                Body::Empty | Body::Text(_) => None,
            }),
            Err(error) if is_about_target(&error) && says_no_group(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The ids of the account that is signed in.
    pub(super) async fn own_ids(&self) -> BackendResult<Vec<PersonId>> {
        let settings: GreenApiSettings = self
            .client
            .read(&self.progress, "getSettings", None)
            .await?
            .parse(API)?;
        let wid = settings
            .wid
            .as_deref()
            .and_then(|id| PersonId::parse(id).ok());
        Ok(wid.into_iter().collect())
    }
}

impl GreenApiGroup {
    fn read(fields: Value) -> Option<Self> {
        let members = fields
            .get("participants")
            .and_then(Value::as_array)
            .map(|members| Members::new(members.iter().map(member)));
        let named = text(&fields, "groupId").is_some();
        (named || members.is_some()).then_some(Self { fields, members })
    }

    pub(super) fn membership(&self, ids: &[PersonId]) -> Membership {
        let members = self.members.as_ref();
        members.map_or(Membership::Unclear, |members| members.membership(ids))
    }

    pub(super) fn details(&self, id: GroupId, own: &[PersonId]) -> GroupDetails {
        // An empty list was withheld: `0 members` would be wrong.
        let members = self.members.as_ref().filter(|members| members.count() > 0);
        GroupDetails {
            name: text(&self.fields, "subject"),
            group: id,
            description: None,
            members: members.map(Members::count),
            admins: members.map(Members::admins),
            my_role: self.membership(own).role(),
            created_at: self
                .fields
                .get("creation")
                .and_then(Value::as_i64)
                .filter(|seconds| *seconds > 0)
                .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        }
    }
}

pub(super) fn text(fields: &Value, name: &str) -> Option<Untrusted> {
    fields.get(name)?.as_str().and_then(Untrusted::nonempty)
}

/// Where the name of a group stands among the contacts, in the order in which it is taken.
const NAMES: [&str; 2] = ["name", "contactName"];

fn summary(contact: &Value) -> Option<GroupSummary> {
    if contact.get("type")?.as_str()? != "group" {
        return None;
    }
    Some(GroupSummary {
        group: GroupId::parse(contact.get("id")?.as_str()?).ok()?,
        name: NAMES.iter().find_map(|name| text(contact, name)),
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

/// Whether a refusal says that there is no such group, or that this account is not in it.
fn says_no_group(error: &BackendError) -> bool {
    let BackendError::Refused { message, .. } = error else {
        return false;
    };
    let message = message.as_str().to_ascii_lowercase();
    [
        "item-not-found",
        "not found",
        "not-authorized",
        "not a participant",
        "not a member",
    ]
    .iter()
    .any(|words| message.contains(words))
}
