//! The profile of the account on GREEN-API.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use super::{
    GreenApi,
    client::API,
    groups::text,
    media::part,
    refusals::{DENIAL, refused},
    sending::cannot,
    session::WaSettings,
};
use crate::{
    backend::{
        http::Body,
        pictures::{few_observations, place, replaced_with_delay},
        shapes::Shape,
        verify::Response,
    },
    media::Media,
    op::{
        BackendResult, ChangedProfile, GetProfile, PersonId, Profile, ProfileUpdated, UpdateProfile,
    },
};

impl GreenApi {
    pub(super) async fn get_profile(self, _op: GetProfile) -> BackendResult<Profile> {
        let settings = self.wa_settings().await?;
        let account = account(&settings)?;
        // The account is complete without its name, whose reads GREEN-API limits.
        let arguments = json!({ "chatId": account.as_str() });
        let info = match self
            .client
            .read(&self.progress, "getContactInfo", Some(&arguments))
            .await
        {
            Ok(reply) => match reply.into_body() {
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

    async fn wa_settings(&self) -> BackendResult<WaSettings> {
        self.client
            .read(&self.progress, "getWaSettings", None)
            .await?
            .parse(API)
    }

    pub(super) async fn update_profile(
        self,
        op: UpdateProfile,
        picture: Option<Media>,
    ) -> BackendResult<ProfileUpdated> {
        let Some(picture) = picture.filter(|_| op.name.is_none() && op.about.is_none()) else {
            return Err(cannot(
                "change the name or the about text of an account",
                "give `picture` alone, and change the others on the phone",
            ));
        };
        let form = Form::new().part("file", part(picture)?);
        let settings = self.wa_settings().await?;
        account(&settings)?;
        let before = Some(place(Some(settings.avatar())));
        self.progress.say("changing the picture");
        let response = self.change_picture("setProfilePicture", form);
        let observe = || async {
            self.progress.say("checking the picture");
            let now = self.wa_settings().await.ok();
            replaced_with_delay(&before, &now.map(|now| place(Some(now.avatar()))))
        };
        let timeouts = few_observations(self.client.timeouts, true);
        let change = response.await?.verify(timeouts, observe).await?;
        let changes = ChangedProfile {
            name: None,
            about: None,
            picture: Some(change),
        };
        Ok(ProfileUpdated::new(changes, None))
    }

    /// Sends a picture to a method that answers by a flag of its own name.
    pub(super) async fn change_picture(
        &self,
        method: &'static str,
        form: Form,
    ) -> BackendResult<Response> {
        let shapes = [Shape::Flag(method), DENIAL];
        let answer = self
            .client
            .change_with_file(&self.progress, method, form, &shapes)
            .await;
        self.client.response(answer, method)
    }
}

/// The account that is signed in.
fn account(settings: &WaSettings) -> BackendResult<PersonId> {
    PersonId::parse(&format!("{}@c.us", settings.phone)).map_err(|_| {
        refused(
            "no account is signed in",
            "call open_session, then try again",
        )
    })
}
