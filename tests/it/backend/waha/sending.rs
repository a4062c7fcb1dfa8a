//! Sending a text.

use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate, matchers::body_json};

use super::*;
use crate::app::{self, code, text};

const SEND: &str = "/api/sendText";
const ANN: &str = "15552223333@c.us";
const ID: &str = "true_15552223333@c.us_3EB042AD7933EC545A31D6";

/// What NOWEB answers: a key, and no id.
fn noweb() -> ResponseTemplate {
    reply(
        201,
        json!({
            "key": { "remoteJid": "15552223333@s.whatsapp.net", "fromMe": true, "id": "3EB042AD7933EC545A31D6" },
            "message": { "extendedTextMessage": { "text": "hi there" } },
            "messageTimestamp": "1795230220",
            "status": "PENDING",
        }),
    )
}

async fn server(answer: ResponseTemplate, acks: &[Value]) -> MockServer {
    let mock = MockServer::start().await;
    request("POST", SEND)
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    let acks = acks
        .iter()
        .map(|ack| reply(200, json!({ "id": ID, "ack": ack })));
    get(&format!("/api/default/chats/{ANN}/messages/{ID}"))
        .and(wiremock::matchers::query_param("downloadMedia", "false"))
        .respond_with(Answers(Mutex::new(acks.collect())))
        .mount(&mock)
        .await;
    mock
}

#[tokio::test]
async fn a_text_is_sent_with_all_that_belongs_to_it() {
    let mock = MockServer::start().await;
    has_message(&mock, ANN, "false_15552223333@c.us_AAAA").await;
    request("POST", SEND)
        .and(body_json(json!({
            "session": "default",
            "chatId": ANN,
            "text": "hi @15557778888",
            "reply_to": "false_15552223333@c.us_AAAA",
            "mentions": ["15557778888@c.us"],
            "linkPreview": false,
        })))
        .respond_with(reply(201, json!({ "id": ID, "ack": 1 })))
        .expect(1)
        .mount(&mock)
        .await;
    let arguments = json!({
        "chat": "+1 555 222 3333",
        "text": "hi @15557778888",
        "reply_to": "false_15552223333@c.us_AAAA",
        "mentions": ["001-555-777-8888"],
        "link_preview": false,
    });
    let result = call(&mock, "send_message", arguments).await;
    let sent = &result["structuredContent"];
    assert_eq!(
        (&sent["delivery"], &sent["verified"]),
        (&json!("sent"), &json!(true))
    );
    assert_eq!((&sent["message"], &sent["chat"]), (&json!(ID), &json!(ANN)));
    assert_eq!(text(&result), format!("sent to {ANN}; message {ID}"));
}

#[tokio::test]
async fn every_engine_s_answer_is_followed_to_its_ack() {
    for answer in [
        noweb(),
        reply(201, json!({ "id": ID, "ack": 0 })),
        reply(201, json!({ "id": { "_serialized": ID }, "ack": 0 })),
    ] {
        let mock = server(answer, &[json!(0), json!(2)]).await;
        let result = call(
            &mock,
            "send_message",
            json!({ "chat": ANN, "text": "hi there" }),
        )
        .await;
        assert_eq!(result["structuredContent"]["delivery"], "delivered");
        assert_eq!(result["structuredContent"]["message"], ID);
    }
}

#[tokio::test]
async fn what_is_not_confirmed_is_not_called_sent() {
    for (answer, acks, delivery) in [
        (noweb(), vec![json!(0)], "accepted"),
        (noweb(), vec![json!(-1)], "failed"),
    ] {
        let mock = server(answer, &acks).await;
        let mut app = app::waha(&mock).start().await;
        let result = app
            .call("send_message", json!({ "chat": ANN, "text": "hi" }))
            .await;
        assert_eq!(result["structuredContent"]["delivery"], delivery);
        assert_eq!(result["structuredContent"]["verified"], false);
        assert_eq!(result["isError"], delivery == "failed");
    }
}

#[tokio::test]
async fn a_lost_answer_is_an_unknown_outcome_and_sent_once() {
    let mock = server(empty(201).set_delay(NEVER), &[]).await;
    let timeouts = Timeouts {
        answer: Duration::from_millis(200),
        ..app::timeouts()
    };
    let mut app = app::waha_with(&mock, timeouts).start().await;
    let message = json!({ "chat": ANN, "text": "hi" });
    let result = app.call("send_message", message.clone()).await;
    assert_eq!(code(&result), "outcome-unknown");
    // The agent tries again: the server does not.
    let result = app.call("send_message", message).await;
    assert_eq!(code(&result), "outcome-unknown");
    assert_eq!(result["structuredContent"]["repeated"], true);
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before() {
    let mock = MockServer::start().await;
    let mut app = app::waha(&mock).start().await;
    for (arguments, wanted) in [
        (
            json!({ "chat": "Ann", "text": "hi" }),
            "`chat`: `Ann` is not a chat id or a phone number",
        ),
        (
            json!({ "chat": "status@broadcast", "text": "hi" }),
            "is a broadcast list",
        ),
        (
            json!({ "chat": ANN, "text": " \n" }),
            "`text` must be text of 1 to 20000 characters",
        ),
        (
            json!({ "chat": ANN, "text": "x".repeat(20_001) }),
            "20001 characters",
        ),
        (
            json!({ "chat": ANN, "text": "hi", "reply_to": "../x" }),
            "is not a message id",
        ),
        (
            json!({ "chat": ANN, "text": "hi", "mentions": ["120@g.us"] }),
            "mentions[0]",
        ),
    ] {
        let result = app.call("send_message", arguments).await;
        assert_eq!(code(&result), "bad-arguments");
        assert!(text(&result).contains(wanted), "{}", text(&result));
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
