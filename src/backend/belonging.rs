//! Whether what an API returned belongs to the chat that it was asked for.

use crate::{
    op::{BackendError, BackendResult, ChatId, PersonId},
    toolset::AttributeSource,
};

/// Checks that messages of these chats are messages of `asked`: on WAHA's GOWS engine a
/// message is found by its key in any chat. A hidden identity and a number are one chat if
/// the API knows them as one person.
///
/// # Errors
/// When one of them is of another chat.
pub(super) async fn check_chats<B: AttributeSource>(
    backend: &B,
    api: &'static str,
    asked: &ChatId,
    named: impl IntoIterator<Item = ChatId>,
) -> BackendResult<()> {
    let mut same: Vec<ChatId> = vec![asked.clone()];
    for chat in named {
        if same.contains(&chat) {
            continue;
        }
        if !is_same_person(backend, asked, &chat).await {
            return Err(BackendError::refused(
                api,
                "it answered with a message of another chat, which is not used",
                "check chat and id; list_messages shows the messages there are",
            ));
        }
        same.push(chat);
    }
    Ok(())
}

async fn is_same_person<B: AttributeSource>(backend: &B, one: &ChatId, other: &ChatId) -> bool {
    match (one, other) {
        (ChatId::Person(one), ChatId::Person(other)) if one.is_hidden() != other.is_hidden() => {
            let (hidden, number) = if one.is_hidden() {
                (one, other)
            } else {
                (other, one)
            };
            known_person(backend, hidden).await.as_ref() == Some(number)
        }
        _ => false,
    }
}

async fn known_person<B: AttributeSource>(backend: &B, hidden: &PersonId) -> Option<PersonId> {
    let person = backend.clone().person(hidden.clone()).await;
    person.ok().flatten()
}
