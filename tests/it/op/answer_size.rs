//! How large an answer may be.

use proptest::{
    prelude::{Strategy, any, prop},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use crate::app::{self, text};

const CHAT: &str = "15552223333@c.us";

fn bytes(result: &Value) -> usize {
    result["structuredContent"].to_string().len() + text(result).len()
}

/// A chat of forty messages, the newest of them very long.
async fn talkative() -> MockServer {
    let mock = MockServer::start().await;
    let message = |n: i64| {
        let body = if n == 39 {
            "\u{1f600}".repeat(4000)
        } else {
            format!("{n} \"{}\"", "words ".repeat(60))
        };
        let id = format!("false_{CHAT}_AAAA{n:02}");
        json!({ "id": id, "timestamp": 1_700_000_000 + n, "from": CHAT, "fromMe": false, "body": body, "notifyName": "Ann" })
    };
    let all: Vec<Value> = (0..40).map(message).collect();
    Mock::given(method("GET"))
        .and(path(format!("/api/default/chats/{CHAT}/messages")))
        .respond_with(ResponseTemplate::new(200).set_body_json(all))
        .mount(&mock)
        .await;
    Mock::given(method("GET"))
        .and(path(format!(
            "/api/default/chats/{CHAT}/messages/false_{CHAT}_AAAA39"
        )))
        .respond_with(ResponseTemplate::new(200).set_body_json(message(39)))
        .mount(&mock)
        .await;
    mock
}

#[tokio::test]
async fn an_answer_has_the_size_that_was_set() {
    let mock = talkative().await;
    for size in [8192, 10_000, 24 * 1024] {
        let mut app = app::waha(&mock).answering_within(size).start().await;
        let (mut seen, mut cursor) = (0, Value::Null);
        loop {
            let mut arguments = json!({ "chat": CHAT });
            if cursor.is_string() {
                arguments["cursor"] = cursor;
            }
            let result = app.call("list_messages", arguments).await;
            assert!(bytes(&result) <= size, "{} of {size}", bytes(&result));
            let messages = result["structuredContent"]["messages"].as_array().unwrap();
            assert!(!messages.is_empty());
            seen += messages.len();
            cursor = result["structuredContent"]["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(seen, 40);
        let arguments = json!({ "chat": CHAT, "message": format!("false_{CHAT}_AAAA39") });
        let result = app.call("get_message", arguments).await;
        assert!(bytes(&result) <= size, "{} of {size}", bytes(&result));
        assert!(text(&result).contains('\u{1f600}'));
    }
}

#[tokio::test]
async fn concise_messages_have_no_ids() {
    let mock = talkative().await;
    let mut app = app::waha(&mock).start().await;
    let arguments = json!({ "chat": CHAT, "format": "concise", "contains": "38 " });
    let result = app.call("list_messages", arguments).await;
    let message = &result["structuredContent"]["messages"][0];
    let keys: Vec<_> = message.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["at", "from", "text"], "{message}");
    assert!(text(&result).contains("38 "));
}

#[tokio::test]
async fn whatever_people_write_an_answer_is_cut_between_items() {
    let mut runner = TestRunner::deterministic();
    let word = prop::collection::vec(any::<String>(), 1..60);
    let words = word.prop_map(|words| words.join("\\\"\u{202e}\n\u{1f600}"));
    let bodies = prop::collection::vec(words, 1..40);
    for _ in 0..20 {
        let bodies = bodies.new_tree(&mut runner).unwrap().current();
        let message = |(n, body): (usize, &String)| {
            json!({
                "id": format!("false_{CHAT}_AAAA{n:02}"), "timestamp": 1_700_000_000 + n, "from": CHAT,
                "fromMe": false, "body": body, "_data": { "notifyName": body },
            })
        };
        let all: Vec<Value> = bodies.iter().enumerate().map(message).collect();
        let mock = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path(format!("/api/default/chats/{CHAT}/messages")))
            .respond_with(ResponseTemplate::new(200).set_body_json(&all))
            .mount(&mock)
            .await;
        // What arrives here was read as JSON, so that it was cut between its parts.
        let mut app = app::waha(&mock).answering_within(8192).start().await;
        let (mut seen, mut arguments) = (0, json!({ "chat": CHAT, "limit": 100 }));
        loop {
            let result = app.call("list_messages", arguments.clone()).await;
            assert_eq!(result["isError"], false, "{result}");
            assert!(bytes(&result) <= 8192, "{}", bytes(&result));
            seen += result["structuredContent"]["messages"]
                .as_array()
                .unwrap()
                .len();
            match result["structuredContent"].get("next_cursor") {
                Some(cursor) => arguments["cursor"] = cursor.clone(),
                None => break,
            }
        }
        assert_eq!(seen, bodies.len());
    }
}
