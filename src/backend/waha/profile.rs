//! The profile of the account on WAHA.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Waha,
    chat_changes::{is_engine_limit, says_no},
    client::API,
    media::file,
};
use crate::{
    backend::{
        http::Reply,
        media::to_portray,
        pictures::{looks, place, replaced_at_last},
        settle::{Said, Seen, parts, settle},
    },
    config::Timeouts,
    op::{
        BackendError, Change, GetProfile, PersonId, Profile, ProfileUpdated, Progress, Untrusted,
        UpdateProfile,
    },
};

/// `GET /api/{session}/profile`.
#[derive(Deserialize)]
struct RawProfile {
    id: String,
    name: Option<String>,
    picture: Option<String>,
}

impl Waha {
    pub(super) async fn get_profile(self, _op: GetProfile) -> Result<Profile, BackendError> {
        let raw = self.profile().await?;
        let account = PersonId::parse(&raw.id).map_err(|_| BackendError::Unreadable {
            api: API,
            why: "the account's id is expected".into(),
        })?;
        Ok(Profile {
            name: raw.name.as_deref().and_then(Untrusted::nonempty),
            about: self.own_about(account.as_str()).await.flatten(),
            account,
            has_picture: raw.picture.is_some_and(|url| !url.is_empty()),
        })
    }

    async fn profile(&self) -> Result<RawProfile, BackendError> {
        let path = ["api", self.0.session(), "profile"];
        self.0.get(&path, &[]).await?.parse(API)
    }

    /// The account's about text, if there is one; `None` where it is not told.
    async fn own_about(&self, account: &str) -> Option<Option<Untrusted>> {
        let query = [("contactId", account), ("session", self.0.session())];
        let reply = self.0.get(&["api", "contacts", "about"], &query).await;
        let told: Value = reply.ok()?.parse(API).ok()?;
        match told.get("about")? {
            Value::String(text) => Some(Untrusted::nonempty(text.trim())),
            _ => Some(None),
        }
    }

    pub(super) async fn update_profile(
        self,
        op: UpdateProfile,
        progress: Progress,
    ) -> Result<ProfileUpdated, BackendError> {
        // Loaded first: what cannot be used must not leave half a change.
        let picture = match &op.picture {
            Some(picture) => {
                progress.say("loading");
                Some(to_portray(picture, &self.0.media).await?)
            }
            None => None,
        };
        self.working().await?;
        let before = self.profile().await?;
        let (mut name, mut about, mut shown) = (None, None, None);
        if let Some(wanted) = &op.name {
            name = Some(self.rename_account(wanted.as_str(), &progress).await);
        }
        if let Some(wanted) = &op.about {
            about = Some(self.tell_about(wanted.as_str(), &before, &progress).await);
        }
        if let Some(picture) = &picture {
            let body = json!({ "file": file(picture) });
            shown = Some(self.show(&body, &before, &progress).await);
        }
        let (changes, reason) = parts([name, about, shown])?;
        Ok(ProfileUpdated::new(changes, reason))
    }

    async fn rename_account(
        &self,
        wanted: &str,
        progress: &Progress,
    ) -> Result<Change, BackendError> {
        let body = json!({ "name": wanted });
        let look = || async {
            let told = self.profile().await.ok().and_then(|told| told.name);
            Seen::wanted(told.map(|name| name.trim() == wanted.trim()))
        };
        self.put_profile("name", &body, self.0.timeouts, progress, look)
            .await
    }

    async fn tell_about(
        &self,
        wanted: &str,
        before: &RawProfile,
        progress: &Progress,
    ) -> Result<Change, BackendError> {
        let had = matches!(self.own_about(&before.id).await, Some(Some(_)));
        let body = json!({ "status": wanted });
        let (timeouts, wanted) = (
            looks(self.0.timeouts, had),
            Untrusted::nonempty(wanted.trim()),
        );
        let look = || async {
            Seen::wanted(match self.own_about(&before.id).await {
                // It may be there, and not be told.
                Some(None) if !had => None,
                told => told.map(|told| told == wanted),
            })
        };
        self.put_profile("status", &body, timeouts, progress, look)
            .await
    }

    async fn show(
        &self,
        body: &Value,
        before: &RawProfile,
        progress: &Progress,
    ) -> Result<Change, BackendError> {
        let before = Some(place(before.picture.as_deref()));
        let look = || async {
            let now = self.profile().await.ok();
            let now = now.map(|now| place(now.picture.as_deref()));
            // WAHA may tell the picture of the day before.
            replaced_at_last(&before, &now)
        };
        let timeouts = looks(self.0.timeouts, true);
        self.put_profile("picture", body, timeouts, progress, look)
            .await
    }

    /// Puts a part of the profile, then looks whether it shows.
    async fn put_profile<F: Future<Output = Seen>>(
        &self,
        part: &str,
        body: &Value,
        timeouts: Timeouts,
        progress: &Progress,
        look: impl FnMut() -> F,
    ) -> Result<Change, BackendError> {
        progress.say(format!("changing the profile's {part}"));
        let path = ["api", self.0.session(), "profile", part];
        let said = heard(self.0.put(progress, &path, body).await, REFUSED)?;
        progress.say("looking whether it shows");
        settle(said, timeouts, look).await
    }
}

const REFUSED: &str = "look with get_profile; the operator finds more in WAHA's log";

/// WAHA's word on a change whose no may come as a success; `next` is what to do then.
pub(super) fn heard(
    answer: Result<Reply, BackendError>,
    next: &'static str,
) -> Result<Said, BackendError> {
    match answer {
        Err(fault) if is_engine_limit(&fault) => Err(fault),
        answer => Said::of(answer, |reply| {
            says_no(reply).then(|| BackendError::Refused {
                api: API,
                status: None,
                said: Untrusted::new("it answered no, without a reason"),
                next,
            })
        }),
    }
}
