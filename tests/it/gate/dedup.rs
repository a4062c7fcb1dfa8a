//! Nothing is sent twice by a slip.

use std::time::Duration;

use serde_json::json;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use crate::app::{self, Era, TestServer, code};

const ANN: &str = "15552223333@c.us";

async fn server(answer: ResponseTemplate, sent: u64) -> MockServer {
    let mock = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/sendText"))
        .respond_with(answer)
        .expect(sent)
        .mount(&mock)
        .await;
    mock
}

fn taken() -> ResponseTemplate {
    ResponseTemplate::new(201)
        .set_body_json(json!({ "id": "true_15552223333@c.us_3EB0", "ack": 1 }))
}

async fn open(mock: &MockServer) -> TestServer {
    app::waha(mock).start().await
}

#[tokio::test]
async fn the_same_to_the_same_chat_is_answered_again() {
    let mock = server(taken(), 1).await;
    let mut app = open(&mock).await;
    let first = app
        .call("send_message", json!({ "chat": ANN, "text": "hi" }))
        .await;
    // Another spelling and another preview are the same message.
    for arguments in [
        json!({ "chat": ANN, "text": "hi" }),
        json!({ "chat": "+1 555 222 3333", "text": "hi", "link_preview": false }),
    ] {
        let again = app.call("send_message", arguments).await;
        assert_eq!(
            again["structuredContent"]["message"],
            first["structuredContent"]["message"]
        );
        assert_eq!(again["structuredContent"]["repeated"], true);
        assert!(again.to_string().contains("nothing was sent now"));
        assert_eq!(app.audit().last().unwrap()["code"], "repeated");
    }
    assert!(first["structuredContent"]["repeated"].is_null());
}

#[tokio::test]
async fn what_differs_is_sent() {
    let mock = server(taken(), 9).await;
    for id in ["false_15552223333@c.us_A", "false_15552223333@c.us_B"] {
        Mock::given(method("GET"))
            .and(path(format!("/api/default/chats/{ANN}/messages/{id}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "id": id })))
            .mount(&mock)
            .await;
    }
    let mut app = open(&mock).await;
    for arguments in [
        json!({ "chat": ANN, "text": "hi" }),
        json!({ "chat": ANN, "text": "hi!" }),
        json!({ "chat": "15557778888@c.us", "text": "hi" }),
        // The same word in reply to two messages is two messages.
        json!({ "chat": ANN, "text": "hi", "reply_to": "false_15552223333@c.us_A" }),
        json!({ "chat": ANN, "text": "hi", "reply_to": "false_15552223333@c.us_B" }),
        json!({ "chat": ANN, "text": "hi", "mentions": ["15557778888@c.us"] }),
        json!({ "chat": ANN, "text": "hi", "mentions": [ANN] }),
        json!({ "chat": ANN, "text": "hi", "allow_repeat": true }),
    ] {
        let result = app.call("send_message", arguments).await;
        assert!(result["structuredContent"]["repeated"].is_null());
    }
    app.hand.advance(Duration::from_secs(30));
    let result = app
        .call("send_message", json!({ "chat": ANN, "text": "hi" }))
        .await;
    assert!(result["structuredContent"]["repeated"].is_null());
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again() {
    let refusal = json!({ "statusCode": 422, "message": "not now" });
    let mock = server(ResponseTemplate::new(422).set_body_json(refusal), 2).await;
    let mut app = open(&mock).await;
    for _ in 0..2 {
        let result = app
            .call("send_message", json!({ "chat": ANN, "text": "hi" }))
            .await;
        assert_eq!(code(&result), "backend-refused");
    }
}

#[tokio::test]
async fn two_at_once_send_one() {
    let mock = server(taken().set_delay(Duration::from_millis(300)), 1).await;
    let mut app = app::waha(&mock).era(Era::Modern).start().await;
    let call = json!({ "name": "send_message", "arguments": { "chat": ANN, "text": "hi" } });
    app.begin("tools/call", call.clone()).await;
    app.begin("tools/call", call).await;
    let (one, two) = (app.receive().await, app.receive().await);
    // The second is refused while the first is on its way.
    assert_eq!(code(&one["result"]), "under-way");
    assert_eq!(two["result"]["structuredContent"]["delivery"], "sent");
}

/// Waits until the stand-in has received a send.
async fn received(mock: &MockServer) {
    let is_send = |one: &Request| one.method.as_str() == "POST";
    while !mock.received_requests().await.unwrap().iter().any(is_send) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_send_that_outlasts_the_window_is_under_way_until_it_ends() {
    let mock = server(taken().set_delay(Duration::from_millis(500)), 2).await;
    let mut app = app::waha(&mock).era(Era::Modern).start().await;
    let arguments = json!({ "chat": ANN, "text": "hi" });
    let call = json!({ "name": "send_message", "arguments": arguments });
    let first = app.begin("tools/call", call.clone()).await;
    received(&mock).await;
    app.hand.advance(Duration::from_secs(31));
    let second = app.request("tools/call", call).await;
    assert_eq!(code(&second["result"]), "under-way");
    let first = app.end(first).await;
    assert_eq!(first["result"]["structuredContent"]["delivery"], "sent");
    // Its answer is given again for as long as if it had just been sent.
    app.hand.advance(Duration::from_secs(29));
    let again = app.call("send_message", arguments.clone()).await;
    assert_eq!(again["structuredContent"]["repeated"], true);
    app.hand.advance(Duration::from_secs(1));
    let later = app.call("send_message", arguments).await;
    assert!(later["structuredContent"]["repeated"].is_null());
}

#[tokio::test]
async fn a_repeated_call_counts_for_no_limit() {
    let mock = server(taken(), 1).await;
    let policy = "version = \"1\"\n[tools.send_message]\nrate_limit = { max = 1, window = 50 }\n";
    let mut app = app::waha(&mock).policy(policy).start().await;
    for _ in 0..3 {
        let result = app
            .call("send_message", json!({ "chat": ANN, "text": "hi" }))
            .await;
        assert_eq!(result["isError"], false);
    }
    let result = app
        .call("send_message", json!({ "chat": ANN, "text": "ho" }))
        .await;
    assert_eq!(code(&result), "rate-limited");
}

#[tokio::test]
async fn a_rule_comes_before_a_remembered_answer() {
    // Nothing that was sent under one policy is told under another: a server has one.
    let mock = server(taken(), 0).await;
    let policy = "version = \"1\"\n[tools.send_message]\naction = \"deny\"\n";
    let mut app = app::waha(&mock).policy(policy).start().await;
    let result = app
        .call("send_message", json!({ "chat": ANN, "text": "hi" }))
        .await;
    assert_eq!(code(&result), "denied-by-rule");
}

#[tokio::test]
async fn zero_and_minus_zero_are_one_place() {
    let mock = MockServer::start().await;
    Mock::given(path("/api/sendLocation"))
        .respond_with(taken())
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = open(&mock).await;
    for (number, place) in [("0", "0"), ("-0.0", "0.0"), ("0e0", "-0")]
        .into_iter()
        .enumerate()
    {
        let (latitude, longitude) = place;
        let line = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"tools/call\",\"params\":{{\"name\":\"send_location\",\"arguments\":{{\"chat\":\"{ANN}\",\"latitude\":{latitude},\"longitude\":{longitude}}}}}}}",
            700 + number
        );
        app.send_line(&line).await;
        let answer = app.end(700 + number as u64).await;
        let repeated = answer["result"]["structuredContent"]["repeated"] == true;
        assert_eq!(repeated, number > 0, "{answer}");
    }
}
