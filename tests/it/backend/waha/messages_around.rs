//! The messages before and after one.

use serde_json::{Value, json};
use wiremock::{
    MockServer,
    matchers::{query_param, query_param_is_missing},
};

use super::*;
use crate::app::{self, code, text};

const ANN: &str = "15552223333@c.us";
const LIST: &str = "/api/default/chats/15552223333@c.us/messages";
const START: i64 = 1_700_000_000;

fn id(number: i64) -> String {
    format!("false_{ANN}_M{number:03}")
}

/// The message of this number, written that many seconds after the start.
fn message(number: i64, body: &str) -> Value {
    json!({
        "id": id(number), "timestamp": START + number, "from": ANN, "fromMe": false, "body": body,
        "hasMedia": false,
    })
}

fn plain(numbers: impl IntoIterator<Item = i64>) -> Vec<Value> {
    let numbers = numbers.into_iter();
    numbers.map(|n| message(n, &n.to_string())).collect()
}

/// A server that finds message 10, with these until then and since.
async fn server(older: Vec<Value>, newer: Vec<Value>) -> MockServer {
    let mock = MockServer::start().await;
    get(&format!("{LIST}/{}", id(10)))
        .and(query_param("downloadMedia", "false"))
        .respond_with(reply(200, message(10, "10")))
        .expect(1)
        .mount(&mock)
        .await;
    let at = (START + 10).to_string();
    get(LIST)
        .and(query_param("sortOrder", "desc"))
        .and(query_param("filter.timestamp.lte", &at))
        .and(query_param_is_missing("filter.timestamp.gte"))
        .and(query_param("limit", "200"))
        .respond_with(reply(200, older.into()))
        .expect(1)
        .mount(&mock)
        .await;
    get(LIST)
        .and(query_param("sortOrder", "asc"))
        .and(query_param("filter.timestamp.gte", &at))
        .and(query_param_is_missing("filter.timestamp.lte"))
        .and(query_param("limit", "200"))
        .respond_with(reply(200, newer.into()))
        .expect(1)
        .mount(&mock)
        .await;
    mock
}

fn texts(result: &Value) -> Vec<&str> {
    let messages = result["structuredContent"]["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn neighbours_come_from_both_sides() {
    for (older, newer, limit, wanted) in [
        (0..=10, 10..=20, 5, vec!["12", "11", "10", "9", "8"]),
        (0..=10, 10..=20, 4, vec!["12", "11", "10", "9"]),
        (0..=10, 10..=20, 1, vec!["10"]),
        // Where one side has too few, the other has more.
        (9..=10, 10..=20, 5, vec!["13", "12", "11", "10", "9"]),
        (0..=10, 10..=10, 3, vec!["10", "9", "8"]),
    ] {
        let mock = server(plain(older).into_iter().rev().collect(), plain(newer)).await;
        let arguments = json!({ "chat": ANN, "around": id(10), "limit": limit });
        let result = call(&mock, "list_messages", arguments).await;
        assert_eq!(texts(&result), wanted);
    }
}

#[tokio::test]
async fn older_ones_follow_by_the_cursor() {
    let mock = server(plain(0..=10), plain(10..=12)).await;
    let arguments = json!({ "chat": ANN, "around": id(10), "limit": 3 });
    let result = call(&mock, "list_messages", arguments).await;
    let found = &result["structuredContent"];
    assert_eq!(texts(&result), ["11", "10", "9"]);
    assert_eq!(found["next_cursor"], format!("{}~{}", START + 9, id(9)));
    assert_eq!(found["scanned"], 13);
    // All of them: there is nothing to go on to.
    let mock = server(plain(9..=10), plain(10..=12)).await;
    let arguments = json!({ "chat": ANN, "around": id(10) });
    let result = call(&mock, "list_messages", arguments).await;
    assert_eq!(texts(&result), ["12", "11", "10", "9"]);
    assert!(result["structuredContent"]["next_cursor"].is_null());
}

#[tokio::test]
async fn filters_hold_here_too() {
    let older = vec![message(8, "cake"), message(9, "tea"), message(10, "tea")];
    let newer = vec![message(10, "tea"), message(11, "tea"), message(12, "Cake")];
    let mock = server(older, newer).await;
    let arguments = json!({ "chat": ANN, "around": id(10), "contains": "cake" });
    let result = call(&mock, "list_messages", arguments).await;
    assert_eq!(texts(&result), ["Cake", "cake"]);
}

#[tokio::test]
async fn a_long_page_loses_the_furthest() {
    let long = |n: i64| message(n, &format!("{n:03}{}", "long ".repeat(700)));
    let older = (0..=10).map(long).collect();
    let mock = server(older, (10..=20).map(long).collect()).await;
    let arguments = json!({ "chat": ANN, "around": id(10) });
    let result = call(&mock, "list_messages", arguments).await;
    assert!(result["structuredContent"].to_string().len() < 21 * 1024);
    let found: Vec<_> = texts(&result).iter().map(|text| &text[..3]).collect();
    assert_eq!(found, ["012", "011", "010", "009", "008"]);
    assert!(result["structuredContent"]["next_cursor"].is_string());
}

#[tokio::test]
async fn a_gap_is_not_passed_over() {
    for (older, newer) in [
        (plain(0..=10), plain(500..700)),
        (plain(0..5), plain(10..=20)),
        (vec![], plain(10..=20)),
    ] {
        let mock = server(older, newer).await;
        let arguments = json!({ "chat": ANN, "around": id(10) });
        let result = call(&mock, "list_messages", arguments).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains("does not show the messages next to that one"));
    }
}

#[tokio::test]
async fn what_is_not_there_has_no_neighbours() {
    let mock = MockServer::start().await;
    get(&format!("{LIST}/{}", id(10)))
        .respond_with(refused(404, "Message not found"))
        .expect(1)
        .mount(&mock)
        .await;
    let arguments = json!({ "chat": ANN, "around": id(10) });
    let result = call(&mock, "list_messages", arguments).await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn it_stands_alone() {
    let mock = MockServer::start().await;
    let mut app = app::waha(&mock).start().await;
    for (name, value) in [
        ("after", json!("2023-11-14T22:13:20Z")),
        ("before", json!("2023-11-14T22:13:20Z")),
        ("cursor", json!(format!("{START}~{}", id(1)))),
        ("around", json!("false_15557778888@c.us_A")),
    ] {
        let mut arguments = json!({ "chat": ANN, "around": id(10) });
        arguments[name] = value;
        let result = app.call("list_messages", arguments).await;
        assert_eq!(code(&result), "bad-arguments", "{name}");
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
