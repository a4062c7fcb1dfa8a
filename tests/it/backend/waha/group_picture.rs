//! A group's picture.

use serde_json::{Value, json};
use wiremock::{
    MockServer, ResponseTemplate,
    matchers::{body_json, query_param},
};

use super::*;
use crate::app::{code, text};

const AT: &str = "/api/default/groups/120363025246125486@g.us";
const PICTURE: &str = "/api/default/groups/120363025246125486@g.us/picture";
/// The first bytes of a JPEG and of a PNG.
const JPEG: &str = "/9j/4A==";
const PNG: &str = "iVBORw0KGgo=";

fn at(url: Value) -> ResponseTemplate {
    reply(200, json!({ "url": url }))
}

fn first() -> ResponseTemplate {
    at(json!("https://pps.example.org/1.jpg?oe=1"))
}

fn again() -> ResponseTemplate {
    at(json!("https://pps.example.org/1.jpg?oe=2"))
}

fn second() -> ResponseTemplate {
    at(json!("https://pps.example.org/2.jpg?oe=2"))
}

fn none() -> ResponseTemplate {
    at(Value::Null)
}

fn old_server() -> ResponseTemplate {
    refused(404, "Cannot GET /api/default/groups/x/picture")
}

fn yes() -> ResponseTemplate {
    reply(200, json!({ "success": true }))
}

/// A group whose picture is seen like this, one after the other.
async fn world(seen: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    let members =
        json!([{ "id": "15550001111@c.us", "admin": "admin" }, { "id": "15552223333@c.us" }]);
    let group = json!({ "id": GROUP, "subject": "Family", "participants": members });
    get(AT).respond_with(reply(200, group)).mount(&mock).await;
    get(PICTURE)
        .and(query_param("refresh", "true"))
        .respond_with(answers(seen))
        .mount(&mock)
        .await;
    mock
}

async fn set(mock: &MockServer, answer: ResponseTemplate) -> Value {
    let file = json!({ "mimetype": "image/jpeg", "filename": "file.jpg", "data": JPEG });
    request("PUT", PICTURE)
        .and(body_json(json!({ "file": file })))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
    let arguments = json!({ "group": GROUP, "picture": { "base64": JPEG } });
    impatient(mock, "set_group_picture", arguments).await
}

async fn delete(mock: &MockServer, answer: ResponseTemplate) -> (Value, String) {
    request("DELETE", PICTURE)
        .and(body_bytes(""))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
    let mut app = app::waha(mock).start().await;
    let result = app
        .call("delete_group_picture", json!({ "group": GROUP }))
        .await;
    (result, app.questions[0].to_string())
}

#[tokio::test]
async fn another_picture_is_seen_to_be_another() {
    let boom = || refused(500, "boom");
    let lost = || yes().set_delay(NEVER);
    for (what, seen, answer, outcome, failed) in [
        ("first", vec![none(), second()], yes(), "changed", false),
        (
            "other",
            vec![first(), again(), second()],
            empty(200),
            "changed",
            false,
        ),
        ("same", vec![first(), again()], yes(), "unchanged", true),
        ("nothing", vec![none()], yes(), "unchanged", true),
        ("old server", vec![old_server()], yes(), "accepted", false),
        (
            "not told before",
            vec![boom(), first()],
            yes(),
            "accepted",
            false,
        ),
        (
            "not told after",
            vec![first(), boom()],
            yes(),
            "accepted",
            false,
        ),
        ("lost", vec![first(), again()], lost(), "unknown", true),
        (
            "lost, but there",
            vec![first(), second()],
            lost(),
            "changed",
            false,
        ),
        (
            "failed, not told",
            vec![old_server()],
            boom(),
            "unknown",
            true,
        ),
    ] {
        let mock = world(seen).await;
        let result = set(&mock, answer).await;
        let told = &result["structuredContent"];
        assert_eq!(told["outcome"], outcome, "{what}: {result}");
        assert_eq!(told["verified"], outcome == "changed", "{what}");
        assert_eq!(result["isError"], failed, "{what}");
    }
}

#[tokio::test]
async fn a_picture_that_is_gone_is_seen_to_be_gone() {
    for (what, seen, answer, outcome, failed) in [
        (
            "gone",
            vec![first(), again(), none()],
            yes(),
            "changed",
            false,
        ),
        (
            "still there",
            vec![first(), again()],
            yes(),
            "unchanged",
            true,
        ),
        ("none before", vec![none()], yes(), "accepted", false),
        (
            "old server",
            vec![old_server()],
            empty(200),
            "accepted",
            false,
        ),
        (
            "lost",
            vec![first()],
            yes().set_delay(NEVER),
            "unknown",
            true,
        ),
    ] {
        let (result, question) = delete(&world(seen).await, answer).await;
        let told = &result["structuredContent"];
        assert_eq!(told["outcome"], outcome, "{what}: {result}");
        assert_eq!(told["verified"], outcome == "changed", "{what}");
        assert_eq!(result["isError"], failed, "{what}");
        assert!(
            question.contains("Family") && question.contains("2 members"),
            "{question}"
        );
    }
}

#[tokio::test]
async fn a_refusal_is_told() {
    for (answer, said) in [
        (reply(200, json!({ "success": false })), "answered no"),
        (reply(200, json!(false)), "answered no"),
        (
            refused(501, "The method is not implemented by 'X' engine."),
            "not implemented",
        ),
        (refused(500, "forbidden"), "forbidden"),
    ] {
        let result = set(&world([first()]).await, answer.clone()).await;
        assert_eq!(code(&result), "backend-refused", "{said}: {result}");
        assert!(text(&result).contains(said), "{result}");
        let (result, _) = delete(&world([first()]).await, answer).await;
        assert_eq!(code(&result), "backend-refused", "{said}: {result}");
    }
}

#[tokio::test]
async fn another_kind_of_picture_is_not_sent() {
    let mock = MockServer::start().await;
    let arguments = json!({ "group": GROUP, "picture": { "base64": PNG } });
    let result = call(&mock, "set_group_picture", arguments).await;
    assert_eq!(code(&result), "media-refused");
    assert!(text(&result).contains("image/png, and no JPEG"), "{result}");
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_group_is_not_changed() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    get(AT).respond_with(empty(200)).mount(&mock).await;
    let arguments = json!({ "group": GROUP, "picture": { "base64": JPEG } });
    let result = call(&mock, "set_group_picture", arguments).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("knows no group"), "{result}");
}
