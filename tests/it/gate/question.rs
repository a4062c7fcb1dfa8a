//! What a person reads before deciding.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use whatsapp_guard::op;

use crate::app::{self, OPEN, Person, TestServer, code, shown, text};

const ANN: &str = "15552220001@c.us";

/// A sandbox that asks about every call.
async fn asking() -> TestServer {
    let classes = ["read", "write", "execute", "destructive"];
    let rules: String = classes
        .map(|class| format!("[risk.{class}]\naction = \"confirm\"\n"))
        .concat();
    let many = "prompts = { max = 1000, window = \"minute\" }";
    let mut app = app::sandbox()
        .person(Person::Accepts)
        .policy(&format!("{OPEN}{many}\n{rules}"))
        .linked()
        .await;
    app.set_person(Person::Declines);
    app
}

/// The question about a call that has to be asked about.
async fn question(app: &mut TestServer, tool: &str, arguments: Value) -> String {
    let before = app.questions.len();
    let result = app.call(tool, arguments.clone()).await;
    assert_eq!(
        app.questions.len(),
        before + 1,
        "{tool} {arguments} {result}"
    );
    shown(app.questions.last().unwrap())
}

#[tokio::test]
async fn a_long_text_is_shown_as_a_whole_or_refused() {
    let mut app = asking().await;
    for length in [10, 66, 300, 3900] {
        let words = format!("{} end", "x y".repeat(length / 3));
        let arguments = json!({ "chat": ANN, "text": words });
        let question = question(&mut app, "send_message", arguments).await;
        assert!(
            question.contains(&format!("\ntext: {words}\n")),
            "{question}"
        );
    }
    let asked = app.questions.len();
    let arguments = json!({ "chat": ANN, "text": "x".repeat(5000) });
    let refused = app.call("send_message", arguments).await;
    assert_eq!(code(&refused), "question-too-long");
    for words in ["at most 4000 characters", "it has 5028"] {
        assert!(text(&refused).contains(words), "{}", text(&refused));
    }
    assert_eq!(app.questions.len(), asked);
}

#[tokio::test]
async fn nothing_is_where_a_client_cuts() {
    let mut app = asking().await;
    let people: Vec<String> = (100..120)
        .map(|number| format!("15552220{number}@c.us"))
        .collect();
    let group = json!({ "group": "120363000000000001@g.us", "people": people });
    let whole = question(&mut app, "add_group_members", group).await;
    for person in &people {
        assert!(
            whole.contains(&format!(": {person}\n")),
            "{person}: {whole}"
        );
    }
    let asked = app.questions.last().unwrap();
    let message: Vec<&str> = asked["message"].as_str().unwrap().lines().collect();
    assert_eq!(message.len(), 4, "{message:?}");
    let details = &asked["requestedSchema"]["properties"]["decision"]["description"];
    for line in message.into_iter().chain(details.as_str().unwrap().lines()) {
        assert!(line.chars().count() <= 66, "{line}");
    }
}

#[tokio::test]
async fn no_text_looks_like_another_line() {
    let mut app = asking().await;
    let words = format!(
        "{}chat: 15550000000@c.us\nchat: 15550000000@c.us",
        "x".repeat(60)
    );
    let arguments = json!({ "chat": ANN, "text": words });
    question(&mut app, "send_message", arguments).await;
    let asked = app.questions.last().unwrap();
    let details = &asked["requestedSchema"]["properties"]["decision"]["description"];
    let lines = format!(
        "{}\n{}",
        asked["message"].as_str().unwrap(),
        details.as_str().unwrap()
    );
    let chats = lines.lines().filter(|line| line.starts_with("chat:"));
    assert_eq!(chats.collect::<Vec<_>>(), [format!("chat: {ANN}")]);
}

/// Arguments whose values are not in the question, with the reason.
const NOT_SHOWN: [(&str, &str, &str); 4] = [
    (
        "send_media",
        "media.base64",
        "the file is shown by its name, size, type and SHA-256",
    ),
    (
        "send_voice",
        "media.base64",
        "the file is shown by its name, size, type and SHA-256",
    ),
    (
        "set_group_picture",
        "picture.base64",
        "the file is shown by its name, size, type and SHA-256",
    ),
    (
        "update_profile",
        "picture.base64",
        "the file is shown by its name, size, type and SHA-256",
    ),
];

/// The single values of arguments, with their paths; items of lists share one.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(parts) => {
            for (name, part) in parts {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                leaves(&path, part, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(path, item, found)),
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        value => found.push((path.to_owned(), value.to_string())),
    }
}

#[tokio::test]
async fn every_argument_of_every_tool_is_shown() {
    let mut app = asking().await;
    let (mut hidden, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for entry in op::catalogue() {
        let message = "false_15552220001@c.us_SANDBOX00000004";
        let schema = (entry.argument_schema)();
        let fields = schema
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let mut least = app::sample(entry, message);
        if entry.name == "send_media" {
            least["media"] = json!({ "base64": "iVBORw0KGgo=", "mime": "image/png" });
        }
        let with = |name: &String| {
            let mut arguments = least.clone();
            if fields[name]["format"] == "cursor" {
                // Only the tool knows what its cursors look like.
                let cursors = [
                    json!(format!("1790000000~{message}")),
                    json!("15552220001@c.us"),
                    json!("120363000000000001@g.us"),
                    json!(12),
                ];
                for cursor in cursors {
                    arguments[name] = cursor;
                    if op::call(entry.name, arguments.clone()).is_ok() {
                        break;
                    }
                }
            } else if arguments.get(name).is_none() {
                arguments[name] = app::value_for(&fields[name], message);
            }
            arguments
        };
        // Some arguments go only with another word of an enumeration.
        let words = |arguments: Value| {
            let mut all = vec![arguments.clone()];
            for (name, field) in &fields {
                for word in field["enum"].as_array().into_iter().flatten() {
                    let mut other = arguments.clone();
                    other[name] = word.clone();
                    all.push(other);
                }
            }
            all
        };
        for tried in fields.keys().map(with).map(words) {
            let called = tried.into_iter().find_map(|arguments| {
                let facts = op::call(entry.name, arguments.clone()).ok()?;
                Some((arguments, facts))
            });
            let Some((arguments, facts)) = called else {
                continue;
            };
            seen.extend(
                arguments
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(|name| (entry.name, name.clone())),
            );
            let question = question(&mut app, entry.name, arguments).await;
            let mut values = Vec::new();
            leaves("", &facts.arguments, &mut values);
            for (path, value) in values {
                let value = value.replace("://", ":\u{2215}\u{2215}");
                if !question.contains(&format!(": {value}\n")) {
                    hidden.insert((entry.name, path));
                }
            }
        }
        for name in fields.keys() {
            assert!(
                seen.contains(&(entry.name, name.clone())),
                "{}: {name} was not tried",
                entry.name
            );
        }
    }
    let expected = NOT_SHOWN.map(|(tool, path, _)| (tool, path.to_owned()));
    assert_eq!(hidden, BTreeSet::from(expected));
}
