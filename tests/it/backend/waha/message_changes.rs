//! What can be done to a message.

use serde_json::{Value, json};
use wiremock::{MockServer, matchers::body_json};

use super::*;
use crate::app::{self, code, text};

const ANN: &str = "15552223333@c.us";
const ID: &str = "true_15552223333@c.us_3EB0";
const AT: &str = "/api/default/chats/15552223333@c.us/messages/true_15552223333@c.us_3EB0";

fn message(body: &str) -> ResponseTemplate {
    reply(
        200,
        json!({ "id": ID, "timestamp": 1_700_000_000, "from": ANN, "fromMe": true, "body": body }),
    )
}

/// A server where a look at the message shows these, one after the other.
async fn server(looks: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let mock = MockServer::start().await;
    get(AT)
        .respond_with(Answers(Mutex::new(looks.into_iter().collect())))
        .mount(&mock)
        .await;
    mock
}

#[tokio::test]
async fn an_edit_is_looked_at() {
    let edit = json!({ "chat": ANN, "message": ID, "text": "new" });
    for (answer, looks, outcome) in [
        (empty(200), vec![message("old"), message("new")], "done"),
        (empty(200), vec![message("old")], "unchanged"),
        (empty(200), vec![refused(404, "Cannot GET /x")], "accepted"),
        (empty(200).set_delay(NEVER), vec![message("new")], "done"),
        (empty(200).set_delay(NEVER), vec![message("old")], "unknown"),
    ] {
        let mock = server(looks).await;
        request("PUT", AT)
            .and(body_json(json!({ "text": "new" })))
            .respond_with(answer)
            .expect(1)
            .mount(&mock)
            .await;
        let timeouts = Timeouts {
            answer: Duration::from_millis(200),
            ..app::timeouts()
        };
        let mut app = app::waha_with(&mock, timeouts).start().await;
        let result = app.call("edit_message", edit.clone()).await;
        assert_eq!(result["structuredContent"]["outcome"], outcome, "{result}");
        assert_eq!(result["structuredContent"]["verified"], outcome == "done");
        assert_eq!(
            result["isError"],
            ["unchanged", "unknown"].contains(&outcome)
        );
    }
}

#[tokio::test]
async fn a_deletion_is_looked_at() {
    let delete = json!({ "chat": ANN, "message": ID });
    let revoked = reply(
        200,
        json!({ "id": ID, "type": "revoked", "timestamp": 1, "body": "" }),
    );
    for (looks, outcome) in [
        // The first two are for the question and for the look before.
        (
            vec![
                message("bye"),
                message("bye"),
                refused(404, "Message not found"),
            ],
            "done",
        ),
        (vec![message("bye"), message("bye"), revoked], "done"),
        (vec![message("bye")], "unchanged"),
    ] {
        let mock = server(looks).await;
        request("DELETE", AT)
            .respond_with(empty(200))
            .expect(1)
            .mount(&mock)
            .await;
        let mut app = app::waha(&mock).start().await;
        let result = app.call("delete_message", delete.clone()).await;
        assert_eq!(result["structuredContent"]["outcome"], outcome, "{result}");
        let question = app::shown(&app.questions[0]);
        assert!(
            question.contains("“bye”") && question.contains("2023-11-14"),
            "{question}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_deleted() {
    let mock = server([refused(404, "Message not found")]).await;
    request("DELETE", AT)
        .respond_with(empty(200))
        .expect(0)
        .mount(&mock)
        .await;
    let result = call(
        &mock,
        "delete_message",
        json!({ "chat": ANN, "message": ID }),
    )
    .await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn each_mark_is_one_request() {
    let of = |more: Value| {
        let mut arguments = json!({ "chat": ANN, "message": ID });
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        arguments
    };
    let body = |more: Value| {
        let mut body = json!({ "session": "default", "messageId": ID });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let (pin, unpin) = (format!("{AT}/pin"), format!("{AT}/unpin"));
    for (tool, arguments, verb, at, sent) in [
        (
            "react",
            of(json!({ "emoji": "👍" })),
            "PUT",
            "/api/reaction",
            body(json!({ "reaction": "👍" })),
        ),
        (
            "react",
            of(json!({ "emoji": "" })),
            "PUT",
            "/api/reaction",
            body(json!({ "reaction": "" })),
        ),
        (
            "star_message",
            of(json!({})),
            "PUT",
            "/api/star",
            body(json!({ "chatId": ANN, "star": true })),
        ),
        (
            "unstar_message",
            of(json!({})),
            "PUT",
            "/api/star",
            body(json!({ "chatId": ANN, "star": false })),
        ),
        (
            "pin_message",
            of(json!({})),
            "POST",
            &pin,
            json!({ "duration": 604_800 }),
        ),
        (
            "pin_message",
            of(json!({ "duration": "day" })),
            "POST",
            &pin,
            json!({ "duration": 86_400 }),
        ),
        ("unpin_message", of(json!({})), "POST", &unpin, Value::Null),
        (
            "forward_message",
            of(json!({ "to": "15557778888" })),
            "POST",
            "/api/forwardMessage",
            body(json!({ "chatId": "15557778888@c.us" })),
        ),
    ] {
        let mock = MockServer::start().await;
        let request = request(verb, at);
        let request = if sent.is_null() {
            request.and(body_bytes(""))
        } else {
            request.and(body_json(&sent))
        };
        // WEBJS answers a copy in this way, and the others with nothing.
        let answer = match tool {
            "forward_message" => reply(201, json!({ "sent": false })),
            _ => empty(200),
        };
        request.respond_with(answer).expect(1).mount(&mock).await;
        let result = call(&mock, tool, arguments).await;
        assert_eq!(
            result["structuredContent"]["outcome"], "accepted",
            "{tool}: {result}"
        );
        assert_eq!(result["structuredContent"]["verified"], false);
    }
}

#[tokio::test]
async fn a_no_at_status_200_is_a_refusal() {
    for answer in [
        reply(201, json!({ "success": false })),
        reply(200, json!(false)),
    ] {
        let mock = MockServer::start().await;
        request("POST", &format!("{AT}/pin"))
            .respond_with(answer)
            .mount(&mock)
            .await;
        let result = call(&mock, "pin_message", json!({ "chat": ANN, "message": ID })).await;
        assert_eq!(code(&result), "backend-refused");
    }
}

#[tokio::test]
async fn a_message_of_another_chat_is_not_touched() {
    let mock = MockServer::start().await;
    let mut app = app::waha(&mock).start().await;
    let other = "15557778888@c.us";
    for (tool, more) in [
        ("get_message", json!({})),
        ("edit_message", json!({ "text": "x" })),
        ("delete_message", json!({})),
        ("react", json!({ "emoji": "👍" })),
        ("star_message", json!({})),
        ("pin_message", json!({})),
        ("forward_message", json!({ "to": ANN })),
        ("send_message", json!({ "text": "x", "reply_to": ID })),
    ] {
        let mut arguments = json!({ "chat": other });
        if tool != "send_message" {
            arguments["message"] = ID.into();
        }
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        let result = app.call(tool, arguments).await;
        assert_eq!(code(&result), "bad-arguments", "{tool}");
        assert!(
            text(&result).contains("the message id names the chat"),
            "{result}"
        );
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
