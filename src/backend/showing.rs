//! What messages without a text say: the places and the contacts that they show.

use serde_json::Value;

/// A place's coordinates, with what the fields `told` say of it.
pub(super) fn place(place: &Value, told: &[&str]) -> Option<String> {
    let degrees = |name: &str| match place.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut parts = vec![degrees("latitude")?, degrees("longitude")?];
    for name in told {
        let part = place.get(name).and_then(Value::as_str);
        parts.extend(part.filter(|part| !part.is_empty()).map(str::to_owned));
    }
    Some(parts.join(", "))
}

/// The names and the numbers on cards.
pub(super) fn cards<'a>(cards: impl Iterator<Item = &'a str>) -> String {
    let cards: Vec<String> = cards.map(card).collect();
    cards.join("; ")
}

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
