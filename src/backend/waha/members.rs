//! Groups and their members on WAHA: what the shared tools for groups need of it.

use serde_json::{Value, json};

use super::{
    Waha,
    client::unreadable,
    group_picture::GROUP_REMEDY,
    groups::{details, field, id_text, own_list, read_members, text},
    media::file,
    refusals::response,
    shapes::{DONE, GROUP, MEMBERS},
};
use crate::{
    backend::{
        group_tools::GroupTools,
        http::Body,
        member_changes::{MemberChange, MemberChangeLog, PersonResponse, removal},
        members::Members,
        pictures::{PicturePlace, read_place, replaced},
        shapes::boolean,
        verify::{Observation, Response, fetch_once},
    },
    config::Timeouts,
    media::Media,
    op::{
        BackendError, BackendResult, Briefing, ChangeEffect, CreateGroup, GetGroup, GroupDetails,
        GroupId, People, PersonId, Progress, RemoveGroupMembers, Untrusted,
    },
};

const LEAVE_REMEDY: &str =
    "this account is still a member; leave on the phone if the group has to be left";

impl GroupTools for Waha {
    fn timeouts(&self) -> Timeouts {
        self.client.timeouts
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }

    async fn get_group(self, op: GetGroup) -> BackendResult<GroupDetails> {
        let own = self.working().await?.own_ids();
        let group = self.group(&op.group).await?;
        Ok(details(op.group, &group, &own))
    }

    /// The members of `participants/v2`, or the group's own list on servers and engines
    /// without it.
    async fn members(&self, group: &GroupId) -> BackendResult<Members> {
        let path = self.client.group_path(group, &["participants", "v2"]);
        let reply = self.client.try_get(&self.progress, &path, &[]).await?;
        if let (true, Body::Json(Value::Array(members))) = (reply.is_success(), reply.into_body()) {
            let members = read_members(&members);
            if !members.is_empty() {
                return Ok(members);
            }
        }
        own_list(&self.group(group).await?)
            .ok_or_else(|| unreadable("it reports no members of the group"))
    }

    async fn add_identities(&self, members: &mut Members, people: &People) {
        for person in people.iter() {
            if members.is_clear(person) {
                continue;
            }
            // Servers and engines without it: the person stays unclear.
            let Ok(other) = self.other_id(person).await else {
                return;
            };
            if let Some(other) = other {
                members.add_pair(person, other);
            }
        }
    }

    async fn identities_in(&self, group: &GroupId, people: &People) -> Option<Members> {
        let timeouts = self.client.timeouts;
        let members = fetch_once(timeouts, self.members(group)).await?;
        let mut members = members.unwrap_or_else(|_| Members::none());
        for person in people.iter() {
            if members.is_clear(person) {
                continue;
            }
            match fetch_once(timeouts, self.other_id(person)).await? {
                Ok(Some(other)) => members.add_pair(person, other),
                Ok(None) => {}
                Err(_) => break,
            }
        }
        Some(members.without_list())
    }

    async fn own_ids_for(&self, _: MemberChange) -> BackendResult<Vec<PersonId>> {
        Ok(self.working().await?.own_ids())
    }

    async fn send_member_change(
        &self,
        log: &mut MemberChangeLog,
    ) -> BackendResult<Option<BackendError>> {
        let verb = match log.change {
            MemberChange::Add => ["participants", "add"],
            MemberChange::Remove => ["participants", "remove"],
            MemberChange::Promote => ["admin", "promote"],
            MemberChange::Demote => ["admin", "demote"],
        };
        let (group, open) = (log.group.clone(), log.open());
        let path = self.client.group_path(&group, &verb);
        let body = participants(&open);
        match self
            .client
            .post(&self.progress, &path, Some(&body), MEMBERS)
            .await
        {
            Ok(body) => {
                record(log, &open, &body);
                Ok(None)
            }
            Err(error) if error.effect() == ChangeEffect::Ambiguous => {
                log.record_rest(&PersonResponse::from(&error));
                Ok(Some(error))
            }
            Err(error) => Err(error),
        }
    }

    async fn send_create_group(&self, op: &CreateGroup) -> BackendResult<Option<GroupId>> {
        self.working().await?;
        let people: Vec<_> = op.people.iter().cloned().collect();
        let mut body = participants(&people);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("name".into(), op.name.as_str().into());
        }
        let path = self.client.path(&["groups"]);
        let answer = self.client.post(&self.progress, &path, Some(&body), GROUP);
        Ok(created(&answer.await?))
    }

    async fn own_ids_in(&self, group: &GroupId) -> BackendResult<Option<Vec<PersonId>>> {
        let own = self.working().await?.own_ids();
        Ok(self.is_member(group, &own).await?.then_some(own))
    }

    async fn send_leave(&self, group: &GroupId) -> BackendResult<Response> {
        let path = self.client.group_path(group, &["leave"]);
        let answer = self.client.post(&self.progress, &path, None, DONE).await;
        response(answer, LEAVE_REMEDY)
    }

    async fn has_left(&self, group: &GroupId, own: &[PersonId], _: &Response) -> Observation {
        let is_member = self.is_member(group, own).await.ok();
        Observation::from(is_member.map(|is_member| !is_member))
    }

    fn is_replaced(before: &PicturePlace, now: &PicturePlace) -> Observation {
        replaced(before, now)
    }

    /// Where the picture is now, without WAHA's cache of a day.
    async fn picture(&self, group: &GroupId) -> PicturePlace {
        let path = self.client.group_path(group, &["picture"]);
        let reply = self
            .client
            .get(&self.progress, &path, &[("refresh", "true")])
            .await
            .ok()?;
        read_place(&reply, "url")
    }

    async fn picture_before(&self, group: &GroupId) -> BackendResult<PicturePlace> {
        self.working().await?;
        self.group(group).await?;
        Ok(self.picture(group).await)
    }

    async fn send_picture(&self, group: &GroupId, picture: Media) -> BackendResult<Response> {
        let path = self.client.group_path(group, &["picture"]);
        let body = json!({ "file": file(&picture) });
        let answer = self.client.put(&self.progress, &path, &body, DONE).await;
        response(answer, GROUP_REMEDY)
    }
}

impl Waha {
    /// The number of a hidden identity, or the hidden identity of a number.
    async fn other_id(&self, person: &PersonId) -> BackendResult<Option<PersonId>> {
        let (kind, other): (&[&str], _) = if person.is_lid() {
            (&[], "pn")
        } else if person.is_hidden() {
            return Ok(None);
        } else {
            (&["pn"], "lid")
        };
        let path = [&self.client.path(&["lids"]), kind, &[person.as_str()]].concat();
        Ok(
            match self
                .client
                .get(&self.progress, &path, &[])
                .await?
                .into_body()
            {
                Body::Json(ids) => text(&ids, &[other]).and_then(|id| PersonId::parse(id).ok()),
                Body::Empty | Body::Text(_) => None,
            },
        )
    }

    pub(super) async fn brief_remove_group_members(
        self,
        op: RemoveGroupMembers,
    ) -> BackendResult<Briefing> {
        let mut members = self.members(&op.group).await?;
        self.add_identities(&mut members, &op.people).await;
        let group = self.get_group(GetGroup { group: op.group }).await?;
        Ok(removal(group.name, &members, &op.people))
    }
}

/// WAHA would accept plain strings, and make members without an id.
fn participants(people: &[PersonId]) -> Value {
    let people = people.iter().map(|person| json!({ "id": person.as_str() }));
    json!({ "participants": people.collect::<Value>() })
}

/// Records the response for each person in an answer: a list, or WEBJS's object by id.
fn record(log: &mut MemberChangeLog, open: &[PersonId], body: &Body) {
    if boolean(body) == Some(false) {
        let answer = Untrusted::new("it answered `false`");
        log.record_rest(&PersonResponse::Denied(answer));
    }
    match body {
        Body::Json(Value::Array(people)) => {
            for one in people {
                let mut ids = ids(one);
                if let ([person], [_]) = (open, people.as_slice()) {
                    // Nobody else: the answer may name the person by another identity.
                    ids.push(person.clone());
                }
                log.record(&ids, &person_response(one));
            }
        }
        Body::Json(Value::Object(people)) => {
            for (id, one) in people {
                if let Ok(id) = PersonId::parse(id) {
                    log.record(&[id], &person_response(one));
                }
            }
        }
        Body::Json(_) | Body::Text(_) | Body::Empty => {}
    }
    // Engines that report nothing for a person have accepted the request.
    log.record_rest(&PersonResponse::Accepted);
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

/// WhatsApp's response for one person; without a status, or with GOWS's 0, accepted.
fn person_response(one: &Value) -> PersonResponse {
    if one.get("isInviteV4Sent").and_then(Value::as_bool) == Some(true) {
        return PersonResponse::Invited;
    }
    let status = field(one, &["status", "code", "Error"]);
    let status = status.and_then(|status| match status {
        Value::String(text) => text.parse().ok(),
        status => status.as_u64(),
    });
    let why = match status {
        None | Some(0 | 200) => return PersonResponse::Accepted,
        Some(401) => "WhatsApp does not allow it: this person has blocked the account".into(),
        Some(403) => {
            "WhatsApp does not allow it: a missing right, or this person can only be invited"
                .to_owned()
        }
        Some(404) => "WhatsApp does not find this person".into(),
        Some(408) => "this person left the group a short time ago".into(),
        Some(409) => "WhatsApp reports that it is already so".into(),
        Some(419) => "the group is full".into(),
        Some(status) => format!("WhatsApp answered with status {status}"),
    };
    PersonResponse::Denied(Untrusted::new(&why))
}

/// The id of a group that was created, as the engines report it.
fn created(body: &Body) -> Option<GroupId> {
    let Body::Json(group) = body else { return None };
    let id = field(group, &["id", "JID", "gid"]).and_then(id_text)?;
    GroupId::parse(id).ok()
}
