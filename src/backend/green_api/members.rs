//! The members of groups on GREEN-API, which changes one person a call.

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    GreenApi,
    client::{API, flag, is_about_target},
    groups::{Group, no_such_group},
};
use crate::{
    backend::{
        changes::{Aim, Change, Said, removal},
        effect::{leaves_doubt, watch},
        http::{Body, Reply},
        members::Members,
    },
    op::{
        AddGroupMembers, BackendError, Briefing, CreateGroup, CreatedGroup, DemoteGroupAdmin,
        GroupId, ListGroupMembers, MemberChanges, MemberList, People, PersonId, Progress,
        PromoteGroupAdmin, RemoveGroupMembers, Untrusted,
    },
};

/// A method, and the key of its yes or no.
#[derive(Clone, Copy)]
struct Method {
    name: &'static str,
    key: &'static str,
}

const ADD: Method = Method {
    name: "addGroupParticipant",
    key: "addParticipant",
};
const REMOVE: Method = Method {
    name: "removeGroupParticipant",
    key: "removeParticipant",
};
const PROMOTE: Method = Method {
    name: "setGroupAdmin",
    key: "setGroupAdmin",
};
const DEMOTE: Method = Method {
    name: "removeAdmin",
    key: "removeAdmin",
};

impl GreenApi {
    pub(super) async fn list_group_members(
        self,
        op: ListGroupMembers,
    ) -> Result<MemberList, BackendError> {
        let (_, members) = self.members(&op.group).await?;
        Ok(MemberList::page(members.list(), op))
    }

    pub(super) async fn add_group_members(
        self,
        op: AddGroupMembers,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        self.change(Aim::In, ADD, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn brief_remove_group_members(
        self,
        op: RemoveGroupMembers,
    ) -> Result<Briefing, BackendError> {
        let (group, members) = self.members(&op.group).await?;
        let name = group.details(op.group, &[]).name;
        Ok(removal(name, &members, &op.people))
    }

    pub(super) async fn remove_group_members(
        self,
        op: RemoveGroupMembers,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        self.change(Aim::Out, REMOVE, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn promote_group_admin(
        self,
        op: PromoteGroupAdmin,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        self.change(Aim::Admin, PROMOTE, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn demote_group_admin(
        self,
        op: DemoteGroupAdmin,
        progress: Progress,
    ) -> Result<MemberChanges, BackendError> {
        self.change(Aim::Plain, DEMOTE, op.group, &op.people, &progress)
            .await
    }

    pub(super) async fn create_group(
        self,
        op: CreateGroup,
        progress: Progress,
    ) -> Result<CreatedGroup, BackendError> {
        progress.say("making the group");
        let people: Value = op.people.iter().map(PersonId::as_str).collect();
        let arguments = json!({ "groupName": op.name.as_str(), "chatIds": people });
        let group = match self
            .0
            .change(&progress, "createGroup", Some(&arguments))
            .await
        {
            Ok(reply) if flag(&reply, "created") == Some(true) => created(&reply),
            Ok(reply) => return Err(self.0.refusal(&reply)),
            Err(BackendError::OutcomeUnknown { .. }) => None,
            Err(fault) => return Err(fault),
        };
        let Some(group) = group else {
            return Ok(CreatedGroup::unknown(op.people.iter()));
        };
        let mut change = Change::new(Aim::In, group.clone(), &op.people, &Members::none(), &[]);
        change.said_of_the_rest(&Said::Yes);
        let after = self.watch(&change, &group, &progress).await;
        let changes = change.outcome(after.as_ref().ok());
        Ok(CreatedGroup::new(group, changes.people))
    }

    async fn change(
        self,
        aim: Aim,
        method: Method,
        group: GroupId,
        people: &People,
        progress: &Progress,
    ) -> Result<MemberChanges, BackendError> {
        let own = match aim {
            Aim::Out => self.own_ids().await?,
            Aim::In | Aim::Admin | Aim::Plain => Vec::new(),
        };
        // Without this look what was so before would seem to be done now.
        let (_, before) = self.members(&group).await?;
        let mut change = Change::new(aim, group.clone(), people, &before, &own);
        let open = change.open();
        if open.is_empty() {
            return Ok(change.outcome(Some(&before)));
        }
        progress.say("changing the group's members");
        let (mut stopped, mut sent) = (None, false);
        for person in open {
            if sent {
                // Ten calls a second are taken.
                sleep(self.0.timeouts.look / 10).await;
            }
            match self.change_one(method, &group, &person, progress).await {
                Ok(said) => change.said(&[person], &said),
                Err(fault) if !sent && !leaves_doubt(&fault) => return Err(fault),
                Err(fault) => {
                    if matches!(
                        fault,
                        BackendError::Refused { .. } | BackendError::OutcomeUnknown { .. }
                    ) {
                        change.said(&[person], &Said::of(&fault));
                    }
                    stopped = Some(fault);
                    break;
                }
            }
            sent = true;
        }
        let after = self.watch(&change, &group, progress).await;
        change.outcome_or(stopped, after.as_ref().ok())
    }

    /// What is said of one person; a fault ends the row.
    async fn change_one(
        &self,
        method: Method,
        group: &GroupId,
        person: &PersonId,
        progress: &Progress,
    ) -> Result<Said, BackendError> {
        let arguments = json!({ "groupId": group.as_str(), "participantChatId": person.as_str() });
        let reply = self.0.change(progress, method.name, Some(&arguments));
        match reply.await {
            Ok(reply) if flag(&reply, method.key) == Some(true) => Ok(Said::Yes),
            Ok(reply) => Ok(Said::No(self.0.said(&reply).map_or_else(
                || Untrusted::new("it answered no; this account may lack the right, or the number is not in its phone book"),
                |said| Untrusted::new(&said),
            ))),
            Err(fault) if is_about_target(&fault) => Ok(Said::of(&fault)),
            Err(fault) => Err(fault),
        }
    }

    /// Looks until the members show the change, or time is up.
    async fn watch(
        &self,
        change: &Change,
        group: &GroupId,
        progress: &Progress,
    ) -> Result<Members, BackendError> {
        let look = || async {
            progress.say("looking at the group's members");
            self.members(group).await.map(|(_, members)| members)
        };
        let shown = |seen: &Result<Members, BackendError>| change.is_shown(seen.as_ref().ok());
        watch(self.0.timeouts.settle, self.0.timeouts.look, look, shown).await
    }

    /// A group with the members that it tells of.
    async fn members(&self, id: &GroupId) -> Result<(Group, Members), BackendError> {
        let mut group = self.group(id).await?.ok_or_else(|| no_such_group(id))?;
        let members = group.members.take().filter(|members| !members.is_empty());
        let members = members.ok_or_else(|| BackendError::Unreadable {
            api: API,
            why: "it tells no members of the group".into(),
        })?;
        Ok((group, members))
    }
}

/// The id of a group that was made.
fn created(reply: &Reply) -> Option<GroupId> {
    match reply.body() {
        Body::Json(group) => GroupId::parse(group.get("chatId")?.as_str()?).ok(),
        Body::Text(_) | Body::Empty => None,
    }
}
