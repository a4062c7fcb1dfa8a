//! Finding one message on WAHA.

use serde_json::Value;

use super::{
    Waha,
    client::{API, unreadable},
    refusals::is_too_old,
    sending::message_id,
};
use crate::{
    backend::{belonging::check_chats, http::Body, refusals::unknown_message},
    op::{BackendError, BackendResult, ChatId, MessageId},
};

/// A message as WAHA has it.
pub(super) struct FoundMessage {
    /// The full id: the one that was asked for, if that was full.
    pub(super) id: MessageId,
    pub(super) json: Value,
}

/// Whether WAHA downloads the file of a message that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Download {
    Yes,
    No,
}

impl Waha {
    /// Finds a message of a chat by its full id or its key.
    ///
    /// # Errors
    /// When there is none, or when WAHA answers with a message of another chat.
    pub(super) async fn find(
        &self,
        chat: &ChatId,
        message: &MessageId,
        download: Download,
    ) -> BackendResult<FoundMessage> {
        let download = match download {
            Download::Yes => "true",
            Download::No => "false",
        };
        let mut missing = unknown_message(API, message);
        for id in spellings(chat, message) {
            let path = self.client.message_path(chat, &id);
            match self
                .client
                .get(&self.progress, &path, &[("downloadMedia", download)])
                .await
            {
                Ok(reply) => {
                    return match reply.into_body() {
                        Body::Json(json) => self.checked(chat, message, json).await,
                        Body::Empty | Body::Text(_) => Err(unknown_message(API, message)),
                    };
                }
                Err(error) if is_no_message(&error) => missing = error,
                Err(error) => return Err(error),
            }
        }
        Err(missing)
    }

    async fn checked(
        &self,
        chat: &ChatId,
        asked: &MessageId,
        json: Value,
    ) -> BackendResult<FoundMessage> {
        let id =
            message_id(&json).ok_or_else(|| unreadable("a message with its id is expected"))?;
        check_chats(self, API, chat, id.chat().cloned()).await?;
        let id = match asked.chat() {
            Some(_) => asked.clone(),
            None => id,
        };
        Ok(FoundMessage { id, json })
    }

    /// The full id of a message: most methods of WAHA take no other.
    ///
    /// # Errors
    /// When a message that is named by its key cannot be found in the chat.
    pub(super) async fn full_id(
        &self,
        chat: &ChatId,
        message: MessageId,
    ) -> BackendResult<MessageId> {
        match message.chat() {
            Some(_) => Ok(message),
            None => Ok(self.find(chat, &message, Download::No).await?.id),
        }
    }

    /// The id of a message that is to be quoted in its own chat. It is looked up, because
    /// GOWS quotes whatever message has this key.
    ///
    /// # Errors
    /// When it cannot be found in the chat.
    pub(super) async fn quotable(
        &self,
        chat: &ChatId,
        message: MessageId,
    ) -> BackendResult<MessageId> {
        match self.find(chat, &message, Download::No).await {
            Ok(found) => Ok(found.id),
            // Servers of that age know no GOWS, and the other engines look in the chat alone.
            Err(error) if is_too_old(&error) => Ok(message),
            Err(error) => Err(error),
        }
    }
}

/// What may find a message: WEBJS finds none by its key alone.
fn spellings(chat: &ChatId, message: &MessageId) -> Vec<MessageId> {
    let mut ids = vec![message.clone()];
    if message.chat().is_none() {
        let full = |own| MessageId::of_chat(chat, own, message.key()).ok();
        ids.extend([full(false), full(true)].into_iter().flatten());
    }
    ids
}

/// Whether a refusal says that there is no such message.
pub(super) fn is_no_message(error: &BackendError) -> bool {
    matches!(error, BackendError::Refused { status: Some(404), message, .. } if message.as_str().contains("Message not found"))
}
