//! Sending a place, a contact card, a poll.

use serde_json::{Value, json};
use wiremock::{MockServer, matchers::body_json};

use super::*;
use crate::app::{self, code, text};

const ANN: &str = "15552223333@c.us";
const ID: &str = "true_15552223333@c.us_3EB042AD7933EC545A31D6";
const QUOTED: &str = "false_15552223333@c.us_AAAA";

/// The tools, with arguments that each of them takes, and the paths.
fn kinds() -> [(&'static str, Value, &'static str); 3] {
    [
        (
            "send_location",
            json!({ "chat": ANN, "latitude": 1, "longitude": 2 }),
            "/api/sendLocation",
        ),
        (
            "send_contact",
            json!({ "chat": ANN, "name": "Ann", "number": "+15557778888" }),
            "/api/sendContactVcard",
        ),
        (
            "send_poll",
            json!({ "chat": ANN, "question": "Tea?", "options": ["yes", "no"] }),
            "/api/sendPoll",
        ),
    ]
}

/// Calls a tool; the one request that it has to send.
async fn sends(tool: &str, arguments: Value, at: &str, body: Value) {
    let mock = MockServer::start().await;
    has_message(&mock, ANN, QUOTED).await;
    request("POST", at)
        .and(body_json(body))
        .respond_with(reply(201, json!({ "id": ID, "ack": 1 })))
        .expect(1)
        .mount(&mock)
        .await;
    let result = call(&mock, tool, arguments).await;
    assert_eq!(result["structuredContent"]["delivery"], "sent");
    assert_eq!(text(&result), format!("sent to {ANN}; message {ID}"));
}

#[tokio::test]
async fn a_place_has_one_line_of_words() {
    for (words, title) in [
        (json!({ "name": "Harbour" }), "Harbour"),
        (json!({ "address": "Quay 1" }), "Quay 1"),
        (
            json!({ "name": "Harbour", "address": "Quay 1" }),
            "Harbour, Quay 1",
        ),
        (json!({}), "-33.857, 151.2"),
    ] {
        let mut arguments =
            json!({ "chat": ANN, "latitude": -33.857, "longitude": 151.2, "reply_to": QUOTED });
        for (name, value) in words.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        let body = json!({
            "session": "default", "chatId": ANN, "reply_to": QUOTED,
            "latitude": -33.857, "longitude": 151.2, "title": title,
        });
        sends("send_location", arguments, "/api/sendLocation", body).await;
    }
}

#[tokio::test]
async fn a_card_has_a_name_and_a_number() {
    let arguments = json!({
        "chat": "+1 555 222 3333", "name": "Sam Example", "number": "001 555 777 8888",
        "organization": "Bakery", "reply_to": QUOTED,
    });
    let body = json!({
        "session": "default", "chatId": ANN, "reply_to": QUOTED,
        "contacts": [{
            "fullName": "Sam Example", "organization": "Bakery", "phoneNumber": "+15557778888",
            "whatsappId": "15557778888", "vcard": null,
        }],
    });
    sends("send_contact", arguments, "/api/sendContactVcard", body).await;
}

#[tokio::test]
async fn a_poll_has_a_question_and_options() {
    for multiple in [true, false] {
        let arguments = json!({
            "chat": ANN, "question": "Which day?", "options": ["Monday", "Tuesday"],
            "multiple_answers": multiple, "reply_to": QUOTED,
        });
        let body = json!({
            "session": "default", "chatId": ANN, "reply_to": QUOTED,
            "poll": { "name": "Which day?", "options": ["Monday", "Tuesday"], "multipleAnswers": multiple },
        });
        sends("send_poll", arguments, "/api/sendPoll", body).await;
    }
}

#[tokio::test]
async fn each_is_followed_to_its_ack() {
    // NOWEB's answer to a poll.
    let taken = json!({
        "id": ID, "timestamp": { "low": 1_795_230_220, "high": 0, "unsigned": true },
        "from": ANN, "fromMe": true, "hasMedia": false, "ack": 0, "ackName": "PENDING",
        "replyTo": null, "_data": { "message": { "messageContextInfo": { "messageSecret": "key" } } },
    });
    for (tool, arguments, at) in kinds() {
        for (ack, delivery) in [(2, "delivered"), (0, "accepted"), (-1, "failed")] {
            let mock = MockServer::start().await;
            request("POST", at)
                .respond_with(reply(201, taken.clone()))
                .expect(1)
                .mount(&mock)
                .await;
            get(&format!("/api/default/chats/{ANN}/messages/{ID}"))
                .respond_with(reply(200, json!({ "id": ID, "ack": ack })))
                .mount(&mock)
                .await;
            let result = call(&mock, tool, arguments.clone()).await;
            assert_eq!(result["structuredContent"]["delivery"], delivery, "{tool}");
            assert_eq!(result["isError"], delivery == "failed");
            assert!(!result.to_string().contains("messageSecret"));
        }
    }
}

#[tokio::test]
async fn nothing_is_a_yes_where_engines_answer_so() {
    for (tool, arguments, at) in kinds() {
        let mock = MockServer::start().await;
        request("POST", at)
            .respond_with(empty(201))
            .expect(1)
            .mount(&mock)
            .await;
        let result = call(&mock, tool, arguments.clone()).await;
        if tool == "send_contact" {
            let sent = &result["structuredContent"];
            assert_eq!(
                (&sent["delivery"], &sent["verified"], &sent["message"]),
                (&json!("accepted"), &json!(false), &Value::Null)
            );
        } else {
            assert_eq!(code(&result), "outcome-unknown", "{tool}");
        }
        mock.reset().await;
        let no = refused(422, "not now");
        request("POST", at).respond_with(no).mount(&mock).await;
        let result = call(&mock, tool, arguments.clone()).await;
        assert_eq!(code(&result), "backend-refused", "{tool}");
    }
}

#[tokio::test]
async fn nothing_is_sent_twice_by_a_slip() {
    for (tool, mut arguments, at) in kinds() {
        let mock = MockServer::start().await;
        request("POST", at)
            .respond_with(empty(201).set_delay(NEVER))
            .expect(2)
            .mount(&mock)
            .await;
        let timeouts = Timeouts {
            answer: Duration::from_millis(200),
            ..app::timeouts()
        };
        let mut app = app::waha_with(&mock, timeouts).start().await;
        let result = app.call(tool, arguments.clone()).await;
        assert_eq!(code(&result), "outcome-unknown");
        let result = app.call(tool, arguments.clone()).await;
        assert_eq!(result["structuredContent"]["repeated"], true, "{tool}");
        arguments["allow_repeat"] = true.into();
        let result = app.call(tool, arguments).await;
        assert!(result["structuredContent"]["repeated"].is_null(), "{tool}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before() {
    let mock = MockServer::start().await;
    let mut app = app::waha(&mock).start().await;
    let thirteen: Vec<String> = (0..13).map(|n| n.to_string()).collect();
    for (kind, change, wanted) in [
        (
            0,
            json!({ "latitude": 90.1 }),
            "must be a number from -90 to 90",
        ),
        (0, json!({ "latitude": "1" }), "`latitude`"),
        (
            0,
            json!({ "longitude": -180.5 }),
            "must be a number from -180 to 180",
        ),
        (0, json!({ "name": " " }), "text of 1 to 200 characters"),
        (1, json!({ "number": "0171 123456" }), "`number`"),
        (
            1,
            json!({ "name": "Ann\nTEL:+15550000000" }),
            "one line each",
        ),
        (1, json!({ "organization": "A\rB" }), "one line each"),
        (
            2,
            json!({ "question": "x".repeat(256) }),
            "text of 1 to 255 characters",
        ),
        (
            2,
            json!({ "options": ["yes", "x".repeat(101)] }),
            "text of 1 to 100 characters",
        ),
        (
            2,
            json!({ "options": ["yes"] }),
            "`options` must be 2 to 12 answers",
        ),
        (
            2,
            json!({ "options": thirteen }),
            "`options` must be 2 to 12 answers",
        ),
        (
            2,
            json!({ "options": ["yes", "no", "yes "] }),
            "`yes` is there twice",
        ),
        (
            2,
            json!({ "chat": "120363025246125486@newsletter" }),
            "channels have no polls",
        ),
        (
            0,
            json!({ "reply_to": "false_15557778888@c.us_A" }),
            "the message id names the chat",
        ),
        (
            1,
            json!({ "reply_to": "false_15557778888@c.us_A" }),
            "the message id names the chat",
        ),
        (
            2,
            json!({ "reply_to": "false_15557778888@c.us_A" }),
            "the message id names the chat",
        ),
    ] {
        let (tool, mut arguments, _) = kinds()[kind].clone();
        for (name, value) in change.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        let result = app.call(tool, arguments).await;
        assert_eq!(code(&result), "bad-arguments", "{change}");
        assert!(text(&result).contains(wanted), "{}", text(&result));
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
