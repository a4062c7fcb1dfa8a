//! Text for messages that have none: locations and contact cards.

use serde_json::Value;

/// A location's coordinates and those of these fields that have text.
pub(super) fn place(place: &Value, fields: &[&str]) -> Option<String> {
    let degrees = |name: &str| match place.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut parts = vec![degrees("latitude")?, degrees("longitude")?];
    for name in fields {
        let part = place.get(name).and_then(Value::as_str);
        parts.extend(part.filter(|part| !part.is_empty()).map(str::to_owned));
    }
    Some(parts.join(", "))
}

/// The names and the numbers on vCards.
pub(super) fn cards<'a>(cards: impl Iterator<Item = &'a str>) -> String {
    let cards: Vec<String> = cards.map(card).collect();
    cards.join("; ")
}

fn card(card: &str) -> String {
    let shown = card.lines().filter_map(|line| {
        let (field, value) = line.split_once(':')?;
        let field = field.split(';').next()?;
        (field == "FN" || field.ends_with("TEL")).then(|| value.trim().to_owned())
    });
    let shown: Vec<String> = shown.collect();
    shown.join(", ")
}
