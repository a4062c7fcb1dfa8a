//! The policy that is built in: complete, right, and good for daily use.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use whatsapp_guard::{
    backend::specs,
    op::{self, Topic},
    policy::{self, DEFAULT, Policy},
};

use crate::{
    app::{self, code},
    backend::unanswered_sends::UNREPEATED,
};

/// The examples, each a run of lines that begin with `#` and no space.
fn blocks() -> Vec<Vec<usize>> {
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    let mut last = None;
    for (index, line) in DEFAULT.lines().enumerate() {
        if !is_example(line) {
            continue;
        }
        match blocks.last_mut().filter(|_| last == index.checked_sub(1)) {
            Some(block) => block.push(index),
            None => blocks.push(vec![index]),
        }
        last = Some(index);
    }
    blocks
}

fn is_example(line: &str) -> bool {
    let rest = line.strip_prefix('#');
    rest.is_some_and(|rest| {
        // The second and later lines of a list are indented by two.
        let rest = rest.strip_prefix("  ").unwrap_or(rest);
        // `#:schema` is for editors.
        rest.starts_with(|c: char| !c.is_whitespace() && c != ':')
    })
}

fn with(used: &[usize]) -> String {
    let lines = DEFAULT.lines().enumerate();
    let lines = lines.map(|(index, line)| match used.contains(&index) {
        true => &line[1..],
        false => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn it_loads_without_a_warning() {
    let policy = Policy::built_in(specs()).unwrap();
    assert!(policy.warnings.is_empty(), "{}", policy.warnings);
}

#[test]
fn each_example_in_it_is_right() {
    let blocks = blocks();
    // What others name.
    let named: Vec<usize> = ["\n[lists]\n", "\n[accounts]\n"]
        .iter()
        .flat_map(|table| blocks.iter().find(|block| with(block).contains(table)))
        .flatten()
        .copied()
        .collect();
    assert!(blocks.len() >= 10, "{blocks:?}");
    // One of them includes this.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("base.toml"), "version = \"1\"\n").unwrap();
    let load = |used: &[usize]| {
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, with(used)).unwrap();
        Policy::load(specs(), &file).unwrap_or_else(|wrong| panic!("{wrong}"))
    };
    for block in &blocks {
        load(&[&named[..], block].concat());
    }
    let policy = load(&blocks.concat());
    assert!(policy.warnings.is_empty(), "{}", policy.warnings);
}

#[test]
fn it_names_every_key() {
    fn walk(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        let table = match value {
            Value::Object(table) => table,
            Value::Array(items) => {
                items.iter().for_each(|item| walk(path, item, found));
                return;
            }
            _ => return,
        };
        for (key, value) in table {
            let key = match path {
                "lists" | "tools" | "grants" | "accounts" => "NAME",
                "risk" => "CLASS",
                _ => key,
            };
            let path = match path {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            };
            found.insert(path.clone());
            match path.as_str() {
                "risk.CLASS" => walk("tools.NAME", value, found),
                "tools.NAME.rate_limit" => walk("tools.NAME.limits", value, found),
                "grants.NAME" => {
                    let mut layer = value.clone();
                    for own in ["token_sha256", "expires", "scopes", "accounts"] {
                        if layer.as_object_mut().unwrap().remove(own).is_some() {
                            found.insert(format!("grants.NAME.{own}"));
                        }
                    }
                    walk("", &layer, found);
                }
                // The arguments of a tool.
                path if path.starts_with("tools.NAME.examples.") => {}
                "rules" => {
                    let mut rules = value.clone();
                    for rule in rules.as_array_mut().unwrap() {
                        rule.as_object_mut().unwrap().remove("tools").unwrap();
                        found.insert("rules.tools".to_owned());
                        walk("tools.NAME", rule, found);
                    }
                }
                path => walk(path, value, found),
            }
        }
    }
    let table: Value = toml::from_str(&with(&blocks().concat())).unwrap();
    let mut found = BTreeSet::new();
    walk("", &table, &mut found);
    let keys = policy::keys(specs()).into_iter();
    let keys: BTreeSet<String> = keys.map(|(key, _)| key).collect();
    let lacking: Vec<_> = keys.difference(&found).collect();
    assert!(lacking.is_empty(), "policy.toml lacks {lacking:?}");
    let unknown: Vec<_> = found.difference(&keys).collect();
    assert!(unknown.is_empty(), "policy::keys lacks {unknown:?}");
}

#[test]
fn its_limits_are_these() {
    let policy = Policy::built_in(specs()).unwrap();
    let limits = |tool: &str| {
        let limits = policy.limits_of(tool, "local");
        let limits: Vec<String> = limits.iter().map(ToString::to_string).collect();
        limits[1..].join(", ")
    };
    let is_send = |tool: &&&str| op::named(tool)[0].topic == Topic::Messages;
    for tool in UNREPEATED.iter().filter(is_send) {
        let wanted = "5 per minute, 30 per hour, 150 per day, 6 per hour per chat";
        assert_eq!(limits(tool), wanted, "{tool}");
    }
    assert_eq!(limits("check_number"), "10 per hour");
    assert_eq!(limits("create_group"), "1 per 5m, 3 per day");
    assert_eq!(limits("add_group_members"), "10 per day");
    assert_eq!(limits("logout_instance"), "2 per day");
    for (tool, wanted) in [
        ("remove_group_members", "10 per day"),
        ("delete_session", "2 per day"),
        ("leave_group", "5 per day"),
        ("delete_message", "10 per day"),
    ] {
        let limits = policy.limits_of(tool, "local");
        assert_eq!(limits.len(), 1, "{tool}");
        assert_eq!(limits[0].to_string(), wanted, "{tool}");
    }
    let all: Vec<String> = policy.limits.iter().map(ToString::to_string).collect();
    assert!(all.contains(&"10 new recipients per day".to_owned()));
    assert!(all.contains(&"500 messages per hour per caller".to_owned()));
}

#[test]
fn one_rule_for_all_sends_is_what_a_rule_for_each_was() {
    let new = Policy::built_in(specs()).unwrap();
    let (before, rest) = DEFAULT.split_once("[[rules]]").unwrap();
    let (rule, after) = rest.split_once("\n\n").unwrap();
    let limits = rule.split_once("limits").unwrap().1;
    let each = UNREPEATED
        .iter()
        .filter(|tool| op::named(tool)[0].topic == Topic::Messages);
    let each: String = each
        .map(|tool| format!("[[tools.{tool}]]\nlimits{limits}\n"))
        .collect();
    let text = format!("{before}{}{each}", after.replace("\n[tools]\n", "\n"));
    let old = Policy::from_toml(specs(), "built-in policy", &text).unwrap();
    assert_eq!(old.changes(&new), []);
    // What was counted in the ledger counts on.
    for tool in UNREPEATED.iter() {
        let limits = |policy: &Policy| {
            let limits = policy.limits_of(tool, "local").into_iter();
            let mut limits: Vec<_> = limits
                .map(|limit| {
                    (
                        limit.counter.clone(),
                        limit.window,
                        limit.max,
                        limit.scope.name(),
                    )
                })
                .collect();
            limits.sort();
            limits
        };
        assert_eq!(limits(&old), limits(&new), "{tool}");
    }
}

#[tokio::test]
async fn sends_of_all_kinds_count_together() {
    let mut app = app::sandbox().policy(DEFAULT).linked().await;
    let chat = "+15551230000";
    for text in ["one", "two", "three"] {
        let sent = app
            .call("send_message", json!({ "chat": chat, "text": text }))
            .await;
        assert_eq!(sent["isError"], false, "{sent}");
    }
    for latitude in [52.5, 52.6] {
        let place = json!({ "chat": chat, "latitude": latitude, "longitude": 13.4 });
        assert_eq!(app.call("send_location", place).await["isError"], false);
    }
    let poll = json!({ "chat": chat, "question": "When?", "options": ["now", "then"] });
    let refused = app.call("send_poll", poll.clone()).await;
    assert_eq!(code(&refused), "rate-limited");
    app.hand.advance(std::time::Duration::from_secs(61));
    assert_eq!(app.call("send_poll", poll).await["isError"], false);
    // Six in an hour are enough for one person, and another one may still be written to.
    let seventh = app
        .call("send_message", json!({ "chat": chat, "text": "seven" }))
        .await;
    assert_eq!(code(&seventh), "rate-limited");
    let reason = seventh["structuredContent"]["error"]["reason"]
        .as_str()
        .unwrap();
    assert!(reason.contains("6 per hour per chat"), "{reason}");
    let other = app
        .call(
            "send_message",
            json!({ "chat": "+15551230001", "text": "hello" }),
        )
        .await;
    assert_eq!(other["isError"], false, "{other}");
}

#[tokio::test]
async fn the_eleventh_new_person_of_a_day_is_refused() {
    let mut app = app::sandbox().policy(DEFAULT).linked().await;
    for person in 0..10 {
        let chat = format!("+1555123{person:04}");
        let sent = app
            .call("send_message", json!({ "chat": chat, "text": "hello" }))
            .await;
        assert_eq!(sent["isError"], false, "{sent}");
        app.hand.advance(std::time::Duration::from_secs(60));
    }
    let eleventh = json!({ "chat": "+15551239999", "text": "hello" });
    let refused = app.call("send_message", eleventh.clone()).await;
    assert_eq!(code(&refused), "rate-limited");
    let known = json!({ "chat": "+15551230000", "text": "hello again" });
    assert_eq!(app.call("send_message", known).await["isError"], false);
    app.hand
        .advance(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(app.call("send_message", eleventh).await["isError"], false);
}

#[tokio::test]
async fn files_that_are_not_taken_in_do_not_endanger_the_account() {
    let mut app = app::sandbox().policy(DEFAULT).linked().await;
    for file in 0..5 {
        let media = json!({ "path": format!("{file}.jpg") });
        let call = json!({ "chat": "+15551230000", "media": media });
        let refused = app.call("send_media", call).await;
        assert_eq!(code(&refused), "media-refused", "{refused}");
    }
    app.hand.advance(std::time::Duration::from_secs(60));
    let call = json!({ "chat": "+15551230000", "text": "hello" });
    let sent = app.call("send_message", call).await;
    assert_eq!(sent["isError"], false, "{sent}");
}
