//! Reading messages.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, method, path},
};

use crate::app::{self, SECRET, code};

const ANN: &str = "15552223333@c.us";

async fn server(name: &str, body: Value, answer: Value) -> MockServer {
    let mock = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("/waInstance7103000000/{name}/{SECRET}")))
        .and(body_json(body))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&mock)
        .await;
    mock
}

fn history() -> Value {
    json!([
        {
            "type": "incoming", "idMessage": "3EB1", "timestamp": 1_700_000_000, "typeMessage": "textMessage",
            "chatId": ANN, "textMessage": "hello", "senderId": ANN, "senderName": "ann", "senderContactName": "Ann",
        },
        {
            "type": "outgoing", "idMessage": "3EB2", "timestamp": 1_700_000_100, "typeMessage": "imageMessage",
            "chatId": ANN, "caption": "look", "downloadUrl": "https://example.org/secret", "statusMessage": "read",
        },
        { "type": "incoming", "idMessage": "broken" },
    ])
}

#[tokio::test]
async fn a_history_is_told_newest_first() {
    let mock = server(
        "getChatHistory",
        json!({ "chatId": ANN, "count": 500 }),
        history(),
    )
    .await;
    let mut app = app::green_api(&mock).start().await;
    let result = app
        .call("list_messages", json!({ "chat": "+1 555 222 3333" }))
        .await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "messages": [
                { "from": "me", "at": "2023-11-14T22:15:00Z", "text": "look", "kind": "image", "message": "3EB2" },
                { "from_name": "Ann", "from": ANN, "at": "2023-11-14T22:13:20Z", "text": "hello", "message": "3EB1" },
            ],
            "scanned": 2,
            "back_to": "2023-11-14T22:13:20Z",
        })
    );
    // A link that opens without a key is nobody's but the server's.
    assert!(!result.to_string().contains("example.org"));
}

#[tokio::test]
async fn one_message_is_shown() {
    let body = json!({ "chatId": ANN, "idMessage": "3EB1" });
    let mock = server("getMessage", body.clone(), history()[0].clone()).await;
    let mut app = app::green_api(&mock).start().await;
    let arguments = json!({ "chat": ANN, "message": "3EB1" });
    let result = app.call("get_message", arguments.clone()).await;
    assert_eq!(result["structuredContent"]["text"], "hello");
    let mock = server("getMessage", body, json!({})).await;
    let mut app = app::green_api(&mock).start().await;
    let result = app.call("get_message", arguments).await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn what_is_no_history_is_not_an_empty_one() {
    let mock = server(
        "getChatHistory",
        json!({ "chatId": ANN, "count": 500 }),
        json!({ "message": "?" }),
    )
    .await;
    let mut app = app::green_api(&mock).start().await;
    let result = app.call("list_messages", json!({ "chat": ANN })).await;
    assert_eq!(code(&result), "backend-unreadable");
}
