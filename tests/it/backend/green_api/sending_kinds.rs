//! Sending a place, a contact card, a poll.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, method, path},
};

use super::has_message;
use crate::app::{self, SECRET, code, text};

const ANN: &str = "15552223333@c.us";

fn at(name: &str) -> String {
    format!("/waInstance7103000000/{name}/{SECRET}")
}

/// The tools, with arguments, the method and what it is sent.
fn kinds() -> [(&'static str, Value, &'static str, Value); 3] {
    [
        (
            "send_location",
            json!({
                "chat": ANN, "latitude": 12.5, "longitude": -10.25, "name": "Harbour",
                "address": "Quay 1", "reply_to": "BAE5AAAA",
            }),
            "sendLocation",
            json!({
                "chatId": ANN, "latitude": 12.5, "longitude": -10.25, "nameLocation": "Harbour",
                "address": "Quay 1", "quotedMessageId": "BAE5AAAA",
            }),
        ),
        (
            "send_contact",
            json!({
                "chat": ANN, "name": "Sam Example", "number": "+1 555 777 8888",
                "organization": "Bakery", "reply_to": "BAE5AAAA",
            }),
            "sendContact",
            json!({
                "chatId": ANN, "quotedMessageId": "BAE5AAAA",
                "contact": { "phoneContact": 15_557_778_888_u64, "firstName": "Sam Example", "company": "Bakery" },
            }),
        ),
        (
            "send_poll",
            json!({
                "chat": ANN, "question": "Which day?", "options": ["Monday", "Tuesday"],
                "multiple_answers": true, "reply_to": "BAE5AAAA",
            }),
            "sendPoll",
            json!({
                "chatId": ANN, "message": "Which day?", "multipleAnswers": true, "quotedMessageId": "BAE5AAAA",
                "options": [{ "optionName": "Monday" }, { "optionName": "Tuesday" }],
            }),
        ),
    ]
}

async fn server(name: &str, body: Value, answer: Value, status: &str) -> MockServer {
    let mock = MockServer::start().await;
    has_message(&mock, ANN, "BAE5AAAA").await;
    Mock::given(method("POST"))
        .and(path(at(name)))
        .and(body_json(body))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&mock)
        .await;
    Mock::given(method("POST"))
        .and(path(at("getMessage")))
        .and(body_json(json!({ "chatId": ANN, "idMessage": "3EB0" })))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "type": "outgoing", "idMessage": "3EB0", "statusMessage": status,
        })))
        .mount(&mock)
        .await;
    mock
}

#[tokio::test]
async fn each_is_followed_out_of_the_queue() {
    for (tool, arguments, name, body) in kinds() {
        for (status, delivery) in [
            ("delivered", "delivered"),
            ("pending", "accepted"),
            ("failed", "failed"),
        ] {
            let taken = json!({ "idMessage": "3EB0" });
            let mock = server(name, body.clone(), taken, status).await;
            let mut app = app::green_api(&mock).start().await;
            let result = app.call(tool, arguments.clone()).await;
            assert_eq!(result["structuredContent"]["delivery"], delivery, "{tool}");
            assert_eq!(result["structuredContent"]["message"], "3EB0");
            assert_eq!(result["isError"], status == "failed");
        }
    }
}

#[tokio::test]
async fn what_is_not_said_is_not_sent() {
    let taken = json!({ "idMessage": "3EB0" });
    let body = json!({ "chatId": ANN, "latitude": 1.0, "longitude": 2.0 });
    let mock = server("sendLocation", body, taken, "sent").await;
    let mut app = app::green_api(&mock).start().await;
    let arguments = json!({ "chat": ANN, "latitude": 1, "longitude": 2 });
    let result = app.call("send_location", arguments).await;
    assert_eq!(result["structuredContent"]["delivery"], "sent");
}

#[tokio::test]
async fn a_200_without_an_id_says_nothing() {
    for (tool, arguments, name, body) in kinds() {
        let mock = server(name, body, json!({ "message": "not now" }), "sent").await;
        let mut app = app::green_api(&mock).start().await;
        let result = app.call(tool, arguments).await;
        assert_eq!(code(&result), "outcome-unknown", "{tool}");
    }
}

#[tokio::test]
async fn there_are_no_channels() {
    let mock = MockServer::start().await;
    let mut app = app::green_api(&mock).start().await;
    for (tool, mut arguments, _, _) in kinds() {
        arguments["chat"] = json!("120363025246125486@newsletter");
        let result = app.call(tool, arguments).await;
        assert_eq!(result["isError"], true);
        assert!(text(&result).contains("channel"), "{}", text(&result));
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
