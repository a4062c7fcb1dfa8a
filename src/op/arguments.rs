//! Reading the arguments of a call.

use std::fmt::Display;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error, value::MapDeserializer},
};
use serde_json::{Map, Value};

use super::{BadCall, Operation, Untrusted, argument_schema};
use crate::{media::MediaSource, text::nearest};

/// The longest part of an argument that an error repeats, in bytes.
const MAX_SHOWN: usize = 60;

/// Reads arguments into an operation. An argument that is `null` counts as omitted.
///
/// # Errors
/// [`BadCall::BadArguments`] with the first wrong argument and what it must be.
pub(crate) fn read<O: Operation>(arguments: &Value) -> Result<O, BadCall> {
    let Value::Object(named) = arguments else {
        return Err(bad_arguments::<O>(
            &"arguments must be an object of names and values",
        ));
    };
    let given = named.iter().filter(|(_, value)| !value.is_null());
    let given = given.map(|(name, value)| (name.as_str(), value));
    let given = MapDeserializer::<_, serde_json::Error>::new(given);
    serde_path_to_error::deserialize(given).map_err(|error| {
        // The parser's own words are about Rust types; the schema knows the argument.
        let problem = object_problem("", &argument_schema::<O>(), named);
        bad_arguments::<O>(&problem.unwrap_or_else(|| {
            let reason = error.inner().to_string();
            let colon = if reason.starts_with("must ") { "" } else { ":" };
            format!("`{}`{colon} {reason}", error.path())
        }))
    })
}

/// An error about the arguments of a call of this operation.
pub(super) fn bad_arguments<O: Operation>(problem: &dyn Display) -> BadCall {
    BadCall::BadArguments {
        tool: O::NAME,
        problem: Untrusted::new(&problem.to_string()).to_string(),
    }
}

/// The first argument that does not fit its schema, and what it must be; `None` when
/// all of them fit. `path` is where the object is, with a dot at its end.
fn object_problem(
    path: &str,
    schema: &Map<String, Value>,
    given: &Map<String, Value>,
) -> Option<String> {
    let none = Map::new();
    let known = object_of(schema.get("properties")).unwrap_or(&none);
    let unknown = given.keys().find(|name| !known.contains_key(*name));
    if let Some(name) = unknown {
        return Some(unknown_argument(path, name, known));
    }
    let required = schema.get("required").and_then(Value::as_array);
    let mut required = required.into_iter().flatten().filter_map(Value::as_str);
    let missing = required.find(|name| given.get(*name).is_none_or(Value::is_null));
    if let Some(name) = missing {
        let wanted = known.get(name).map(wanted).unwrap_or_default();
        return Some(format!("`{path}{name}` is missing; it must be {wanted}"));
    }
    given
        .iter()
        .filter(|(_, value)| !value.is_null())
        .find_map(|(name, value)| problem(&format!("{path}{name}"), known.get(name)?, value))
}

fn unknown_argument(path: &str, name: &str, known: &Map<String, Value>) -> String {
    let names = || known.keys().map(String::as_str);
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "the tool takes no arguments".to_owned(),
        None => format!("the arguments are {}", list(names(), "and")),
    };
    format!("there is no argument `{path}{}`; {hint}", shown(name))
}

/// What is wrong with one value, and what it must be; `None` when it fits.
fn problem(path: &str, schema: &Value, value: &Value) -> Option<String> {
    let bound = |name| schema.get(name).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^52")]
    let fits = |count: usize, least, most| {
        let count = count as f64;
        bound(least).is_none_or(|least| count >= least)
            && bound(most).is_none_or(|most| count <= most)
    };
    let given = match (kind(schema), value) {
        ("string", Value::String(text)) => {
            let words = schema.get("enum").and_then(Value::as_array);
            let wrong = match schema.get("format").and_then(Value::as_str) {
                Some("date-time") => text.parse::<Timestamp>().is_err(),
                // Blanks are shown as nothing.
                _ => {
                    !fits(text.trim().chars().count(), "minLength", "")
                        || !fits(text.chars().count(), "", "maxLength")
                }
            };
            match words {
                Some(words) if !words.contains(value) => format!("`{}`", shown(text)),
                None if wrong && text.len() > MAX_SHOWN => {
                    format!("text of {} characters", text.chars().count())
                }
                None if wrong => format!("`{}`", shown(text)),
                _ => return None,
            }
        }
        ("integer" | "number", Value::Number(number)) => {
            let whole = kind(schema) == "number" || !number.is_f64();
            let number = number.as_f64()?;
            let low = bound("minimum").is_some_and(|least| number < least);
            let high = bound("maximum").is_some_and(|most| number > most);
            if whole && !low && !high {
                return None;
            }
            value.to_string()
        }
        ("boolean", Value::Bool(_)) => return None,
        ("array", Value::Array(items)) => {
            if fits(items.len(), "minItems", "maxItems") {
                let item = schema.get("items")?;
                let mut items = items.iter().enumerate();
                return items
                    .find_map(|(index, value)| problem(&format!("{path}[{index}]"), item, value));
            }
            format!("{} items", items.len())
        }
        ("object", Value::Object(fields)) => {
            return object_problem(&format!("{path}."), schema.as_object()?, fields);
        }
        (_, Value::Null) => "null".to_owned(),
        (_, Value::Bool(flag)) => flag.to_string(),
        (_, Value::Number(_)) => "a number".to_owned(),
        (_, Value::String(_)) => "text".to_owned(),
        (_, Value::Array(_)) => "an array".to_owned(),
        (_, Value::Object(_)) => "an object".to_owned(),
    };
    Some(format!("`{path}` must be {}, not {given}", wanted(schema)))
}

/// What a value with this schema must be, in words that follow "must be".
fn wanted(schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str);
    match (kind(schema), format) {
        (_, Some("chat-id")) => "a chat id from list_chats or a phone number".to_owned(),
        (_, Some("group-id")) => "a group id from list_groups".to_owned(),
        (_, Some("person-id")) => "a person id or a phone number with country code".to_owned(),
        (_, Some("phone-number")) => {
            "a phone number with country code, such as `+4915112345678`".to_owned()
        }
        (_, Some("message-id")) => "a message id from list_messages".to_owned(),
        (_, Some("invite")) => "an invite link, such as `https://chat.whatsapp.com/…`".to_owned(),
        (_, Some("cursor")) => "next_cursor of the previous answer".to_owned(),
        (_, Some("date-time")) => "a time in RFC 3339, such as `2026-11-21T23:00:00Z`".to_owned(),
        ("string", _) => match schema.get("enum").and_then(Value::as_array) {
            Some(words) => list(words.iter().filter_map(Value::as_str), "or"),
            None => format!(
                "text{}",
                between(schema, "minLength", "maxLength", " of", " characters")
            ),
        },
        ("integer", _) => format!(
            "a whole number{}",
            between(schema, "minimum", "maximum", "", "")
        ),
        ("number", _) => format!("a number{}", between(schema, "minimum", "maximum", "", "")),
        ("boolean", _) => "true or false".to_owned(),
        ("array", _) => {
            let items = schema.get("items").map(wanted).unwrap_or_default();
            let count = between(schema, "minItems", "maxItems", " of", " items");
            format!("an array{count}, each {items}")
        }
        _ => {
            let fields = object_of(schema.get("properties")).into_iter().flatten();
            format!(
                "an object with {}",
                list(fields.map(|(name, _)| name.as_str()), "or")
            )
        }
    }
}

/// The bounds of a schema in words, nothing where it has none.
fn between(schema: &Value, least: &str, most: &str, before: &str, unit: &str) -> String {
    match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) if before.is_empty() => format!(" from {least} to {most}{unit}"),
        (Some(least), Some(most)) => format!("{before} {least} to {most}{unit}"),
        (None, Some(most)) => format!("{before} at most {most}{unit}"),
        (Some(least), None) => format!("{before} at least {least}{unit}"),
        (None, None) => String::new(),
    }
}

fn kind(schema: &Value) -> &str {
    schema
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn object_of(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

/// `a`, `b` or `c`.
fn list<'a>(names: impl Iterator<Item = &'a str>, last: &str) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [before @ .., end] if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        names => names.concat(),
    }
}

/// Reads an object into a media source. Without it, an array would pass as the values of
/// the fields in order.
pub(super) fn media_source(fields: Map<String, Value>) -> Result<MediaSource, serde_json::Error> {
    serde_json::from_value(Value::Object(fields))
}

/// For fields of this type; see [`media_source`].
pub(super) fn media<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MediaSource, D::Error> {
    media_source(Map::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The beginning of a text that came with the call, escaped.
pub(super) fn shown(text: &str) -> Untrusted {
    let mut shown = Untrusted::new(text);
    shown.shorten(MAX_SHOWN);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_an_object() {
        let array = serde_json::json!(["120363000000000002@g.us"]);
        let problem = read::<crate::op::GetGroup>(&array).unwrap_err().to_string();
        assert!(problem.contains("must be an object"), "{problem}");
    }
}
