//! The tools for groups that all APIs offer in the same way: each API sends the
//! requests and reads its answers, the order of the steps stands here once.

use super::{
    member_changes::{MemberChange, MemberChangeLog, PersonResponse},
    members::Members,
    pictures::{PicturePlace, few_observations},
    verify::{Observation, Response, poll_until},
};
use crate::{
    config::Timeouts,
    media::Media,
    op::{
        AddGroupMembers, BackendError, BackendResult, Briefing, ChangeEffect, CreateGroup,
        CreatedGroup, DemoteGroupAdmin, GetGroup, GroupChanged, GroupDetails, GroupId, LeaveGroup,
        Leaving, LeftGroup, ListGroupMembers, MemberChanges, MemberList, OfGroup, People, PersonId,
        Progress, PromoteGroupAdmin, RemoveGroupMembers, SetGroupPicture, Untrusted,
    },
};

/// An API with groups.
pub(super) trait GroupTools: Clone + Send + Sync + 'static {
    fn timeouts(&self) -> Timeouts;

    fn progress(&self) -> &Progress;

    fn get_group(self, op: GetGroup) -> impl Future<Output = BackendResult<GroupDetails>> + Send;

    /// The members that the API lists; never an empty list.
    fn members(&self, group: &GroupId) -> impl Future<Output = BackendResult<Members>> + Send;

    /// Adds further ids of people whom the list of members does not identify.
    fn add_identities(
        &self,
        _members: &mut Members,
        _people: &People,
    ) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// The pairs of ids that are known of people in a new group, without its list. `None`
    /// where a request gets no answer in the time of a verification.
    fn identities_in(
        &self,
        _group: &GroupId,
        _people: &People,
    ) -> impl Future<Output = Option<Members>> + Send {
        async { Some(Members::none()) }
    }

    /// The ids of this account, as far as this change needs them.
    fn own_ids_for(
        &self,
        change: MemberChange,
    ) -> impl Future<Output = BackendResult<Vec<PersonId>>> + Send;

    /// Sends the change for everybody who is open, and records the responses. An error
    /// in the success is one after which some people may have been changed.
    fn send_member_change(
        &self,
        log: &mut MemberChangeLog,
    ) -> impl Future<Output = BackendResult<Option<BackendError>>> + Send;

    /// Creates a group; `None` where the answer does not name it.
    fn send_create_group(
        &self,
        op: &CreateGroup,
    ) -> impl Future<Output = BackendResult<Option<GroupId>>> + Send;

    /// The ids of this account; `None` where it is not a member of the group.
    fn own_ids_in(
        &self,
        group: &GroupId,
    ) -> impl Future<Output = BackendResult<Option<Vec<PersonId>>>> + Send;

    fn send_leave(&self, group: &GroupId) -> impl Future<Output = BackendResult<Response>> + Send;

    /// Whether this account, with these ids, has left the group.
    fn has_left(
        &self,
        group: &GroupId,
        own: &[PersonId],
        response: &Response,
    ) -> impl Future<Output = Observation> + Send;

    /// Whether the API reports another picture than before.
    fn is_replaced(before: &PicturePlace, now: &PicturePlace) -> Observation;

    fn picture(&self, group: &GroupId) -> impl Future<Output = PicturePlace> + Send;

    /// As [`GroupTools::picture`]; an unknown group is an error.
    fn picture_before(
        &self,
        group: &GroupId,
    ) -> impl Future<Output = BackendResult<PicturePlace>> + Send;

    fn send_picture(
        &self,
        group: &GroupId,
        picture: Media,
    ) -> impl Future<Output = BackendResult<Response>> + Send;

    fn list_group_members(
        self,
        op: ListGroupMembers,
    ) -> impl Future<Output = BackendResult<MemberList>> + Send {
        async move {
            let members = self.members(&op.group).await?.list();
            Ok(MemberList::page(members, op, self.progress().concealment()))
        }
    }

    fn add_group_members(
        self,
        op: AddGroupMembers,
    ) -> impl Future<Output = BackendResult<MemberChanges>> + Send {
        change_members(self, MemberChange::Add, op.group, op.people)
    }

    fn remove_group_members(
        self,
        op: RemoveGroupMembers,
    ) -> impl Future<Output = BackendResult<MemberChanges>> + Send {
        change_members(self, MemberChange::Remove, op.group, op.people)
    }

    fn promote_group_admin(
        self,
        op: PromoteGroupAdmin,
    ) -> impl Future<Output = BackendResult<MemberChanges>> + Send {
        change_members(self, MemberChange::Promote, op.group, op.people)
    }

    fn demote_group_admin(
        self,
        op: DemoteGroupAdmin,
    ) -> impl Future<Output = BackendResult<MemberChanges>> + Send {
        change_members(self, MemberChange::Demote, op.group, op.people)
    }

    fn create_group(
        self,
        op: CreateGroup,
    ) -> impl Future<Output = BackendResult<CreatedGroup>> + Send {
        async move {
            self.progress().say("creating the group");
            let group = match self.send_create_group(&op).await {
                Ok(Some(group)) => group,
                Ok(None) => return Ok(CreatedGroup::unknown(op.people.iter(), None)),
                Err(error) if error.effect() == ChangeEffect::Ambiguous => {
                    let reason = Untrusted::new(&error.to_string());
                    return Ok(CreatedGroup::unknown(op.people.iter(), Some(&reason)));
                }
                Err(error) => return Err(error),
            };
            let known = self.identities_in(&group, &op.people).await;
            let add = MemberChange::Add;
            let (answers, known) = (known.is_some(), known.unwrap_or_else(Members::none));
            let mut log = MemberChangeLog::new(add, group.clone(), &op.people, &known, &[]);
            log.record_rest(&PersonResponse::Accepted);
            let after = match answers {
                true => members_after(&self, &log).await,
                false => None,
            };
            let changes = log.outcome(after.as_ref());
            Ok(CreatedGroup::new(group, changes.people))
        }
    }

    fn brief_leave_group(
        self,
        op: LeaveGroup,
    ) -> impl Future<Output = BackendResult<Briefing>> + Send {
        async move {
            let group = self.get_group(GetGroup { group: op.group }).await?;
            Ok(group.briefing())
        }
    }

    fn leave_group(self, op: LeaveGroup) -> impl Future<Output = BackendResult<LeftGroup>> + Send {
        async move {
            let group = op.group;
            // Without this check an unknown id would look like a group that was left.
            let Some(own) = self.own_ids_in(&group).await? else {
                return Ok(LeftGroup::new(Leaving::WasNotMember, OfGroup { group }));
            };
            self.progress().say("leaving the group");
            let response = self.send_leave(&group).await?;
            let answered = response.clone();
            let observe = || async {
                self.progress()
                    .say("checking whether the membership is gone");
                self.has_left(&group, &own, &answered).await
            };
            let change = response
                .verify_even_denied(self.timeouts(), observe)
                .await?;
            Ok(LeftGroup::of(change, OfGroup { group }))
        }
    }

    fn set_group_picture(
        self,
        op: SetGroupPicture,
        picture: Media,
    ) -> impl Future<Output = BackendResult<GroupChanged>> + Send {
        async move {
            let before = self.picture_before(&op.group).await?;
            self.progress().say("changing the group's picture");
            let response = self.send_picture(&op.group, picture).await?;
            let timeouts = few_observations(self.timeouts(), before.is_some());
            let observe = || async {
                self.progress().say("checking the group's picture");
                Self::is_replaced(&before, &self.picture(&op.group).await)
            };
            let change = response.verify(timeouts, observe).await?;
            Ok(GroupChanged::new(change, OfGroup { group: op.group }))
        }
    }
}

async fn change_members<A: GroupTools>(
    api: A,
    change: MemberChange,
    group: GroupId,
    people: People,
) -> BackendResult<MemberChanges> {
    let own = api.own_ids_for(change).await?;
    // Without this check, what was so before would look like done now.
    let mut before = api.members(&group).await?;
    api.add_identities(&mut before, &people).await;
    let mut log = MemberChangeLog::new(change, group, &people, &before, &own);
    if log.open().is_empty() {
        return Ok(log.outcome(Some(&before)));
    }
    api.progress().say("changing the group's members");
    let error = api.send_member_change(&mut log).await?;
    let after = members_after(&api, &log).await;
    log.outcome_or(error, after.as_ref())
}

/// Reads the members until they show the change, a read gets no answer, or time is up.
async fn members_after<A: GroupTools>(api: &A, log: &MemberChangeLog) -> Option<Members> {
    let fetch = || async {
        api.progress().say("checking the group's members");
        api.members(&log.group).await
    };
    let shown = |seen: Option<&BackendResult<Members>>| {
        seen.is_none_or(|seen| log.is_shown(seen.as_ref().ok()))
    };
    let timeouts = api.timeouts();
    let seen = poll_until(timeouts.settle, timeouts, fetch, shown).await;
    seen.and_then(Result::ok)
}
