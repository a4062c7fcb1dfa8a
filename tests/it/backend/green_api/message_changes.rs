//! What can be done to a message.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, method, path},
};

use crate::app::{self, SECRET, code};

const ANN: &str = "15552223333@c.us";

async fn post(mock: &MockServer, name: &str, body: Value, answer: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .and(path(format!("/waInstance7103000000/{name}/{SECRET}")))
        .and(body_json(body))
        .respond_with(answer)
        .expect(times)
        .mount(mock)
        .await;
}

fn json_answer(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A message as `getMessage` tells it.
async fn look(mock: &MockServer, fields: Value) {
    let mut message = json!({ "type": "outgoing", "idMessage": "3EB0", "timestamp": 1_700_000_000, "textMessage": "old" });
    for (name, value) in fields.as_object().unwrap() {
        message[name] = value.clone();
    }
    Mock::given(method("POST"))
        .and(path(format!("/waInstance7103000000/getMessage/{SECRET}")))
        .respond_with(json_answer(message))
        .mount(mock)
        .await;
}

#[tokio::test]
async fn changes_are_looked_at() {
    let at = json!({ "chatId": ANN, "idMessage": "3EB0" });
    let mut edited = at.clone();
    edited["message"] = "new".into();
    let taken = json_answer(json!({ "idMessage": "3EB0" }));
    let edit = json!({ "chat": ANN, "message": "3EB0", "text": "new" });
    let delete = json!({ "chat": ANN, "message": "3EB0" });
    for (tool, arguments, name, sent, answer, seen, outcome) in [
        (
            "edit_message",
            &edit,
            "editMessage",
            &edited,
            &taken,
            json!({ "isEdited": true }),
            "done",
        ),
        (
            "edit_message",
            &edit,
            "editMessage",
            &edited,
            &taken,
            json!({ "isEdited": false }),
            "unchanged",
        ),
        (
            "edit_message",
            &edit,
            "editMessage",
            &edited,
            &taken,
            json!({}),
            "accepted",
        ),
        (
            "delete_message",
            &delete,
            "deleteMessage",
            &at,
            &ResponseTemplate::new(200),
            json!({ "isDeleted": true }),
            "done",
        ),
    ] {
        let mock = MockServer::start().await;
        post(&mock, name, sent.clone(), answer.clone(), 1).await;
        look(&mock, seen).await;
        let mut app = app::green_api(&mock).start().await;
        let result = app.call(tool, arguments.clone()).await;
        assert_eq!(result["structuredContent"]["outcome"], outcome, "{result}");
    }
}

#[tokio::test]
async fn a_copy_is_told_by_its_id() {
    let sent =
        json!({ "chatId": "120363025246125486@g.us", "chatIdFrom": ANN, "messages": ["3EB0"] });
    let forward = json!({ "chat": ANN, "message": "3EB0", "to": "120363025246125486@g.us" });
    let mock = MockServer::start().await;
    post(
        &mock,
        "forwardMessages",
        sent.clone(),
        json_answer(json!({ "messages": ["3EB9"] })),
        1,
    )
    .await;
    let mut app = app::green_api(&mock).start().await;
    let result = app.call("forward_message", forward.clone()).await;
    assert_eq!(result["structuredContent"]["message"], "3EB9");
    let mock = MockServer::start().await;
    post(
        &mock,
        "forwardMessages",
        sent,
        json_answer(json!({ "messages": [] })),
        1,
    )
    .await;
    let mut app = app::green_api(&mock).start().await;
    assert_eq!(
        code(&app.call("forward_message", forward).await),
        "outcome-unknown"
    );
}
