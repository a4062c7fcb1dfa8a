//! GREEN-API takes keys alone, and what it answers is of the chat that was asked for.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer,
    matchers::{body_partial_json, method, path},
};

use super::{address, json_body};
use crate::app::{self, code, text};

const ANN: &str = "15552223333@c.us";
const SECRET_TEXT: &str = "the code of the safe";

async fn on(mock: &MockServer, name: &str, arguments: Value, answer: Value, times: u64) {
    Mock::given(method("POST"))
        .and(path(address(name)))
        .and(body_partial_json(arguments))
        .respond_with(json_body(answer))
        .expect(times)
        .mount(mock)
        .await;
}

fn message(chat: &str) -> Value {
    json!({
        "type": "incoming", "idMessage": "3EB0", "timestamp": 1_700_000_000, "chatId": chat,
        "typeMessage": "textMessage", "textMessage": SECRET_TEXT, "fileName": "safe.pdf",
    })
}

#[tokio::test]
async fn an_answer_of_another_chat_is_not_used() {
    for chat in [
        "15559990001@c.us",
        "99887766@lid",
        "120363025246125486@g.us",
    ] {
        let mock = MockServer::start().await;
        on(&mock, "getMessage", json!({}), message(chat), 4).await;
        on(
            &mock,
            "getChatHistory",
            json!({}),
            json!([message(ANN), message(chat)]),
            1,
        )
        .await;
        on(
            &mock,
            "downloadFile",
            json!({}),
            json!({ "downloadUrl": mock.uri() }),
            0,
        )
        .await;
        on(
            &mock,
            "sendMessage",
            json!({}),
            json!({ "idMessage": "3EB9" }),
            0,
        )
        .await;
        on(
            &mock,
            "sendFileByUpload",
            json!({}),
            json!({ "idMessage": "3EB9" }),
            0,
        )
        .await;
        let mut app = app::green_api(&mock).start().await;
        let media = json!({ "base64": "T2dnUwAC", "mime": "audio/ogg" });
        for (tool, arguments) in [
            ("get_message", json!({ "chat": ANN, "message": "3EB0" })),
            ("download_media", json!({ "chat": ANN, "message": "3EB0" })),
            ("list_messages", json!({ "chat": ANN })),
            (
                "send_message",
                json!({ "chat": ANN, "text": "x", "reply_to": "3EB0" }),
            ),
            (
                "send_voice",
                json!({ "chat": ANN, "media": media, "reply_to": "3EB0" }),
            ),
        ] {
            let result = app.call(tool, arguments).await;
            assert_eq!(code(&result), "backend-refused", "{tool}");
            assert!(
                text(&result).contains("of another chat"),
                "{}",
                text(&result)
            );
            let shown = result.to_string();
            assert!(
                !shown.contains(SECRET_TEXT) && !shown.contains(chat),
                "{shown}"
            );
        }
    }
}

#[tokio::test]
async fn a_full_id_is_sent_as_its_key() {
    let mock = MockServer::start().await;
    let which = json!({ "chatId": ANN, "idMessage": "3EB0" });
    on(&mock, "getMessage", which.clone(), message(ANN), 2).await;
    let quoted = json!({ "chatId": ANN, "quotedMessageId": "3EB0" });
    on(
        &mock,
        "sendMessage",
        quoted,
        json!({ "idMessage": "3EB9" }),
        1,
    )
    .await;
    on(
        &mock,
        "getMessage",
        json!({ "idMessage": "3EB9" }),
        json!({ "statusMessage": "sent" }),
        1,
    )
    .await;
    let forward = json!({ "chatIdFrom": ANN, "messages": ["3EB0"] });
    on(
        &mock,
        "forwardMessages",
        forward,
        json!({ "messages": ["3EBA"] }),
        1,
    )
    .await;
    let mut app = app::green_api(&mock).start().await;
    let full = "false_15552223333@c.us_3EB0";
    for (tool, arguments) in [
        ("get_message", json!({ "chat": ANN, "message": full })),
        (
            "send_message",
            json!({ "chat": ANN, "text": "x", "reply_to": full }),
        ),
        (
            "forward_message",
            json!({ "chat": ANN, "message": full, "to": "15557778888" }),
        ),
    ] {
        let result = app.call(tool, arguments).await;
        assert_eq!(result["isError"], false, "{tool}: {result}");
    }
}
