//! Files that come out of WAHA: a message's media, and a chat's picture.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Waha, chats::is_too_old, client::API};
use crate::{
    backend::{files, http::Body},
    media::IncomingFile,
    op::{BackendError, ChatId, ChatPicture, DownloadMedia, GetPicture, ReceivedFile, Untrusted},
};

/// `GET /api/{session}/chats/{chatId}/picture`; the other name is the older path's.
#[derive(Deserialize)]
struct Picture {
    #[serde(alias = "profilePictureURL")]
    url: Option<String>,
}

impl Waha {
    pub(super) async fn download_media(
        self,
        op: DownloadMedia,
    ) -> Result<ReceivedFile, BackendError> {
        let path = [
            "api",
            self.0.session(),
            "chats",
            op.chat.as_str(),
            "messages",
            op.message.as_str(),
        ];
        let message = match self
            .0
            .get(&path, &[("downloadMedia", "true")])
            .await?
            .body()
        {
            Body::Json(message) if message.get("id").is_some() => message,
            _ => {
                return Err(BackendError::Refused {
                    api: API,
                    status: None,
                    said: Untrusted::new(&format!("it knows no message {}", op.message)),
                    next: "check chat and id; list_messages shows the messages there are",
                });
            }
        };
        if message.get("hasMedia").and_then(Value::as_bool) != Some(true) {
            return Err(BackendError::Refused {
                api: API,
                status: None,
                said: Untrusted::new("the message has no file"),
                next: "list_messages shows by kind which messages have one",
            });
        }
        let told = |name: &str| message.get("media")?.get(name)?.as_str();
        let Some(url) = told("url").filter(|url| !url.is_empty()) else {
            return Err(self.not_downloaded(&message));
        };
        let received = self.download(url, told("mimetype")).await?;
        let name = told("filename").and_then(Untrusted::nonempty);
        Ok(ReceivedFile::new(received, name, op.uri()))
    }

    pub(super) async fn get_picture(self, op: GetPicture) -> Result<ChatPicture, BackendError> {
        let Some(url) = self.picture_url(&op.chat).await? else {
            return Ok(None.into());
        };
        let received = self.download(&url, None).await?;
        Ok(Some(ReceivedFile::new(received, None, op.uri())).into())
    }

    /// Where a chat's picture is, if this account is shown one.
    async fn picture_url(&self, chat: &ChatId) -> Result<Option<String>, BackendError> {
        let path = ["api", self.0.session(), "chats", chat.as_str(), "picture"];
        let reply = match (self.0.get(&path, &[]).await, chat) {
            // Older servers know the pictures of people alone.
            (Err(fault), ChatId::Person(person)) if is_too_old(&fault) => {
                let query = [
                    ("contactId", person.as_str()),
                    ("session", self.0.session()),
                ];
                let path = ["api", "contacts", "profile-picture"];
                self.0.get(&path, &query).await
            }
            (reply, _) => reply,
        };
        match reply {
            Ok(reply) if reply.body() == Body::Empty => Ok(None),
            Ok(reply) => {
                let picture: Picture = reply.parse(API)?;
                Ok(picture.url.filter(|url| !url.is_empty()))
            }
            // WhatsApp's own word for a picture that is not there.
            Err(BackendError::Refused { said, .. }) if said.as_str().contains("item-not-found") => {
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    /// A file of WAHA's own is asked of the address that is configured, with the key,
    /// whatever host WAHA takes itself for; any other one in public, without it.
    async fn download(
        &self,
        url: &str,
        declared: Option<&str>,
    ) -> Result<IncomingFile, BackendError> {
        let rules = &self.0.media;
        match Url::parse(url).ok().as_ref().and_then(own_file) {
            Some(name) => {
                let response = self.0.open_file(name).await?;
                files::take_in(API, response, declared, rules).await
            }
            None => files::from_public(API, url, declared, rules).await,
        }
    }

    /// Why WAHA has no file, in its own words where it has some.
    fn not_downloaded(&self, message: &Value) -> BackendError {
        let error = message.pointer("/media/error");
        let error = error.and_then(|error| match error {
            Value::String(text) => Some(text.as_str()),
            error => error.get("message")?.as_str(),
        });
        let said = match error.filter(|text| !text.trim().is_empty()) {
            Some(error) => format!(
                "it could not download the file: {}",
                self.0.without_key(error)
            ),
            None => "it could not download the file; WhatsApp may not have it any more".to_owned(),
        };
        files::gone(API, &said)
    }
}

/// What follows `/api/files/` in an address, still encoded, and without anything that
/// could lead out of there once it is decoded.
fn own_file(url: &Url) -> Option<&str> {
    let (_, name) = url.path().split_once("/api/files/")?;
    let lower = name.to_ascii_lowercase();
    let leads_out = ["%2e", "%2f", "%5c", "//"]
        .iter()
        .any(|part| lower.contains(part));
    (!name.is_empty() && !leads_out).then_some(name)
}
