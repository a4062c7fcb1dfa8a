//! Wrong arguments, found from the schemas: each error says what is right, in words about
//! the argument and not about the parser.

use serde_json::{Map, Value, json};
use whatsapp_guard::op::{self, Entry};

use crate::app;

/// Words of Rust types and of parsers.
const INTERNAL: &str = r"(?x)
    struct\ | enum\ | variant | invalid\ (type|value|length) | expected | missing\ field | unknown\ field |
    duplicate\ field | \b[iuf](8|16|32|64|128|size)\b | Option | sequence | \ba\ map\b | \bunit\b | serde | jiff |
    failed\ to | Vec\b | String\b | at\ line | [A-Z]\w+(Id|Text|Size|Cursor|Source|Number|Code)\b";

/// How an error says what is right.
const ADVICE: &str = r"must |did you mean|the arguments are|takes no arguments|such as|returns|finds|give|needs|omit|looks like|is `https";

/// Values that no argument or few accept.
fn odd_values() -> Vec<Value> {
    vec![
        json!(true),
        json!(0),
        json!(-1),
        json!(5_000_000_000_u64),
        json!(u64::MAX),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("   "),
        json!("Sam"),
        json!("\u{202e}\n"),
        json!("2026-13-01"),
        json!("5"),
        json!("x".repeat(30_000)),
        json!("🙂".repeat(200)),
        json!([]),
        json!([5]),
        json!([[]]),
        json!(["Sam", null]),
        json!(vec!["15552220001@c.us"; 30]),
        json!({}),
        json!({ "Sam": 1 }),
        json!({ "url": 5 }),
        json!({ "url": "https://example.com/a.png", "path": "a.png" }),
        json!({ "base64": "AA==", "mime": [] }),
    ]
}

/// The type of a value in a schema.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

struct Checker {
    internal: regex::Regex,
    advice: regex::Regex,
    refused: usize,
}

impl Checker {
    /// Holds the error of a call, if it is one, against what errors must say.
    fn check(&mut self, entry: &Entry, arguments: Value) -> bool {
        let shown: String = arguments.to_string().chars().take(200).collect();
        let Err(problem) = (entry.facts)(arguments) else {
            return false;
        };
        let problem = problem.to_string();
        let words = problem.replace("`Sam`", "");
        assert!(
            !self.internal.is_match(&words),
            "{} {shown}\n{problem}",
            entry.name
        );
        assert!(
            self.advice.is_match(&words),
            "{} {shown}\n{problem}",
            entry.name
        );
        assert!(problem.len() < 500, "{} {shown}\n{problem}", entry.name);
        self.refused += 1;
        true
    }
}

#[test]
fn each_wrong_argument_is_named_with_what_is_right() {
    let mut checker = Checker {
        internal: regex::Regex::new(INTERNAL).unwrap(),
        advice: regex::Regex::new(ADVICE).unwrap(),
        refused: 0,
    };
    for entry in op::catalogue() {
        let schema = (entry.argument_schema)();
        let sample = app::sample(entry, "3EB0AA");
        assert!(
            (entry.facts)(sample.clone()).is_ok(),
            "{}: {sample}",
            entry.name
        );
        let none = Map::new();
        let fields = schema
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let mut unknown = sample.clone();
        unknown["colour"] = json!("red");
        assert!(
            checker.check(entry, unknown),
            "{}: unknown argument",
            entry.name
        );
        for name in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let mut missing = sample.clone();
            missing
                .as_object_mut()
                .unwrap()
                .remove(name.as_str().unwrap());
            assert!(
                checker.check(entry, missing),
                "{}: {name} is missing",
                entry.name
            );
        }
        for (name, field) in fields {
            for value in odd_values() {
                let mut arguments = sample.clone();
                let wanted = field["type"].as_str().unwrap();
                let fits =
                    wanted == type_of(&value) || (wanted, type_of(&value)) == ("number", "integer");
                arguments[name] = value.clone();
                let refused = checker.check(entry, arguments);
                assert!(fits || refused, "{}.{name} accepts {value}", entry.name);
            }
        }
    }
    assert!(checker.refused > 2000, "{}", checker.refused);
}

#[test]
fn each_bound_of_a_schema_holds() {
    for entry in op::catalogue() {
        let schema = (entry.argument_schema)();
        for (name, field) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let number = |bound: &str| field[bound].as_i64();
            let text = |bound: &str, more: i64| {
                number(bound)
                    .map(|length| json!("x".repeat(usize::try_from(length + more).unwrap())))
            };
            let outside = [
                number("minimum").map(|least| json!(least - 1)),
                number("maximum").map(|most| json!(most + 1)),
                text("minLength", -1),
                text("maxLength", 1),
                field.get("enum").map(|_| json!("fortnight")),
            ];
            for value in outside.into_iter().flatten() {
                let mut arguments = app::sample(entry, "3EB0AA");
                arguments[name] = value;
                let refused = (entry.facts)(arguments).expect_err(name).to_string();
                assert!(
                    refused.contains(&format!("`{name}` must be ")),
                    "{}: {refused}",
                    entry.name
                );
            }
        }
    }
}

#[test]
fn null_counts_as_omitted() {
    for entry in op::catalogue() {
        let sample = app::sample(entry, "3EB0AA");
        let mut nulls = sample.clone();
        let schema = (entry.argument_schema)();
        for name in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            if sample.get(name).is_none() {
                nulls[name] = Value::Null;
            }
        }
        let digest = |arguments| (entry.facts)(arguments).unwrap().digest;
        assert_eq!(digest(nulls), digest(sample), "{}", entry.name);
    }
}

#[test]
fn errors_read_like_this() {
    let chat = "15552220001@c.us";
    let said: Vec<String> = [
        ("get_chat", json!({ "chat": "Sam" })),
        ("get_chat", json!({ "chat": "0151 234" })),
        ("get_group", json!({ "group": chat })),
        (
            "get_contact",
            json!({ "person": "120363000000000001@g.us" }),
        ),
        ("check_number", json!({ "number": "0151 234" })),
        (
            "get_message",
            json!({ "chat": chat, "message": "the last one" }),
        ),
        (
            "get_message",
            json!({ "chat": chat, "message": "false_120363000000000001@g.us_AAAA" }),
        ),
        (
            "list_messages",
            json!({ "chat": chat, "after": "yesterday" }),
        ),
        ("list_messages", json!({ "chat": chat, "cursor": 5 })),
        ("list_groups", json!({ "cursor": "two" })),
        ("list_groups", json!({ "limit": 1000 })),
        (
            "pin_message",
            json!({ "chat": chat, "message": "AAAA", "duration": "fortnight" }),
        ),
        ("send_media", json!({ "chat": chat, "media": "a.png" })),
        (
            "send_media",
            json!({ "chat": chat, "media": { "file": "a.png" } }),
        ),
        ("send_message", json!({ "chat": chat, "text": ["hi"] })),
        ("send_message", json!({ "chat": chat, "text": " " })),
        (
            "send_message",
            json!({ "chat": chat, "text": "hi", "mentions": ["Sam"] }),
        ),
        (
            "send_poll",
            json!({ "chat": chat, "question": "When?", "options": ["now"] }),
        ),
        (
            "set_group_permissions",
            json!({ "group": "120363000000000001@g.us" }),
        ),
        ("set_presence", json!({ "presence": "typing" })),
        ("join_group", json!({ "invite": "undefined" })),
        ("leave_group", json!({ "grup": "x" })),
        ("get_session", json!({ "verbose": true })),
    ]
    .into_iter()
    .map(|(tool, arguments)| {
        let shown = arguments.to_string();
        let problem = (op::named(tool)[0].facts)(arguments).unwrap_err();
        format!("{tool} {shown}\n  {problem}")
    })
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}
