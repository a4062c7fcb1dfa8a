//! Reading messages.

use serde_json::{Value, json};
use wiremock::{
    MockServer,
    matchers::{query_param, query_param_is_missing},
};

use super::*;
use crate::app::{code, text};

const ANN: &str = "15552223333@c.us";
const LIST: &str = "/api/default/chats/15552223333@c.us/messages";

fn message(id: &str, at: i64, own: bool, body: &str) -> Value {
    json!({
        "id": format!("{own}_{ANN}_{id}"), "timestamp": at, "from": ANN, "fromMe": own, "body": body,
        "hasMedia": false, "_data": { "notifyName": "Ann", "secret": "key" },
    })
}

async fn list(messages: Vec<Value>, arguments: Value) -> Value {
    let mock = MockServer::start().await;
    get(SESSION)
        .respond_with(session("WORKING"))
        .mount(&mock)
        .await;
    get(LIST)
        .and(query_param("downloadMedia", "false"))
        .and(query_param("sortOrder", "desc"))
        .respond_with(reply(200, messages.into()))
        .mount(&mock)
        .await;
    let mut all = json!({ "chat": ANN });
    for (name, value) in arguments.as_object().unwrap() {
        all[name] = value.clone();
    }
    call(&mock, "list_messages", all).await
}

fn texts(result: &Value) -> Vec<&str> {
    let messages = result["structuredContent"]["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn messages_come_newest_first_without_engine_data() {
    let all = vec![
        message("A", 1_700_000_000, false, "one"),
        message("C", 1_700_000_200, true, "three"),
        message("B", 1_700_000_100, false, "two"),
    ];
    let result = list(all, json!({})).await;
    assert_eq!(texts(&result), ["three", "two", "one"]);
    let found = &result["structuredContent"];
    assert_eq!(
        found["messages"][1],
        json!({
            "from_name": "Ann", "from": ANN, "at": "2023-11-14T22:15:00Z", "text": "two",
            "message": "false_15552223333@c.us_B",
        })
    );
    assert_eq!(found["messages"][0]["from"], "me");
    assert!(found["messages"][0]["from_name"].is_null());
    assert_eq!(
        (&found["scanned"], &found["back_to"]),
        (&json!(3), &json!("2023-11-14T22:13:20Z"))
    );
    assert!(found["next_cursor"].is_null());
    assert!(!result.to_string().contains("secret"));
}

#[tokio::test]
async fn filters_leave_what_fits() {
    let all = || {
        vec![
            message("A", 1_700_000_000, false, "Cake?"),
            message("B", 1_700_000_100, true, "cake!"),
            message("C", 1_700_000_200, false, "tea"),
        ]
    };
    for (arguments, wanted) in [
        (json!({ "contains": "CAKE" }), vec!["cake!", "Cake?"]),
        (json!({ "from": ANN }), vec!["tea", "Cake?"]),
        (json!({ "from": "15550001111" }), vec!["cake!"]),
        (
            json!({ "after": "2023-11-14T22:15:00Z" }),
            vec!["tea", "cake!"],
        ),
        (json!({ "before": "2023-11-14T22:15:00Z" }), vec!["Cake?"]),
        (json!({ "limit": 1 }), vec!["tea"]),
    ] {
        let result = list(all(), arguments.clone()).await;
        assert_eq!(texts(&result), wanted, "{arguments}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_end() {
    let all: Vec<_> = (0..5)
        .map(|n| message(&format!("M{n}"), 1_700_000_000, false, &format!("{n}")))
        .collect();
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut arguments = json!({ "limit": 2 });
        if cursor.is_string() {
            arguments["cursor"] = cursor;
        }
        let result = list(all.clone(), arguments).await;
        seen.extend(texts(&result).iter().map(|text| (*text).to_owned()));
        cursor = result["structuredContent"]["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn a_long_page_is_cut_at_a_message() {
    let all: Vec<_> = (0..60)
        .map(|n| {
            message(
                &format!("M{n:02}"),
                1_700_000_000 + n,
                false,
                &"long \u{202e}".repeat(200),
            )
        })
        .collect();
    let result = list(all, json!({})).await;
    let found = &result["structuredContent"];
    assert!(
        found.to_string().len() < 25 * 1024,
        "{}",
        found.to_string().len()
    );
    assert!(found["messages"].as_array().unwrap().len() > 3);
    assert!(found["next_cursor"].is_string());
    assert!(!result.to_string().contains('\u{202e}'));
}

#[tokio::test]
async fn the_time_range_is_asked_of_the_server() {
    let mock = MockServer::start().await;
    get(LIST)
        .and(query_param("filter.timestamp.gte", "1700000000"))
        .and(query_param("filter.timestamp.lte", "1700000100"))
        .and(query_param("limit", "200"))
        .respond_with(empty(200))
        .expect(1)
        .mount(&mock)
        .await;
    let arguments =
        json!({ "chat": ANN, "after": "2023-11-14T22:13:20Z", "before": "2023-11-14T22:15:00Z" });
    let result = call(&mock, "list_messages", arguments).await;
    assert_eq!(text(&result), "0 messages of 0 examined");
    let mock = MockServer::start().await;
    get(LIST)
        .and(query_param_is_missing("filter.timestamp.gte"))
        .and(query_param_is_missing("filter.timestamp.lte"))
        .respond_with(reply(200, json!([])))
        .expect(1)
        .mount(&mock)
        .await;
    call(&mock, "list_messages", json!({ "chat": ANN })).await;
}

#[tokio::test]
async fn one_message_is_shown() {
    let id = "false_15552223333@c.us_A";
    let at = format!("{LIST}/{id}");
    for (timestamp, kind) in [
        (json!(1_700_000_000), Value::Null),
        (json!(1_700_000_000.5), json!("image/jpeg")),
        (json!("1700000000"), json!("application/pdf")),
        (
            json!({ "low": 1_700_000_000, "high": 0, "unsigned": true }),
            json!("audio/ogg"),
        ),
    ] {
        let mock = MockServer::start().await;
        let mut answer = message("A", 0, false, "hi");
        answer["timestamp"] = timestamp;
        answer["hasMedia"] = (!kind.is_null()).into();
        answer["media"] = json!({ "mimetype": kind });
        get(&at)
            .respond_with(reply(200, answer))
            .expect(1)
            .mount(&mock)
            .await;
        let result = call(&mock, "get_message", json!({ "chat": ANN, "message": id })).await;
        assert_eq!(result["structuredContent"]["at"], "2023-11-14T22:13:20Z");
        let told = result["structuredContent"]["kind"].as_str();
        let wanted = kind.as_str().map(|kind| match kind {
            "image/jpeg" => "image",
            "application/pdf" => "document",
            _ => "audio",
        });
        assert_eq!(told, wanted);
    }
    for answer in [refused(404, "Message not found"), empty(200)] {
        let mock = MockServer::start().await;
        get(&at).respond_with(answer).mount(&mock).await;
        let result = call(&mock, "get_message", json!({ "chat": ANN, "message": id })).await;
        assert_eq!(code(&result), "backend-refused");
    }
}

#[tokio::test]
async fn places_and_contact_cards_are_told_in_words() {
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Sam\r\nORG:Bakery\r\nitem1.TEL;waid=15557778888:+1 555 777 8888\r\nEND:VCARD";
    for (name, value, kind, words) in [
        (
            "location",
            json!({ "latitude": "12.5", "longitude": -3, "name": "Harbour", "address": "Quay 1" }),
            json!("location"),
            "12.5, -3, Harbour, Quay 1",
        ),
        (
            "location",
            json!({ "latitude": 12.5, "longitude": "-3", "live": true, "name": "" }),
            json!("location"),
            "12.5, -3",
        ),
        (
            "vCards",
            json!([card, card]),
            json!("contact"),
            "Sam, +1 555 777 8888; Sam, +1 555 777 8888",
        ),
    ] {
        let mut shown = message("A", 1_700_000_000, false, "");
        shown[name] = value;
        let result = list(vec![shown], json!({})).await;
        assert_eq!(texts(&result), [words]);
        assert_eq!(result["structuredContent"]["messages"][0]["kind"], kind);
    }
    for (name, value) in [
        ("location", Value::Null),
        ("location", json!({ "name": "nowhere" })),
        ("vCards", json!([])),
        ("vCards", json!([null])),
    ] {
        let mut shown = message("A", 1_700_000_000, false, "hi");
        shown[name] = value;
        let result = list(vec![shown], json!({})).await;
        assert_eq!(texts(&result), ["hi"]);
        assert!(result["structuredContent"]["messages"][0]["kind"].is_null());
    }
}
