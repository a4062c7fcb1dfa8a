//! Conditions against the tools as they are.

use serde_json::{Map, Value, json};
use whatsapp_guard::{
    policy::Condition,
    toolset::{Tool, Toolset},
};

use crate::app;

async fn toolset() -> Toolset {
    app::sandbox().start().await.backend.tools()
}

fn read(tool: &Tool, path: &str, op: &str, value: Value) -> Result<Condition, String> {
    let schemas = [(tool.name, &*tool.schemas().input)];
    Condition::new(path, op, &value, None, &schemas).map_err(|problems| format!("{problems:?}"))
}

fn text(text: &str) -> Value {
    Value::from(text)
}

/// Every path of a schema.
fn paths(schema: &Map<String, Value>) -> Vec<String> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let mut all = Vec::new();
    for (name, field) in fields.into_iter().flatten() {
        all.push(name.clone());
        let parts = field.as_object().map(paths).unwrap_or_default();
        all.extend(parts.into_iter().map(|part| format!("{name}.{part}")));
    }
    all
}

#[tokio::test]
async fn every_argument_of_every_tool_has_a_type() {
    for tool in toolset().await.tools() {
        for path in paths(&tool.schemas().input) {
            let of = format!("{path} of {}", tool.name);
            assert!(
                read(tool, &path, "exists", Value::from(true)).is_ok(),
                "{of}"
            );
            let number = read(tool, &path, "neq", Value::from(5)).is_ok();
            let flag = read(tool, &path, "neq", Value::from(true)).is_ok();
            let words = read(tool, &path, "not_matches", text("a")).is_ok();
            let kinds = u8::from(number) + u8::from(flag) + u8::from(words);
            let has_parts = ["media", "picture"].contains(&path.as_str());
            assert_eq!(kinds, u8::from(!has_parts), "{of}");
        }
    }
}

#[tokio::test]
async fn a_path_leads_to_the_same_in_schema_and_call() {
    let toolset = toolset().await;
    for tool in toolset.tools() {
        let Value::Object(arguments) = app::arguments(tool) else {
            panic!("{} takes an object", tool.name);
        };
        let names: Vec<String> = arguments.keys().cloned().collect();
        let call = toolset.prepare(tool.name, arguments).unwrap();
        for name in names {
            let given = read(tool, &name, "exists", Value::from(true)).unwrap();
            assert!(
                given.holds(&call.facts().arguments),
                "{name} of {}",
                tool.name
            );
        }
    }
}

#[tokio::test]
async fn calls_are_held_against_conditions_as_they_are_sent() {
    let toolset = toolset().await;
    for (tool, arguments, path, op, value, holds) in [
        (
            "send_message",
            json!({ "chat": "+1 555 222 3333", "text": "My iban" }),
            "args.text",
            "not_matches",
            text(r"(?i)\biban\b"),
            false,
        ),
        (
            "send_message",
            json!({ "chat": "+1 555 222 3333", "text": "Hello" }),
            "text",
            "not_matches",
            text(r"(?i)\biban\b"),
            true,
        ),
        (
            "send_message",
            json!({ "chat": "+1 555 222 3333", "text": "Hello" }),
            "chat",
            "eq",
            text("0015552223333"),
            true,
        ),
        (
            "send_message",
            json!({ "chat": "15552223333@c.us", "text": "Hello" }),
            "chat",
            "neq",
            text("+15552223333"),
            false,
        ),
        (
            "send_message",
            json!({ "chat": "15552223333@c.us", "text": "Hello" }),
            "mentions",
            "exists",
            Value::from(false),
            true,
        ),
        (
            "send_message",
            json!({ "chat": "15552223333@c.us", "text": "Hello", "allow_repeat": true }),
            "allow_repeat",
            "neq",
            Value::from(true),
            false,
        ),
        (
            "check_number",
            json!({ "number": "+1 (555) 222-3333" }),
            "number",
            "eq",
            text("+15552223333"),
            true,
        ),
        (
            "send_media",
            json!({ "chat": "15552223333@c.us", "media": { "url": "https://a.example/a.png" } }),
            "media.url",
            "matches",
            text(r"^https://a\.example/"),
            true,
        ),
        (
            "send_media",
            json!({ "chat": "15552223333@c.us", "media": { "path": "a.png" } }),
            "media.url",
            "matches",
            text(r"^https://a\.example/"),
            false,
        ),
        (
            "send_media",
            json!({ "chat": "15552223333@c.us", "media": { "path": "a.png" } }),
            "caption",
            "not_matches",
            text("x"),
            true,
        ),
        // A default is filled in.
        (
            "list_messages",
            json!({ "chat": "15552223333@c.us" }),
            "limit",
            "lte",
            Value::from(100),
            true,
        ),
        (
            "list_messages",
            json!({ "chat": "15552223333@c.us", "limit": 50 }),
            "limit",
            "lte",
            Value::from(20),
            false,
        ),
        (
            "send_location",
            json!({ "chat": "15552223333@c.us", "latitude": 50, "longitude": 8.5 }),
            "latitude",
            "gt",
            Value::from(49.5),
            true,
        ),
    ] {
        let known = toolset.get(tool).unwrap();
        let condition = read(known, path, op, value).unwrap();
        let Value::Object(given) = arguments.clone() else {
            panic!("arguments are an object");
        };
        let call = toolset.prepare(tool, given).unwrap();
        assert_eq!(
            condition.holds(&call.facts().arguments),
            holds,
            "{condition}: {arguments}"
        );
    }
}
