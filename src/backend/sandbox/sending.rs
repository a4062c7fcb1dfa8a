//! Places, contact cards and polls in the sandbox.

use axum::{
    Json, Router, extract::State as Extract, http::StatusCode, response::IntoResponse,
    routing::post,
};
use serde_json::{Value, json};

use super::{
    Shared,
    history::Shown,
    reply::{Answer, Refused, done, working},
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/sendLocation", post(location))
        .route("/api/sendContactVcard", post(contact))
        .route("/api/sendPoll", post(poll))
}

async fn location(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let degrees = |name: &str| body.get(name).and_then(Value::as_f64);
    let (Some(latitude), Some(longitude), Some(title)) = (
        degrees("latitude"),
        degrees("longitude"),
        text(&body, "/title"),
    ) else {
        return Err(lacking("latitude, longitude and title"));
    };
    let place = json!({
        "latitude": latitude.to_string(),
        "longitude": longitude.to_string(),
        "live": false,
        "name": title,
    });
    let shown = Shown {
        location: Some(place),
        ..Shown::of(&body)
    };
    let message = take(&state, &body, "", shown)?;
    Ok((StatusCode::CREATED, Json(message)).into_response())
}

/// Answers nothing, as NOWEB does.
async fn contact(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let contacts = body.get("contacts").and_then(Value::as_array);
    let cards = contacts.into_iter().flatten().map(|contact| {
        let (name, number) = (text(contact, "/fullName")?, text(contact, "/phoneNumber")?);
        Some(format!(
            "BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;type=CELL:{number}\nEND:VCARD"
        ))
    });
    let cards: Option<Vec<String>> = cards.collect();
    let Some(cards) = cards.filter(|cards| !cards.is_empty()) else {
        return Err(lacking("contacts"));
    };
    let shown = Shown {
        cards,
        ..Shown::of(&body)
    };
    take(&state, &body, "", shown)?;
    Ok(done())
}

async fn poll(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let question = text(&body, "/poll/name").ok_or_else(|| lacking("poll"))?;
    let message = take(&state, &body, question, Shown::of(&body))?;
    Ok((StatusCode::CREATED, Json(message)).into_response())
}

/// Puts a message into the chat that the request names.
fn take(state: &Shared, body: &Value, words: &str, shown: Shown) -> Result<Value, Refused> {
    let mut state = working(state)?;
    let chat = text(body, "/chatId").ok_or_else(|| lacking("chatId"))?;
    Ok(state.write(chat, words, shown))
}

fn text<'a>(body: &'a Value, at: &str) -> Option<&'a str> {
    body.pointer(at).and_then(Value::as_str)
}

fn lacking(what: &str) -> Refused {
    let message = format!("{what} are needed");
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, &message)
}
