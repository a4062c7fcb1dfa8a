//! What a message id names is what was judged, and what WAHA answers is of the chat that was
//! asked for.

use serde_json::{Value, json};
use wiremock::{
    MockServer,
    matchers::{body_partial_json, path_regex, query_param},
};

use super::*;
use crate::app::{self, code, text};

const ANN: &str = "15552223333@c.us";
const LIST: &str = "/api/default/chats/15552223333@c.us/messages";
/// Of a chat that no call names.
const STRANGER: &str = "false_15559990001@c.us_3EB0";
const SECRET_TEXT: &str = "the code of the safe";

fn message(id: &str, body: &str) -> Value {
    json!({ "id": id, "timestamp": 1_700_000_000, "fromMe": false, "body": body, "hasMedia": false })
}

/// Each tool that names a message, with arguments for this id, and whether it changes
/// something.
fn calls(id: &str) -> Vec<(&'static str, Value)> {
    let media = json!({ "base64": "T2dnUwAC", "mime": "audio/ogg" });
    vec![
        ("get_message", json!({ "message": id })),
        ("download_media", json!({ "message": id })),
        ("list_messages", json!({ "around": id })),
        ("edit_message", json!({ "message": id, "text": "x" })),
        ("delete_message", json!({ "message": id })),
        ("react", json!({ "message": id, "emoji": "👍" })),
        ("star_message", json!({ "message": id })),
        ("unstar_message", json!({ "message": id })),
        ("pin_message", json!({ "message": id })),
        ("unpin_message", json!({ "message": id })),
        (
            "forward_message",
            json!({ "message": id, "to": "15557778888" }),
        ),
        ("send_message", json!({ "reply_to": id, "text": "x" })),
        ("send_media", json!({ "reply_to": id, "media": media })),
        ("send_voice", json!({ "reply_to": id, "media": media })),
        (
            "send_location",
            json!({ "reply_to": id, "latitude": 1, "longitude": 1 }),
        ),
        (
            "send_contact",
            json!({ "reply_to": id, "name": "Sam", "number": "+15557778888" }),
        ),
        (
            "send_poll",
            json!({ "reply_to": id, "question": "?", "options": ["a", "b"] }),
        ),
    ]
}

fn of_ann(mut arguments: Value) -> Value {
    arguments["chat"] = ANN.into();
    arguments
}

async fn changes(mock: &MockServer) -> Vec<String> {
    let requests = mock.received_requests().await.unwrap();
    let changes = requests.iter().filter(|one| one.method.as_str() != "GET");
    changes
        .map(|one| format!("{} {}", one.method, one.url.path()))
        .collect()
}

#[tokio::test]
async fn an_id_that_waha_would_read_otherwise_is_not_sent() {
    let mock = MockServer::start().await;
    let mut app = app::waha(&mock).start().await;
    for id in [
        "x_15559990001@c.us_3EB0",
        "_15559990001@c.us_3EB0",
        "False_15559990001@c.us_3EB0",
        "true_15552223333@c.us_3EB0_15559990001@c.us_3EB0",
        "15559990001@c.us",
    ] {
        for (tool, arguments) in calls(id) {
            let result = app.call(tool, of_ann(arguments)).await;
            assert_eq!(code(&result), "bad-arguments", "{tool} {id}");
            assert!(text(&result).contains("message id"), "{}", text(&result));
        }
    }
    assert!(app.questions.is_empty(), "{:?}", app.questions);
    assert!(mock.received_requests().await.unwrap().is_empty());
}

/// GOWS finds a message by its key in any chat.
#[tokio::test]
async fn an_answer_of_another_chat_is_not_used() {
    for id in ["3EB0", "false_15552223333@c.us_3EB0"] {
        for (tool, arguments) in calls(id) {
            let full = id != "3EB0";
            // The chat is in these requests, and nothing is read before.
            let by_id = [
                "edit_message",
                "react",
                "star_message",
                "unstar_message",
                "pin_message",
                "unpin_message",
                "forward_message",
            ];
            if full && by_id.contains(&tool) {
                continue;
            }
            let mock = MockServer::start().await;
            let mut found = message(STRANGER, SECRET_TEXT);
            found["hasMedia"] = true.into();
            found["media"] = json!({ "url": format!("{}/api/files/a.ogg", mock.uri()), "mimetype": "audio/ogg" });
            Mock::given(method("GET"))
                .and(path_regex("/messages/"))
                .respond_with(reply(200, found))
                .mount(&mock)
                .await;
            Mock::given(method("GET"))
                .and(path_regex("/api/files/"))
                .respond_with(empty(200))
                .expect(0)
                .mount(&mock)
                .await;
            let mut app = app::waha(&mock).start().await;
            let result = app.call(tool, of_ann(arguments)).await;
            assert_eq!(code(&result), "backend-refused", "{tool} {id}");
            assert!(
                text(&result).contains("of another chat"),
                "{}",
                text(&result)
            );
            let shown = format!("{result}{:?}", app.questions);
            assert!(
                !shown.contains(SECRET_TEXT) && !shown.contains("15559990001"),
                "{shown}"
            );
            assert!(changes(&mock).await.is_empty(), "{tool} {id}");
        }
    }
}

#[tokio::test]
async fn a_list_with_a_message_of_another_chat_is_not_used() {
    let mock = MockServer::start().await;
    let own = message("false_15552223333@c.us_3EB1", "hello");
    get(LIST)
        .respond_with(reply(200, json!([own, message(STRANGER, SECRET_TEXT)])))
        .mount(&mock)
        .await;
    let result = call(&mock, "list_messages", json!({ "chat": ANN })).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(!result.to_string().contains(SECRET_TEXT), "{result}");
}

/// WAHA joins the two chats of a person.
#[tokio::test]
async fn a_hidden_identity_is_of_the_chat_if_waha_knows_the_person() {
    for (person, code_of) in [
        (json!(ANN), None),
        (json!("15559990001@c.us"), Some("backend-refused")),
        (Value::Null, Some("backend-refused")),
    ] {
        let mock = MockServer::start().await;
        let own = message("false_15552223333@c.us_3EB1", "hello");
        let hidden = message("false_99887766@lid_3EB2", "from before");
        get(LIST)
            .respond_with(reply(200, json!([own, hidden.clone(), hidden])))
            .mount(&mock)
            .await;
        get("/api/default/lids/99887766@lid")
            .respond_with(reply(200, json!({ "lid": "99887766@lid", "pn": person })))
            .expect(1)
            .mount(&mock)
            .await;
        let result = call(&mock, "list_messages", json!({ "chat": ANN })).await;
        assert_eq!(
            result["structuredContent"]["error"]["code"].as_str(),
            code_of,
            "{result}"
        );
    }
    let mock = MockServer::start().await;
    let arguments = json!({ "chat": ANN, "message": "false_99887766@lid_3EB2", "emoji": "👍" });
    let result = call(&mock, "react", arguments).await;
    assert_eq!(code(&result), "bad-arguments");
    assert!(
        text(&result).contains("give `99887766@lid` as the chat"),
        "{}",
        text(&result)
    );
}

/// NOWEB and GOWS find a message by its key, WEBJS by its full id alone.
#[tokio::test]
async fn a_key_becomes_the_full_id_of_its_chat() {
    let full = "true_15552223333@c.us_3EB0";
    for finds in ["3EB0", full] {
        let mock = MockServer::start().await;
        get(&format!("{LIST}/{finds}"))
            .and(query_param("downloadMedia", "false"))
            .respond_with(reply(200, message(full, "hi")))
            .mount(&mock)
            .await;
        Mock::given(method("GET"))
            .and(path_regex("/messages/"))
            .respond_with(refused(404, "Message not found"))
            .with_priority(9)
            .mount(&mock)
            .await;
        request("PUT", "/api/reaction")
            .and(body_partial_json(
                json!({ "messageId": full, "reaction": "👍" }),
            ))
            .respond_with(empty(200))
            .expect(1)
            .mount(&mock)
            .await;
        request("POST", "/api/sendText")
            .and(body_partial_json(
                json!({ "chatId": ANN, "reply_to": full }),
            ))
            .respond_with(reply(201, json!({ "id": "true_15552223333@c.us_3EB9" })))
            .expect(1)
            .mount(&mock)
            .await;
        let mut app = app::waha(&mock).start().await;
        let react = json!({ "chat": ANN, "message": "3EB0", "emoji": "👍" });
        let result = app.call("react", react).await;
        assert_eq!(result["structuredContent"]["message"], full, "{result}");
        let answer = json!({ "chat": ANN, "text": "x", "reply_to": "3EB0" });
        let result = app.call("send_message", answer).await;
        assert_eq!(result["isError"], false, "{result}");
    }
    let mock = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(refused(404, "Message not found"))
        .mount(&mock)
        .await;
    let react = json!({ "chat": ANN, "message": "3EB0", "emoji": "👍" });
    assert_eq!(code(&call(&mock, "react", react).await), "backend-refused");
    assert!(changes(&mock).await.is_empty());
}

/// Servers of before have no path for one message; they know no GOWS.
#[tokio::test]
async fn an_old_server_quotes_in_the_chat() {
    let mock = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(refused(404, "Cannot GET /api/default/chats"))
        .mount(&mock)
        .await;
    let id = "false_15552223333@c.us_3EB0";
    request("POST", "/api/sendText")
        .and(body_partial_json(json!({ "chatId": ANN, "reply_to": id })))
        .respond_with(reply(201, json!({ "id": "true_15552223333@c.us_3EB9" })))
        .expect(1)
        .mount(&mock)
        .await;
    let answer =
        json!({ "chat": ANN, "text": "x", "reply_to": "false_15552223333@s.whatsapp.net_3EB0" });
    let result = call(&mock, "send_message", answer).await;
    assert_eq!(result["isError"], false, "{result}");
}

#[tokio::test]
async fn a_quoted_message_of_another_chat_is_not_named() {
    let mock = MockServer::start().await;
    let mut answer = message("false_15552223333@c.us_3EB1", "hello");
    answer["replyTo"] = json!({ "id": STRANGER });
    get(LIST)
        .respond_with(reply(200, json!([answer])))
        .mount(&mock)
        .await;
    let result = call(&mock, "list_messages", json!({ "chat": ANN })).await;
    assert!(!result.to_string().contains("15559990001"), "{result}");
    assert_eq!(result["structuredContent"]["messages"][0]["text"], "hello");
}
