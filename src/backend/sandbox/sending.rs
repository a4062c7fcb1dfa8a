//! Messages that the account sends.

use serde_json::{Value, json};

use super::{
    SandboxState,
    history::MessageContent,
    messages::unknown,
    request::{SandboxAnswer, SandboxRefusal, SandboxRequest, created, done},
};

pub(super) fn text(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    send(
        state,
        request,
        request.required("/text")?,
        MessageContent::default(),
    )
}

pub(super) fn file(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let content = MessageContent {
        file: Some(state.files.keep(request.file()?)),
        ..MessageContent::default()
    };
    send(
        state,
        request,
        request.text("/caption").unwrap_or_default(),
        content,
    )
}

pub(super) fn location(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let degrees = |pointer: &str| {
        let degrees = request.at(pointer).and_then(Value::as_f64);
        let degrees = degrees.map(|degrees| degrees.to_string());
        degrees.ok_or_else(|| SandboxRefusal::lacking(pointer))
    };
    let location = json!({
        "latitude": degrees("/latitude")?,
        "longitude": degrees("/longitude")?,
        "live": false,
        "name": request.required("/title")?,
    });
    let content = MessageContent {
        location: Some(location),
        ..MessageContent::default()
    };
    send(state, request, "", content)
}

/// Answers nothing, as NOWEB does.
pub(super) fn contact(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let contacts = request.at("/contacts").and_then(Value::as_array);
    let cards = contacts.into_iter().flatten().map(|contact| {
        let text = |name: &str| contact.get(name)?.as_str();
        let (name, number) = (text("fullName")?, text("phoneNumber")?);
        Some(format!(
            "BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;type=CELL:{number}\nEND:VCARD"
        ))
    });
    let cards: Option<Vec<String>> = cards.collect();
    let cards = cards.filter(|cards| !cards.is_empty());
    let content = MessageContent {
        cards: cards.ok_or_else(|| SandboxRefusal::lacking("/contacts"))?,
        ..MessageContent::default()
    };
    send(state, request, "", content)?;
    done()
}

pub(super) fn poll(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    send(
        state,
        request,
        request.required("/poll/name")?,
        MessageContent::default(),
    )
}

pub(super) fn forward(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let original = state.messages.find(request.required("/messageId")?);
    let (text, content) = original.ok_or_else(unknown)?.parts();
    created(state.write(request.required("/chatId")?, &text, content))
}

/// Writes a message into the chat that the request names.
fn send(
    state: &mut SandboxState,
    request: &SandboxRequest,
    text: &str,
    content: MessageContent,
) -> SandboxAnswer {
    let content = MessageContent {
        reply_to: request.text("/reply_to").map(str::to_owned),
        ..content
    };
    created(state.write(request.required("/chatId")?, text, content))
}
