//! One person with two identities, a number and a hidden one.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_partial_json, method, path},
};

use crate::app::{self, ServerBuilder, code};

const NUMBER: &str = "15552223333@c.us";
const HIDDEN: &str = "777000111222@lid";

/// A server that says who is behind the hidden identity, or does not know.
async fn server(known: bool, looks: u64) -> MockServer {
    let mock = MockServer::start().await;
    let found = if known {
        ResponseTemplate::new(200).set_body_json(json!({ "lid": HIDDEN, "pn": NUMBER }))
    } else {
        ResponseTemplate::new(200).set_body_json(json!({ "lid": HIDDEN, "pn": null }))
    };
    Mock::given(method("GET"))
        .and(path(format!("/api/default/lids/{HIDDEN}")))
        .respond_with(found)
        .expect(looks)
        .mount(&mock)
        .await;
    for chat in [NUMBER, HIDDEN] {
        let sent =
            json!({ "id": format!("true_{chat}_3EB0AA"), "timestamp": 1_600_000_000, "ack": 1 });
        Mock::given(method("POST"))
            .and(path("/api/sendText"))
            .and(body_partial_json(json!({ "chatId": chat })))
            .respond_with(ResponseTemplate::new(201).set_body_json(sent))
            .mount(&mock)
            .await;
    }
    let working =
        json!({ "name": "default", "status": "WORKING", "me": { "id": "15550001111@c.us" } });
    Mock::given(method("GET"))
        .and(path("/api/sessions/default"))
        .respond_with(ResponseTemplate::new(200).set_body_json(working))
        .mount(&mock)
        .await;
    mock
}

fn once_a_minute(mock: &MockServer) -> ServerBuilder {
    app::waha(mock).policy(
        r#"
version = "1"
default = "allow"
[tools.send_message]
limits = [{ max = 1, window = "minute", scope = "chat" }]
"#,
    )
}

fn to(chat: &str, text: &str) -> Value {
    json!({ "chat": chat, "text": text })
}

#[tokio::test]
async fn a_person_counts_once_whatever_the_identity() {
    let mock = server(true, 1).await;
    let mut app = once_a_minute(&mock).start().await;
    let sent = app.call("send_message", to(HIDDEN, "one")).await;
    assert_eq!(sent["structuredContent"]["chat"], HIDDEN, "{sent}");
    for chat in [NUMBER, HIDDEN, "+1 555 222-3333"] {
        let refused = app.call("send_message", to(chat, "two")).await;
        assert_eq!(code(&refused), "rate-limited", "{chat}");
    }
}

#[tokio::test]
async fn the_same_to_the_same_person_is_not_sent_twice() {
    let mock = server(true, 1).await;
    let mut app = app::waha(&mock).start().await;
    app.call("send_message", to(NUMBER, "hello")).await;
    let again = app.call("send_message", to(HIDDEN, "hello")).await;
    assert_eq!(again["structuredContent"]["repeated"], true, "{again}");
}

#[tokio::test]
async fn who_cannot_be_found_is_somebody_else() {
    let mock = server(false, 1).await;
    let mut app = once_a_minute(&mock).start().await;
    for chat in [NUMBER, HIDDEN] {
        let sent = app.call("send_message", to(chat, "one")).await;
        assert_eq!(sent["isError"], false, "{sent}");
    }
    for chat in [NUMBER, HIDDEN, HIDDEN] {
        let refused = app.call("send_message", to(chat, "two")).await;
        assert_eq!(code(&refused), "rate-limited", "{chat}");
    }
}

#[tokio::test]
async fn nobody_is_looked_up_for_a_call_that_is_refused() {
    let mock = server(true, 0).await;
    let mut app = app::waha(&mock)
        .policy("version = \"1\"\ndefault = \"deny\"")
        .start()
        .await;
    let refused = app.call("send_message", to(HIDDEN, "one")).await;
    assert_eq!(code(&refused), "not-admitted");
    assert!(mock.received_requests().await.unwrap().is_empty());
}
