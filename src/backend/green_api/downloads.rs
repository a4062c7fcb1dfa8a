//! Files that come out of GREEN-API: a message's media, and a chat's picture.

use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, unreadable},
    messages::{message_arguments, named_chat},
    refusals::is_about_target,
};
use crate::{
    backend::{
        belonging::check_chats,
        files,
        http::{Body, HttpReply},
    },
    media::IncomingFile,
    op::{
        BackendError, BackendResult, ChatId, ChatPicture, DownloadMedia, GetPicture, MessageId,
        ReceivedFile, Untrusted,
    },
};

impl GreenApi {
    pub(super) async fn download_media(self, op: DownloadMedia) -> BackendResult<ReceivedFile> {
        self.reachable(&op.chat)?;
        let name = self.file_name(&op.chat, &op.message).await?;
        let arguments = message_arguments(&op.chat, &op.message);
        let reply = match self
            .client
            .read(&self.progress, "downloadFile", Some(&arguments))
            .await
        {
            Err(error) if is_about_target(&error) => return Err(no_file(error)),
            reply => reply?,
        };
        let url = address(&reply, "downloadUrl")
            .ok_or_else(|| files::gone(API, "it has no file for the message, or none any more"))?;
        let received = self.download(&url).await?;
        Ok(ReceivedFile::new(received, name, op.uri()))
    }

    pub(super) async fn get_picture(self, op: GetPicture) -> BackendResult<ChatPicture> {
        self.reachable(&op.chat)?;
        let arguments = json!({ "chatId": op.chat.as_str() });
        let reply = self
            .client
            .read(&self.progress, "getAvatar", Some(&arguments))
            .await?;
        if !matches!(reply.body(), Body::Json(Value::Object(_))) {
            return Err(unreadable("the address of a picture is expected"));
        }
        let Some(url) = address(&reply, "urlAvatar") else {
            return Ok(ChatPicture::new(op.chat, None));
        };
        let received = self.download(&url).await?;
        let picture = ReceivedFile::new(received, None, op.uri());
        Ok(ChatPicture::new(op.chat, Some(picture)))
    }

    /// The token is in no request for a file.
    async fn download(&self, url: &str) -> BackendResult<IncomingFile> {
        match self.client.open_file(&self.progress, url).await? {
            Some(response) => files::download(API, response, None, &self.client.media).await,
            None => files::from_public(API, &self.progress, url, None, &self.client.media).await,
        }
    }

    /// The name that the sender gave the file; the file is complete without it.
    ///
    /// # Errors
    /// Only when the message is of another chat.
    async fn file_name(
        &self,
        chat: &ChatId,
        message: &MessageId,
    ) -> BackendResult<Option<Untrusted>> {
        let arguments = message_arguments(chat, message);
        let reply = self
            .client
            .read(&self.progress, "getMessage", Some(&arguments))
            .await;
        let Ok(Body::Json(found)) = reply.map(HttpReply::into_body) else {
            return Ok(None);
        };
        check_chats(self, API, chat, named_chat(&found)).await?;
        let name = found.get("fileName").and_then(Value::as_str);
        Ok(name.and_then(Untrusted::nonempty))
    }
}

fn address(reply: &HttpReply, name: &str) -> Option<String> {
    match reply.body() {
        Body::Json(json) => {
            Some(json.get(name)?.as_str()?.to_owned()).filter(|url| !url.is_empty())
        }
        Body::Empty | Body::Text(_) => None,
    }
}

/// A refusal about the message, with what to do about a file that is not there.
fn no_file(mut error: BackendError) -> BackendError {
    if let BackendError::Refused {
        status: Some(400 | 500),
        message,
        remedy,
        ..
    } = &mut error
        && message.as_str().to_ascii_lowercase().contains("not found")
    {
        *remedy = "check chat and id with get_message; if the message has a file, it is gone: ask for it to be sent again";
    }
    error
}
