//! Groups and their members on GREEN-API, which changes one person a call: what the
//! shared tools for groups need of it.

use reqwest::multipart::Form;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    GreenApi,
    client::unreadable,
    groups::GreenApiGroup,
    media::part,
    refusals::{DENIAL, is_about_target},
};
use crate::{
    backend::{
        group_tools::GroupTools,
        http::Body,
        member_changes::{MemberChange, MemberChangeLog, PersonResponse, removal},
        members::{Members, Membership},
        pictures::{PicturePlace, read_place, replaced_with_delay},
        shapes::{Shape, flag},
        verify::{Observation, Response},
    },
    config::Timeouts,
    media::Media,
    op::{
        BackendError, BackendResult, Briefing, ChangeEffect, CreateGroup, GetGroup, GroupDetails,
        GroupId, PersonId, Progress, RemoveGroupMembers, Untrusted,
    },
};

impl GroupTools for GreenApi {
    fn timeouts(&self) -> Timeouts {
        self.client.timeouts
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }

    async fn get_group(self, op: GetGroup) -> BackendResult<GroupDetails> {
        let group = self.known_group(&op.group).await?;
        // The group is complete without this account's role in it.
        let own = self.own_ids().await.unwrap_or_default();
        Ok(group.details(op.group, &own))
    }

    async fn members(&self, group: &GroupId) -> BackendResult<Members> {
        Ok(self.group_and_members(group).await?.1)
    }

    async fn own_ids_for(&self, change: MemberChange) -> BackendResult<Vec<PersonId>> {
        match change {
            MemberChange::Remove => self.own_ids().await,
            MemberChange::Add | MemberChange::Promote | MemberChange::Demote => Ok(Vec::new()),
        }
    }

    async fn send_member_change(
        &self,
        log: &mut MemberChangeLog,
    ) -> BackendResult<Option<BackendError>> {
        let mut sent = false;
        for person in log.open() {
            if sent {
                // It accepts ten calls a second.
                sleep(self.client.timeouts.look / 10).await;
            }
            match self.change_member(log, &person).await {
                Ok(response) => log.record(&[person], &response),
                Err(error) if !sent && error.effect() != ChangeEffect::Ambiguous => {
                    return Err(error);
                }
                Err(error) => {
                    if error.effect() != ChangeEffect::Unsent {
                        log.record(&[person], &PersonResponse::from(&error));
                    }
                    return Ok(Some(error));
                }
            }
            sent = true;
        }
        Ok(None)
    }

    async fn send_create_group(&self, op: &CreateGroup) -> BackendResult<Option<GroupId>> {
        let people: Value = op.people.iter().map(PersonId::as_str).collect();
        let arguments = json!({ "groupName": op.name.as_str(), "chatIds": people });
        let (method, shapes) = ("createGroup", [Shape::Flag("created"), DENIAL]);
        let answer = self
            .client
            .change(&self.progress, method, Some(&arguments), &shapes)
            .await?;
        match &answer {
            Body::Json(group) if flag(&answer, "created") == Some(true) => {
                let id = group.get("chatId").and_then(Value::as_str);
                Ok(id.and_then(|id| GroupId::parse(id).ok()))
            }
            _ => Err(self.client.denial(&answer)),
        }
    }

    async fn own_ids_in(&self, group: &GroupId) -> BackendResult<Option<Vec<PersonId>>> {
        let Some(group) = self.group(group).await? else {
            return Ok(None);
        };
        let own = self.own_ids().await?;
        Ok((group.membership(&own) != Membership::Out).then_some(own))
    }

    async fn send_leave(&self, group: &GroupId) -> BackendResult<Response> {
        let arguments = json!({ "groupId": group.as_str() });
        // Administrators get the second key.
        let keys = ["leaveGroup", "removeAdmin"];
        let shapes = [Shape::Flag(keys[0]), Shape::Flag(keys[1]), DENIAL];
        let answer = self
            .client
            .change(&self.progress, "leaveGroup", Some(&arguments), &shapes);
        Response::of(answer.await, |body| {
            let accepted = keys.iter().any(|key| flag(body, key) == Some(true));
            (!accepted).then(|| self.client.denial(body))
        })
    }

    async fn has_left(
        &self,
        group: &GroupId,
        own: &[PersonId],
        response: &Response,
    ) -> Observation {
        let seen = match self.group(group).await {
            Ok(Some(group)) => group.membership(own),
            Ok(None) => Membership::Out,
            // The API refuses to report the group, which it did not before.
            Err(error) if is_about_target(&error) && matches!(response, Response::Accepted) => {
                Membership::Out
            }
            Err(_) => Membership::Unclear,
        };
        match seen {
            Membership::Out => Observation::Done,
            Membership::In(_) => Observation::NotDone,
            // A denial stands unless the membership is gone.
            Membership::Unclear if matches!(response, Response::Denied(_)) => Observation::NotDone,
            Membership::Unclear => Observation::Unclear,
        }
    }

    /// How long GREEN-API reports the previous picture is not documented.
    fn is_replaced(before: &PicturePlace, now: &PicturePlace) -> Observation {
        replaced_with_delay(before, now)
    }

    async fn picture(&self, group: &GroupId) -> PicturePlace {
        let arguments = json!({ "chatId": group.as_str() });
        let reply = self
            .client
            .read(&self.progress, "getAvatar", Some(&arguments))
            .await
            .ok()?;
        read_place(&reply, "urlAvatar")
    }

    async fn picture_before(&self, group: &GroupId) -> BackendResult<PicturePlace> {
        self.known_group(group).await?;
        Ok(self.picture(group).await)
    }

    async fn send_picture(&self, group: &GroupId, picture: Media) -> BackendResult<Response> {
        let form = Form::new()
            .text("groupId", group.as_str().to_owned())
            .part("file", part(picture)?);
        self.change_picture("setGroupPicture", form).await
    }
}

impl GreenApi {
    pub(super) async fn brief_remove_group_members(
        self,
        op: RemoveGroupMembers,
    ) -> BackendResult<Briefing> {
        let (group, members) = self.group_and_members(&op.group).await?;
        let name = group.details(op.group, &[]).name;
        Ok(removal(name, &members, &op.people))
    }

    /// Sends the change for one person; an error ends the calls for the others too.
    async fn change_member(
        &self,
        log: &MemberChangeLog,
        person: &PersonId,
    ) -> BackendResult<PersonResponse> {
        // The method, and the key of the flag in its answer.
        let (method, key) = match log.change {
            MemberChange::Add => ("addGroupParticipant", "addParticipant"),
            MemberChange::Remove => ("removeGroupParticipant", "removeParticipant"),
            MemberChange::Promote => ("setGroupAdmin", "setGroupAdmin"),
            MemberChange::Demote => ("removeAdmin", "removeAdmin"),
        };
        let arguments =
            json!({ "groupId": log.group.as_str(), "participantChatId": person.as_str() });
        let shapes = [Shape::Flag(key), DENIAL];
        match self
            .client
            .change(&self.progress, method, Some(&arguments), &shapes)
            .await
        {
            Ok(body) if flag(&body, key) == Some(true) => Ok(PersonResponse::Accepted),
            Ok(body) => {
                let message = self.client.words(&body);
                let message = message.as_deref().unwrap_or(
                    "it answered no; this account may lack the right, or the number is not in its phone book",
                );
                Ok(PersonResponse::Denied(Untrusted::new(message)))
            }
            Err(error) if is_about_target(&error) => Ok(PersonResponse::from(&error)),
            Err(error) => Err(error),
        }
    }

    /// A group with the members that it lists.
    async fn group_and_members(&self, id: &GroupId) -> BackendResult<(GreenApiGroup, Members)> {
        let mut group = self.known_group(id).await?;
        let members = group.members.take().filter(|members| !members.is_empty());
        let members = members.ok_or_else(|| unreadable("it reports no members of the group"))?;
        Ok((group, members))
    }
}
