//! People in the sandbox: what was done shows.

use std::time::Duration;

use serde_json::json;

use crate::app::{self, OPEN, code};

const PERSON: &str = "15552220003@c.us";

#[tokio::test]
async fn people_are_found_by_either_id() {
    let mut app = app::sandbox().policy(OPEN).linked().await;
    let found = app.call("list_contacts", json!({ "query": "sam" })).await;
    assert_eq!(
        found["structuredContent"]["contacts"],
        json!([{ "name": "Sam", "push_name": "Sam", "person": PERSON }])
    );
    let sam = app.call("get_contact", json!({ "person": PERSON })).await;
    let hidden = sam["structuredContent"]["hidden_id"].clone();
    assert_eq!(sam["structuredContent"]["about"], "Available");
    let same = app.call("get_contact", json!({ "person": hidden })).await;
    assert_eq!(same["structuredContent"]["phone_id"], PERSON);
    assert_eq!(same["structuredContent"]["name"], "Sam");
    let nobody = app
        .call("get_contact", json!({ "person": "+15559990000" }))
        .await;
    assert_eq!(code(&nobody), "backend-refused");
}

#[tokio::test]
async fn numbers_are_checked() {
    let mut app = app::sandbox().policy(OPEN).linked().await;
    let there = app
        .call("check_number", json!({ "number": "+1 555 222 0003" }))
        .await;
    assert_eq!(there["structuredContent"]["person"], PERSON);
    let absent = app
        .call("check_number", json!({ "number": "+1 555 999 0000" }))
        .await;
    assert_eq!(absent["structuredContent"]["exists"], false);
}

#[tokio::test]
async fn who_is_blocked_shows() {
    let mut app = app::sandbox().policy(OPEN).linked().await;
    for (tool, blocked) in [("block_contact", true), ("unblock_contact", false)] {
        let done = app.call(tool, json!({ "person": PERSON })).await;
        assert_eq!(done["structuredContent"]["verified"], true, "{done}");
        let sam = app.call("get_contact", json!({ "person": PERSON })).await;
        assert_eq!(sam["structuredContent"]["blocked"], blocked, "{tool}");
    }
}

#[tokio::test]
async fn the_default_policy_keeps_checks_few() {
    let policy = include_str!("../../../../policy.toml");
    let mut app = app::sandbox().policy(policy).linked().await;
    let number = json!({ "number": "+15552220003" });
    for _ in 0..10 {
        let result = app.call("check_number", number.clone()).await;
        assert_eq!(result["isError"], false, "{result}");
    }
    for _ in 0..59 {
        app.hand.advance(Duration::from_secs(60));
        let result = app.call("check_number", number.clone()).await;
        assert_eq!(code(&result), "rate-limited");
    }
    app.hand.advance(Duration::from_secs(61));
    let result = app.call("check_number", number).await;
    assert_eq!(result["isError"], false, "{result}");
}
