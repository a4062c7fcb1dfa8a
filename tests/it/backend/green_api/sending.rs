//! Sending a text.

use serde_json::json;
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

async fn server(answer: ResponseTemplate, status: &str) -> MockServer {
    let mock = MockServer::start().await;
    has_message(&mock, ANN, "BAE5AAAA").await;
    Mock::given(method("POST"))
        .and(path(at("sendMessage")))
        .and(body_json(json!({
            "chatId": ANN, "message": "hi", "quotedMessageId": "BAE5AAAA", "linkPreview": true,
        })))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    Mock::given(method("POST"))
        .and(path(at("getMessage")))
        .and(body_json(
            json!({ "chatId": ANN, "idMessage": "3EB0C767D097B7C7C030" }),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "type": "outgoing", "idMessage": "3EB0C767D097B7C7C030", "statusMessage": status,
        })))
        .mount(&mock)
        .await;
    mock
}

fn taken() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "idMessage": "3EB0C767D097B7C7C030" }))
}

#[tokio::test]
async fn a_message_is_followed_out_of_the_queue() {
    for (status, delivery, verified) in [
        ("sent", "sent", true),
        ("delivered", "delivered", true),
        ("read", "read", true),
        ("failed", "failed", false),
        ("pending", "accepted", false),
    ] {
        let mock = server(taken(), status).await;
        let mut app = app::green_api(&mock).start().await;
        let arguments = json!({ "chat": "+15552223333", "text": "hi", "reply_to": "BAE5AAAA", "link_preview": true });
        let result = app.call("send_message", arguments).await;
        let sent = &result["structuredContent"];
        assert_eq!(
            (&sent["delivery"], &sent["verified"]),
            (&json!(delivery), &json!(verified))
        );
        assert_eq!(sent["message"], "3EB0C767D097B7C7C030");
        assert_eq!(result["isError"], status == "failed");
    }
}

#[tokio::test]
async fn a_200_without_an_id_says_nothing() {
    for body in [json!(false), json!({ "message": "not now" }), json!({})] {
        let mock = server(ResponseTemplate::new(200).set_body_json(&body), "sent").await;
        let mut app = app::green_api(&mock).start().await;
        let arguments =
            json!({ "chat": ANN, "text": "hi", "reply_to": "BAE5AAAA", "link_preview": true });
        let result = app.call("send_message", arguments).await;
        assert_eq!(code(&result), "outcome-unknown", "{body}");
    }
}

#[tokio::test]
async fn what_it_cannot_do_is_told_before() {
    let mock = MockServer::start().await;
    let mut app = app::green_api(&mock).start().await;
    for (arguments, wanted) in [
        (
            json!({ "chat": "120363025246125486@newsletter", "text": "hi" }),
            "it has no channels",
        ),
        (
            json!({ "chat": ANN, "text": "hi", "mentions": [ANN] }),
            "mention people",
        ),
    ] {
        let result = app.call("send_message", arguments).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(wanted) && text(&result).contains("nothing was sent"));
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
