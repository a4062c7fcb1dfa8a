//! Held over the whole table of tools.

use std::collections::HashSet;

use serde_json::{Value, json};
use whatsapp_guard::op::{self, Risk};

use crate::app::{self, OPEN};

async fn tools() -> Vec<Value> {
    let mut app = app::sandbox().policy(OPEN).start().await;
    app.request("tools/list", json!({})).await["result"]["tools"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn names_are_unique_and_short() {
    let mut seen = HashSet::new();
    for entry in op::catalogue() {
        assert!(seen.insert(entry.name), "{} stands twice", entry.name);
        assert!(entry.name.len() <= 64);
        assert!(
            entry
                .name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        );
    }
    for entry in op::catalogue() {
        for alias in entry.known_as {
            assert!(
                !seen.contains(alias),
                "{alias} is the name of a tool of ours"
            );
        }
    }
}

#[test]
fn names_of_other_servers_stand_for_our_tools() {
    let known: Vec<&str> = op::catalogue().iter().map(|entry| entry.name).collect();
    for line in include_str!("known_as.txt").lines() {
        let (theirs, ours) = line.split_once(" -> ").unwrap();
        let mut found: Vec<_> = op::named(theirs).iter().map(|entry| entry.name).collect();
        found.sort_unstable();
        if known.contains(&theirs) {
            assert_eq!(found, [theirs]);
        } else {
            assert_eq!(found.join(", "), ours, "{theirs}");
        }
    }
}

#[tokio::test]
async fn what_makes_something_new_each_time_is_not_repeated_by_a_slip() {
    for tool in app::sandbox().start().await.backend.tools().tools() {
        let entry = op::named(tool.name)[0];
        let facts = (entry.facts)(app::sample(entry, "3EB0AA")).unwrap();
        assert_eq!(facts.content.is_none(), tool.idempotent, "{}", tool.name);
    }
}

#[tokio::test]
async fn every_tool_that_is_offered_is_in_the_catalogue() {
    let mock = wiremock::MockServer::start().await;
    for setup in [app::waha(&mock), app::green_api(&mock), app::sandbox()] {
        let app = setup.start().await;
        for tool in app.backend.tools().tools() {
            let entry = op::catalogue().iter().find(|entry| entry.name == tool.name);
            assert_eq!(
                entry.map(|entry| entry.risk),
                Some(tool.risk),
                "{}",
                tool.name
            );
        }
    }
}

#[tokio::test]
async fn every_tool_and_field_is_described() {
    fn walk(place: &str, schema: &Value) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            let ours = ["notice", "error"].contains(&name.as_str());
            assert!(
                ours || field["description"].is_string(),
                "{place} is not described"
            );
            walk(&place, field);
            walk(&place, &field["items"]);
        }
    }
    for tool in tools().await {
        let name = tool["name"].as_str().unwrap();
        let description = tool["description"].as_str().unwrap();
        assert!(
            (10..240).contains(&description.len()),
            "{name}: {description}"
        );
        assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
        walk(name, &tool["inputSchema"]);
        walk(name, &tool["outputSchema"]);
    }
}

#[tokio::test]
async fn annotations_agree_with_the_risk() {
    for tool in tools().await {
        let name = tool["name"].as_str().unwrap();
        let risk = op::named(name)[0].risk;
        let hints = &tool["annotations"];
        assert_eq!(hints["readOnlyHint"], risk == Risk::Read, "{name}");
        assert_eq!(
            hints["destructiveHint"],
            risk == Risk::Destructive,
            "{name}"
        );
        assert!(
            hints["idempotentHint"].is_boolean() && hints["openWorldHint"] == true,
            "{name}"
        );
        assert!(hints["title"].is_string(), "{name}");
    }
}

#[tokio::test]
async fn every_tool_is_reachable_in_the_sandbox() {
    let tools = app::sandbox().start().await.backend.tools();
    for tool in tools.tools() {
        let mut app = app::sandbox().linked().await;
        let result = app.call(tool.name, app::arguments(tool)).await;
        assert_eq!(result["isError"], false, "{}: {result}", tool.name);
    }
}
