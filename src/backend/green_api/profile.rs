//! Pictures of the account and of its groups on GREEN-API.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, flag},
    groups::text,
    media::part,
    sending::cannot,
    session::WaSettings,
};
use crate::{
    backend::{
        http::Body,
        media::to_portray,
        pictures::{Place, looks, place, replaced_at_last, told},
        settle::{Said, parts, settle},
    },
    op::{
        BackendError, GetProfile, GroupChanged, GroupId, PersonId, Profile, ProfileUpdated,
        Progress, SetGroupPicture, Untrusted, UpdateProfile,
    },
};

impl GreenApi {
    pub(super) async fn get_profile(self, _op: GetProfile) -> Result<Profile, BackendError> {
        let settings = self.wa_settings().await?;
        let account = account(&settings)?;
        // The account stands without its name, which is counted against a limit.
        let arguments = json!({ "chatId": account.as_str() });
        let info = match self.0.read("getContactInfo", Some(&arguments)).await {
            Ok(reply) => match reply.body() {
                Body::Json(info) => info,
                _ => Value::Null,
            },
            Err(_) => Value::Null,
        };
        Ok(Profile {
            name: text(&info, "name").or_else(|| text(&info, "contactName")),
            about: text(&info, "description"),
            account,
            has_picture: place(Some(settings.avatar())).is_some(),
        })
    }

    async fn wa_settings(&self) -> Result<WaSettings, BackendError> {
        self.0.read("getWaSettings", None).await?.parse(API)
    }

    pub(super) async fn update_profile(
        self,
        op: UpdateProfile,
        progress: Progress,
    ) -> Result<ProfileUpdated, BackendError> {
        let Some(picture) = op
            .picture
            .filter(|_| op.name.is_none() && op.about.is_none())
        else {
            return Err(cannot(
                "change the name or the about text of an account",
                "give `picture` alone, and change the others on the phone",
            ));
        };
        progress.say("loading");
        let form = Form::new().part("file", part(to_portray(&picture, &self.0.media).await?)?);
        let settings = self.wa_settings().await?;
        account(&settings)?;
        let before = Some(place(Some(settings.avatar())));
        progress.say("changing the picture");
        let said = self.portray("setProfilePicture", form, &progress).await?;
        progress.say("looking whether it shows");
        let look = || async {
            let now = self.wa_settings().await.ok();
            replaced_at_last(&before, &now.map(|now| place(Some(now.avatar()))))
        };
        let outcome = settle(said, looks(self.0.timeouts, true), look).await;
        let (changes, reason) = parts([None, None, Some(outcome)])?;
        Ok(ProfileUpdated::new(changes, reason))
    }

    pub(super) async fn set_group_picture(
        self,
        op: SetGroupPicture,
        progress: Progress,
    ) -> Result<GroupChanged, BackendError> {
        progress.say("loading");
        let file = part(to_portray(&op.picture, &self.0.media).await?)?;
        let form = Form::new()
            .text("groupId", op.group.as_str().to_owned())
            .part("file", file);
        self.known_group(&op.group).await?;
        let before = self.avatar(&op.group).await;
        progress.say("changing the group's picture");
        let said = self.portray("setGroupPicture", form, &progress).await?;
        progress.say("looking whether it shows");
        // How long the old one is told is not documented.
        let look = || async { replaced_at_last(&before, &self.avatar(&op.group).await) };
        let outcome = settle(said, looks(self.0.timeouts, before.is_some()), look).await?;
        Ok(GroupChanged::new(outcome, op.group))
    }

    /// Sends a picture to a method that answers by a flag of its own name.
    async fn portray(
        &self,
        method: &str,
        form: Form,
        progress: &Progress,
    ) -> Result<Said, BackendError> {
        let answer = self.0.change_with_file(progress, method, form).await;
        Said::of(answer, |reply| {
            (flag(reply, method) != Some(true)).then(|| self.0.refusal(reply))
        })
    }

    /// Where a group's picture is.
    async fn avatar(&self, id: &GroupId) -> Place {
        let arguments = json!({ "chatId": id.as_str() });
        let reply = self.0.read("getAvatar", Some(&arguments)).await.ok()?;
        told(&reply, "urlAvatar")
    }
}

/// The account that is signed in.
fn account(settings: &WaSettings) -> Result<PersonId, BackendError> {
    PersonId::parse(&format!("{}@c.us", settings.phone)).map_err(|_| BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new("no account is signed in"),
        next: "call open_session, then try again",
    })
}
