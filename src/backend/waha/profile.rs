//! The profile of the account on WAHA.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Waha,
    client::{API, unreadable},
    media::file,
    refusals::response,
    shapes::DONE,
};
use crate::{
    backend::{
        pictures::{few_observations, place, replaced_with_delay},
        verify::{Observation, change_and_verify, parts},
    },
    config::Timeouts,
    media::Media,
    op::{
        BackendResult, Change, ChangedProfile, GetProfile, PersonId, Profile, ProfileUpdated,
        Untrusted, UpdateProfile,
    },
};

const REMEDY: &str = "check with get_profile; the operator finds more in WAHA's log";

/// `GET /api/{session}/profile`.
#[derive(Deserialize)]
struct WahaProfile {
    id: String,
    name: Option<String>,
    picture: Option<String>,
}

impl Waha {
    pub(super) async fn get_profile(self, _op: GetProfile) -> BackendResult<Profile> {
        let raw = self.profile().await?;
        let account =
            PersonId::parse(&raw.id).map_err(|_| unreadable("the account's id is expected"))?;
        Ok(Profile {
            name: raw.name.as_deref().and_then(Untrusted::nonempty),
            about: self.own_about(account.as_str()).await.flatten(),
            account,
            has_picture: raw.picture.is_some_and(|url| !url.is_empty()),
        })
    }

    async fn profile(&self) -> BackendResult<WahaProfile> {
        let path = self.client.path(&["profile"]);
        self.client
            .get(&self.progress, &path, &[])
            .await?
            .parse(API)
    }

    /// The account's about text, if there is one; `None` where WAHA does not report it.
    async fn own_about(&self, account: &str) -> Option<Option<Untrusted>> {
        let query = [("contactId", account), ("session", self.client.session())];
        let reply = self
            .client
            .get(&self.progress, &["api", "contacts", "about"], &query)
            .await;
        let json: Value = reply.ok()?.parse(API).ok()?;
        match json.get("about")? {
            Value::String(text) => Some(Untrusted::nonempty(text.trim())),
            _ => Some(None),
        }
    }

    pub(super) async fn update_profile(
        self,
        op: UpdateProfile,
        picture: Option<Media>,
    ) -> BackendResult<ProfileUpdated> {
        self.working().await?;
        let before = self.profile().await?;
        let (mut name, mut about, mut shown) = (None, None, None);
        if let Some(wanted) = &op.name {
            name = Some(self.rename_account(wanted.as_str()).await);
        }
        if let Some(wanted) = &op.about {
            about = Some(self.change_about(wanted.as_str(), &before).await);
        }
        if let Some(picture) = &picture {
            shown = Some(self.change_picture(picture, &before).await);
        }
        let ([name, about, picture], reason) = parts([name, about, shown])?;
        let changes = ChangedProfile {
            name,
            about,
            picture,
        };
        Ok(ProfileUpdated::new(changes, reason))
    }

    async fn rename_account(&self, wanted: &str) -> BackendResult<Change> {
        let body = json!({ "name": wanted });
        let observe = || async {
            let name = self.profile().await.ok().and_then(|now| now.name);
            Observation::from(name.map(|name| name.trim() == wanted.trim()))
        };
        self.put_profile("name", &body, self.client.timeouts, observe)
            .await
    }

    async fn change_about(&self, wanted: &str, before: &WahaProfile) -> BackendResult<Change> {
        let had = matches!(self.own_about(&before.id).await, Some(Some(_)));
        let body = json!({ "status": wanted });
        let timeouts = few_observations(self.client.timeouts, had);
        let wanted = Untrusted::nonempty(wanted.trim());
        let observe = || async {
            Observation::from(match self.own_about(&before.id).await {
                // It may be there, and not be reported.
                Some(None) if !had => None,
                now => now.map(|about| about == wanted),
            })
        };
        self.put_profile("status", &body, timeouts, observe).await
    }

    async fn change_picture(&self, picture: &Media, before: &WahaProfile) -> BackendResult<Change> {
        let body = json!({ "file": file(picture) });
        let before = Some(place(before.picture.as_deref()));
        let observe = || async {
            let now = self.profile().await.ok();
            let now = now.map(|now| place(now.picture.as_deref()));
            // WAHA may report the picture of the day before.
            replaced_with_delay(&before, &now)
        };
        let timeouts = few_observations(self.client.timeouts, true);
        self.put_profile("picture", &body, timeouts, observe).await
    }

    /// Changes a part of the profile, and verifies that it shows.
    async fn put_profile<F: Future<Output = Observation>>(
        &self,
        part: &str,
        body: &Value,
        timeouts: Timeouts,
        observe: impl FnMut() -> F,
    ) -> BackendResult<Change> {
        self.progress.say(format!("changing the profile's {part}"));
        let path = self.client.path(&["profile", part]);
        let request = self.client.put(&self.progress, &path, body, DONE);
        let read = |answer| response(answer, REMEDY);
        change_and_verify(request, read, timeouts, observe).await
    }
}
