//! Files that come out of GREEN-API: a message's media, and a chat's picture.

use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, is_about_target},
};
use crate::{
    backend::{
        files,
        http::{Body, Reply},
    },
    media::IncomingFile,
    op::{BackendError, ChatPicture, DownloadMedia, GetPicture, ReceivedFile, Untrusted},
};

impl GreenApi {
    pub(super) async fn download_media(
        self,
        op: DownloadMedia,
    ) -> Result<ReceivedFile, BackendError> {
        self.reachable(&op.chat)?;
        let arguments = json!({ "chatId": op.chat.as_str(), "idMessage": op.message.as_str() });
        let reply = match self.0.read("downloadFile", Some(&arguments)).await {
            Err(fault) if is_about_target(&fault) => return Err(no_file(fault)),
            reply => reply?,
        };
        let url = address(&reply, "downloadUrl")
            .ok_or_else(|| files::gone(API, "it has no file for the message, or none any more"))?;
        let received = self.download(&url).await?;
        let name = self.file_name(&arguments).await;
        Ok(ReceivedFile::new(received, name, op.uri()))
    }

    pub(super) async fn get_picture(self, op: GetPicture) -> Result<ChatPicture, BackendError> {
        self.reachable(&op.chat)?;
        let arguments = json!({ "chatId": op.chat.as_str() });
        let reply = self.0.read("getAvatar", Some(&arguments)).await?;
        if !matches!(reply.body(), Body::Json(Value::Object(_))) {
            return Err(BackendError::Unreadable {
                api: API,
                why: "the address of a picture is expected".into(),
            });
        }
        let Some(url) = address(&reply, "urlAvatar") else {
            return Ok(None.into());
        };
        let received = self.download(&url).await?;
        Ok(Some(ReceivedFile::new(received, None, op.uri())).into())
    }

    /// The token is in no request for a file.
    async fn download(&self, url: &str) -> Result<IncomingFile, BackendError> {
        match self.0.open_file(url).await? {
            Some(response) => files::take_in(API, response, None, &self.0.media).await,
            None => files::from_public(API, url, None, &self.0.media).await,
        }
    }

    /// The name that the sender gave the file; without one it is as good.
    async fn file_name(&self, message: &Value) -> Option<Untrusted> {
        let reply = self.0.read("getMessage", Some(message)).await.ok()?;
        match reply.body() {
            Body::Json(message) => Untrusted::nonempty(message.get("fileName")?.as_str()?),
            Body::Empty | Body::Text(_) => None,
        }
    }
}

fn address(reply: &Reply, name: &str) -> Option<String> {
    match reply.body() {
        Body::Json(json) => {
            Some(json.get(name)?.as_str()?.to_owned()).filter(|url| !url.is_empty())
        }
        Body::Empty | Body::Text(_) => None,
    }
}

fn says_missing(said: &Untrusted) -> bool {
    said.as_str().to_ascii_lowercase().contains("not found")
}

/// A refusal about the message, with what to do about a file that is not there.
fn no_file(fault: BackendError) -> BackendError {
    match fault {
        BackendError::Refused {
            api,
            status: Some(status @ (400 | 500)),
            said,
            ..
        } if says_missing(&said) => BackendError::Refused {
            api,
            status: Some(status),
            said,
            next: "check chat and id with get_message; if the message has a file, it is gone: ask for it to be sent again",
        },
        fault => fault,
    }
}
