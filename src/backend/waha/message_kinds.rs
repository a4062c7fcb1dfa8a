//! What a message on WAHA is, and what it says.

use serde_json::Value;

/// What a message is, where it is more than text.
pub(super) fn kind(message: &Value) -> Option<String> {
    if location(message).is_some() {
        Some("location".to_owned())
    } else if cards(message).next().is_some() {
        Some("contact".to_owned())
    } else {
        media_kind(message)
    }
}

/// What a message says: its text, else the place or the contacts that it shows.
pub(super) fn words(message: &Value) -> String {
    let body = message.get("body").and_then(Value::as_str);
    if let Some(body) = body.filter(|body| !body.trim().is_empty()) {
        return body.to_owned();
    }
    if let Some(place) = location(message) {
        return place;
    }
    let cards: Vec<String> = cards(message).map(card).collect();
    cards.join("; ")
}

/// A place's coordinates, with what is said of it.
fn location(message: &Value) -> Option<String> {
    let place = message.get("location")?;
    let degrees = |name: &str| match place.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut parts = vec![degrees("latitude")?, degrees("longitude")?];
    for name in ["name", "address"] {
        let part = place.get(name).and_then(Value::as_str);
        parts.extend(part.filter(|part| !part.is_empty()).map(str::to_owned));
    }
    Some(parts.join(", "))
}

fn cards(message: &Value) -> impl Iterator<Item = &str> {
    let cards = message.get("vCards").and_then(Value::as_array);
    cards.into_iter().flatten().filter_map(Value::as_str)
}

/// The name and the numbers on a card.
fn card(card: &str) -> String {
    let told = card.lines().filter_map(|line| {
        let (field, value) = line.split_once(':')?;
        let field = field.split(';').next()?;
        let told = field == "FN" || field.ends_with("TEL");
        told.then(|| value.trim().to_owned())
    });
    let told: Vec<String> = told.collect();
    told.join(", ")
}

/// The main part of the media type, such as `image`; `media` where there is no type.
fn media_kind(message: &Value) -> Option<String> {
    if message.get("hasMedia").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let mime = message
        .pointer("/media/mimetype")
        .and_then(Value::as_str)
        .unwrap_or("media");
    Some(
        mime.split('/')
            .next()
            .unwrap_or(mime)
            .replace("application", "document"),
    )
}
