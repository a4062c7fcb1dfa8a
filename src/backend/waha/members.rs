//! The members of groups on WAHA.

use serde_json::{Value, json};

use super::{
    Waha,
    groups::{field, id_text, no_such_group, own_list, read_members, text, unreadable},
    session::is_false,
};
use crate::{
    backend::{
        changes::{Aim, Change, Said, removal},
        effect::{leaves_doubt, watch},
        http::Body,
        members::Members,
    },
    op::{
        AddGroupMembers, BackendError, Briefing, CreateGroup, CreatedGroup, DemoteGroupAdmin,
        GetGroup, GroupId, ListGroupMembers, MemberChanges, MemberList, People, PersonId, Progress,
        PromoteGroupAdmin, RemoveGroupMembers, Untrusted,
    },
};

impl Waha {
    pub(super) async fn list_group_members(
        self,
        op: ListGroupMembers,
    ) -> Result<MemberList, BackendError> {
        let members = self.members(&op.group).await?;
        Ok(MemberList::page(members.list(), op))
    }

    pub(super) async fn add_group_members(
        self,
        op: AddGroupMembers,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        let verb = ["participants", "add"];
        self.change(Aim::In, verb, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn brief_remove_group_members(
        self,
        op: RemoveGroupMembers,
    ) -> Result<Briefing, BackendError> {
        let mut members = self.members(&op.group).await?;
        self.learn(&mut members, &op.people).await;
        let group = self.get_group(GetGroup { group: op.group }).await?;
        Ok(removal(group.name, &members, &op.people))
    }

    pub(super) async fn remove_group_members(
        self,
        op: RemoveGroupMembers,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        let verb = ["participants", "remove"];
        self.change(Aim::Out, verb, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn promote_group_admin(
        self,
        op: PromoteGroupAdmin,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        let verb = ["admin", "promote"];
        self.change(Aim::Admin, verb, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn demote_group_admin(
        self,
        op: DemoteGroupAdmin,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        let verb = ["admin", "demote"];
        self.change(Aim::Plain, verb, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn create_group(
        self,
        op: CreateGroup,
        progress: Progress,
    ) -> Result<CreatedGroup, BackendError> {
        let own = self.working().await?.own_ids();
        progress.say("making the group");
        let people: Vec<_> = op.people.iter().cloned().collect();
        let mut body = participants(&people);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("name".into(), op.name.as_str().into());
        }
        let path = ["api", self.0.session(), "groups"];
        let group = match self.0.post(&progress, &path, Some(&body)).await {
            Ok(reply) => created(&reply.body()),
            Err(fault @ BackendError::Refused { .. }) => return Err(fault),
            Err(fault) if leaves_doubt(&fault) => None,
            Err(fault) => return Err(fault),
        };
        let Some(group) = group else {
            return Ok(CreatedGroup::unknown(op.people.iter()));
        };
        let mut seen = self
            .members(&group)
            .await
            .unwrap_or_else(|_| Members::none());
        self.learn(&mut seen, &op.people).await;
        let mut change = Change::new(Aim::In, group.clone(), &op.people, &seen.forgotten(), &own);
        change.said_of_the_rest(&Said::Yes);
        let after = self.watch(&change, &group, &progress).await;
        let changes = change.outcome(after.as_ref().ok());
        Ok(CreatedGroup::new(group, changes.people))
    }

    async fn change(
        self,
        aim: Aim,
        verb: [&str; 2],
        group: GroupId,
        people: &People,
        progress: &Progress,
    ) -> Result<MemberChanges, BackendError> {
        let own = self.working().await?.own_ids();
        // Without this look what was so before would seem to be done now.
        let mut before = self.members(&group).await?;
        self.learn(&mut before, people).await;
        let mut change = Change::new(aim, group.clone(), people, &before, &own);
        let open = change.open();
        if open.is_empty() {
            return Ok(change.outcome(Some(&before)));
        }
        progress.say("changing the group's members");
        let [kind, verb] = verb;
        let path = [
            "api",
            self.0.session(),
            "groups",
            group.as_str(),
            kind,
            verb,
        ];
        let body = participants(&open);
        let doubt = match self.0.post(progress, &path, Some(&body)).await {
            Ok(reply) => {
                hear(&mut change, &open, &reply.body());
                None
            }
            Err(fault) if leaves_doubt(&fault) => {
                change.said_of_the_rest(&Said::of(&fault));
                Some(fault)
            }
            Err(fault) => return Err(fault),
        };
        let after = self.watch(&change, &group, progress).await;
        change.outcome_or(doubt, after.as_ref().ok())
    }

    /// Looks until the members show the change, or time is up.
    async fn watch(
        &self,
        change: &Change,
        group: &GroupId,
        progress: &Progress,
    ) -> Result<Members, BackendError> {
        let look = || {
            progress.say("looking at the group's members");
            self.members(group)
        };
        let shown = |seen: &Result<Members, BackendError>| change.is_shown(seen.as_ref().ok());
        watch(self.0.timeouts.settle, self.0.timeouts.look, look, shown).await
    }

    /// Asks for the other identity of people who cannot be told among the members.
    async fn learn(&self, members: &mut Members, people: &People) {
        for person in people.iter() {
            if members.can_tell(person) {
                continue;
            }
            let lids = ["api", self.0.session(), "lids"];
            let (further, name): (&[&str], _) = if person.is_hidden() {
                (&[], "pn")
            } else {
                (&["pn"], "lid")
            };
            let path = [&lids[..], further, &[person.as_str()]].concat();
            // Servers and engines without it: the person stays hard to tell.
            let Ok(reply) = self.0.get(&path, &[]).await else {
                return;
            };
            if let Body::Json(ids) = reply.body() {
                let other = text(&ids, &[name]).and_then(|id| PersonId::parse(id).ok());
                if let Some(other) = other {
                    members.learn(person, other);
                }
            }
        }
    }

    /// A group's members: those of `participants/v2`, or the group's own list on
    /// servers and engines without it.
    async fn members(&self, group: &GroupId) -> Result<Members, BackendError> {
        let of_group = ["api", self.0.session(), "groups", group.as_str()];
        let v2 = [&of_group[..], &["participants", "v2"]].concat();
        let reply = self.0.try_get(&v2, &[]).await?;
        if let (true, Body::Json(Value::Array(members))) = (reply.is_success(), reply.body()) {
            let members = read_members(&members);
            if !members.is_empty() {
                return Ok(members);
            }
        }
        match self.0.get(&of_group, &[]).await?.body() {
            Body::Json(group @ Value::Object(_)) => {
                own_list(&group).ok_or_else(|| unreadable("it tells no members of the group"))
            }
            // NOWEB answers nothing for a group that it does not know.
            Body::Empty | Body::Json(Value::Null) => Err(no_such_group(group)),
            _ => Err(unreadable("a group is expected")),
        }
    }
}

/// Plain strings would be taken, and make members without an id.
fn participants(people: &[PersonId]) -> Value {
    let people = people.iter().map(|person| json!({ "id": person.as_str() }));
    json!({ "participants": people.collect::<Value>() })
}

/// Takes down what an answer says about each person: a list, or WEBJS's object by id.
fn hear(change: &mut Change, open: &[PersonId], body: &Body) {
    if is_false(body) {
        change.said_of_the_rest(&Said::No(Untrusted::new("it answered `false`")));
    }
    match body {
        Body::Json(Value::Array(people)) => {
            for one in people {
                let mut ids = ids(one);
                if let ([person], [_]) = (open, people.as_slice()) {
                    // Who else: the answer may know the person by another identity.
                    ids.push(person.clone());
                }
                change.said(&ids, &said(one));
            }
        }
        Body::Json(Value::Object(people)) => {
            for (id, one) in people {
                if let Ok(id) = PersonId::parse(id) {
                    change.said(&[id], &said(one));
                }
            }
        }
        Body::Json(_) | Body::Text(_) | Body::Empty => {}
    }
    // Engines that tell nothing of a person have taken the request.
    change.said_of_the_rest(&Said::Yes);
}

/// The ids by which an answer names a person.
fn ids(one: &Value) -> Vec<PersonId> {
    let attributes = one.pointer("/content/attrs").unwrap_or(&Value::Null);
    let named = [
        "jid",
        "id",
        "JID",
        "phone_number",
        "PhoneNumber",
        "lid",
        "LID",
    ];
    let ids = [one, attributes].into_iter().flat_map(|object| {
        let values = named.iter().filter_map(|name| object.get(name));
        values.filter_map(|id| PersonId::parse(id_text(id)?).ok())
    });
    ids.collect()
}

/// WhatsApp's status for one person; none, or GOWS's 0, is a yes.
fn said(one: &Value) -> Said {
    if one.get("isInviteV4Sent").and_then(Value::as_bool) == Some(true) {
        return Said::Invited;
    }
    let status = field(one, &["status", "code", "Error"]);
    let status = status.and_then(|status| match status {
        Value::String(text) => text.parse().ok(),
        status => status.as_u64(),
    });
    let why = match status {
        None | Some(0 | 200) => return Said::Yes,
        Some(401) => "WhatsApp does not allow it: this person has blocked the account".into(),
        Some(403) => {
            "WhatsApp does not allow it: a missing right, or this person can only be invited"
                .to_owned()
        }
        Some(404) => "WhatsApp does not find this person".into(),
        Some(408) => "this person left the group a short time ago".into(),
        Some(409) => "WhatsApp says that it is so already".into(),
        Some(419) => "the group is full".into(),
        Some(status) => format!("WhatsApp answered with status {status}"),
    };
    Said::No(Untrusted::new(&why))
}

/// The id of a group that was made, as the engines tell it.
fn created(body: &Body) -> Option<GroupId> {
    let Body::Json(group) = body else { return None };
    let id = field(group, &["id", "JID", "gid"]).and_then(id_text)?;
    GroupId::parse(id).ok()
}
