//! Files that come out of WAHA: a message's media, and a chat's picture.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Waha,
    client::API,
    found_message::Download,
    own_file::OwnFile,
    refusals::{is_too_old, refused},
};
use crate::{
    backend::{files, http::Body},
    media::IncomingFile,
    op::{
        BackendError, BackendResult, ChatId, ChatPicture, DownloadMedia, GetPicture, ReceivedFile,
        Untrusted,
    },
};

/// `GET /api/{session}/chats/{chatId}/picture`; the other name is the older path's.
#[derive(Deserialize)]
struct PictureAddress {
    #[serde(alias = "profilePictureURL")]
    url: Option<String>,
}

impl Waha {
    pub(super) async fn download_media(self, op: DownloadMedia) -> BackendResult<ReceivedFile> {
        let message = self.find(&op.chat, &op.message, Download::Yes).await?.json;
        if message.get("hasMedia").and_then(Value::as_bool) != Some(true) {
            let remedy = "list_messages shows by kind which messages have one";
            return Err(refused("the message has no file", remedy));
        }
        let media = |name: &str| message.get("media")?.get(name)?.as_str();
        let Some(url) = media("url").filter(|url| !url.is_empty()) else {
            return Err(self.not_downloaded(&message));
        };
        let received = self.download(url, media("mimetype")).await?;
        let name = media("filename").and_then(Untrusted::nonempty);
        Ok(ReceivedFile::new(received, name, op.uri()))
    }

    pub(super) async fn get_picture(self, op: GetPicture) -> BackendResult<ChatPicture> {
        let Some(url) = self.picture_url(&op.chat).await? else {
            return Ok(ChatPicture::new(op.chat, None));
        };
        let received = self.download(&url, None).await?;
        let picture = ReceivedFile::new(received, None, op.uri());
        Ok(ChatPicture::new(op.chat, Some(picture)))
    }

    /// Where a chat's picture is, if this account may see one.
    async fn picture_url(&self, chat: &ChatId) -> BackendResult<Option<String>> {
        let path = self.client.chat_path(chat, &["picture"]);
        let reply = match (self.client.get(&self.progress, &path, &[]).await, chat) {
            // Older servers know the pictures of people alone.
            (Err(error), ChatId::Person(person)) if is_too_old(&error) => {
                let query = [
                    ("contactId", person.as_str()),
                    ("session", self.client.session()),
                ];
                let path = ["api", "contacts", "profile-picture"];
                self.client.get(&self.progress, &path, &query).await
            }
            (reply, _) => reply,
        };
        match reply {
            Ok(reply) if *reply.body() == Body::Empty => Ok(None),
            Ok(reply) => {
                let picture: PictureAddress = reply.parse(API)?;
                Ok(picture.url.filter(|url| !url.is_empty()))
            }
            // WhatsApp's error for a missing picture.
            Err(BackendError::Refused { message, .. })
                if message.as_str().contains("item-not-found") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A file of WAHA's own is requested at the configured address with the key, whatever
    /// host WAHA reports for itself; any other one at its public address, without the key.
    async fn download(&self, url: &str, declared: Option<&str>) -> BackendResult<IncomingFile> {
        let rules = &self.client.media;
        match OwnFile::parse(url) {
            Some(file) => {
                let response = self.client.open_file(&self.progress, &file).await?;
                files::download(API, response, declared, rules).await
            }
            None => files::from_public(API, &self.progress, url, declared, rules).await,
        }
    }

    /// Why WAHA has no file, with its own message where there is one.
    fn not_downloaded(&self, message: &Value) -> BackendError {
        let error = message.pointer("/media/error");
        let error = error.and_then(|error| match error {
            Value::String(text) => Some(text.as_str()),
            error => error.get("message")?.as_str(),
        });
        let message = match error.filter(|text| !text.trim().is_empty()) {
            Some(error) => format!(
                "it could not download the file: {}",
                self.client.without_key(error)
            ),
            None => "it could not download the file; WhatsApp may not have it any more".to_owned(),
        };
        files::gone(API, &message)
    }
}
