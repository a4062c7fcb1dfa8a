//! Sending media: the bytes go to WAHA, and never an address.

use std::fs;

use serde_json::json;
use tempfile::TempDir;
use whatsapp_guard::media::MediaRules;
use wiremock::{MockServer, matchers::body_json};

use super::*;
use crate::app::{self, code, text};

const ANN: &str = "15552223333@c.us";
const ID: &str = "true_15552223333@c.us_3EB042AD7933EC545A31D6";
/// The first bytes of a PNG, an MP4 and an Ogg file, and some words.
const PNG: &str = "iVBORw0KGgo=";
const MP4: &str = "AAAAGGZ0eXBpc29t";
const OGG: &str = "T2dnUwAC";
const CSV: &str = "YTtiCg==";

/// A server that takes exactly this request.
async fn server(method: &str, body: Value) -> MockServer {
    let mock = MockServer::start().await;
    has_message(&mock, ANN, "false_15552223333@c.us_AAAA").await;
    request("POST", &format!("/api/{method}"))
        .and(body_json(body))
        .respond_with(reply(201, json!({ "id": ID, "ack": 1 })))
        .expect(1)
        .mount(&mock)
        .await;
    mock
}

#[tokio::test]
async fn each_kind_goes_its_way() {
    let file = |mime: &str, name: &str, data: &str| json!({ "mimetype": mime, "filename": name, "data": data });
    for (tool, data, extra, method, wanted) in [
        (
            "send_media",
            PNG,
            json!({ "caption": "A cat", "reply_to": "false_15552223333@c.us_AAAA" }),
            "sendImage",
            json!({ "file": file("image/png", "file.png", PNG), "caption": "A cat", "reply_to": "false_15552223333@c.us_AAAA" }),
        ),
        (
            "send_media",
            PNG,
            json!({ "kind": "document", "file_name": "cat.png" }),
            "sendFile",
            json!({ "file": file("image/png", "cat.png", PNG) }),
        ),
        (
            "send_media",
            MP4,
            json!({}),
            "sendVideo",
            json!({ "file": file("video/mp4", "file.mp4", MP4), "convert": true }),
        ),
        (
            "send_media",
            CSV,
            json!({}),
            "sendFile",
            json!({ "file": file("text/csv", "file.csv", CSV) }),
        ),
        (
            "send_voice",
            OGG,
            json!({}),
            "sendVoice",
            json!({ "file": file("audio/ogg", "file.ogg", OGG), "convert": true }),
        ),
    ] {
        let mut body = json!({ "session": "default", "chatId": ANN });
        merge(&mut body, wanted);
        let mock = server(method, body).await;
        let mut arguments = json!({ "chat": ANN, "media": { "base64": data, "mime": "text/csv" } });
        merge(&mut arguments, extra);
        let result = call(&mock, tool, arguments).await;
        assert_eq!(text(&result), format!("sent to {ANN}; message {ID}"));
        assert_eq!(result["structuredContent"]["verified"], true);
    }
}

fn merge(object: &mut Value, more: Value) {
    let more = more.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(more);
}

#[tokio::test]
async fn a_file_is_sent_from_the_outbox() {
    let outbox = TempDir::new().unwrap();
    fs::write(outbox.path().join("plan.csv"), "a;b\n").unwrap();
    let body = json!({
        "session": "default",
        "chatId": ANN,
        "file": { "mimetype": "application/octet-stream", "filename": "plan.csv", "data": CSV },
    });
    let mock = server("sendFile", body).await;
    let rules = MediaRules::new(Some(outbox.path().to_owned()), 1024);
    let mut app = app::waha_with_media(&mock, rules).start().await;
    let message = |path: &str| json!({ "chat": ANN, "media": { "path": path } });
    let result = app.call("send_media", message("plan.csv")).await;
    assert_eq!(result["isError"], false, "{result}");
    let result = app.call("send_media", message("../plan.csv")).await;
    assert_eq!(code(&result), "media-refused");
    assert!(text(&result).contains("without `..`"), "{}", text(&result));
}

#[tokio::test]
async fn what_may_not_be_loaded_is_not_sent() {
    let mock = MockServer::start().await;
    for (tool, media, wanted) in [
        (
            "send_media",
            json!({ "url": "https://127.0.0.1/a.png" }),
            "public internet",
        ),
        ("send_media", json!({ "url": mock.uri() }), "https://"),
        ("send_media", json!({ "path": "a.png" }), "no outbox folder"),
        (
            "send_media",
            json!({ "base64": "", "mime": "image/png" }),
            "empty",
        ),
        (
            "send_voice",
            json!({ "base64": PNG, "mime": "audio/ogg" }),
            "not a recording",
        ),
    ] {
        let result = call(&mock, tool, json!({ "chat": ANN, "media": media })).await;
        assert_eq!(code(&result), "media-refused");
        let said = text(&result);
        assert!(
            said.contains(wanted) && said.contains("nothing was sent"),
            "{said}"
        );
    }
    let disguised =
        json!({ "chat": ANN, "kind": "image", "media": { "base64": CSV, "mime": "image/png" } });
    let result = call(&mock, "send_media", disguised).await;
    assert!(text(&result).contains("not a picture"), "{}", text(&result));
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_call_loads_nothing() {
    let mock = MockServer::start().await;
    let policy = "version = \"1\"\ndefault = \"deny\"\n";
    let mut app = app::waha(&mock).policy(policy).start().await;
    // Were it looked at, the answer would tell of the outbox.
    let message = json!({ "chat": ANN, "media": { "path": "a.png" } });
    let result = app.call("send_media", message).await;
    assert_eq!(result["isError"], true);
    assert!(!text(&result).contains("outbox"), "{}", text(&result));
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    let mock = MockServer::start().await;
    let png = json!({ "base64": PNG, "mime": "image/png" });
    for (arguments, wanted) in [
        (json!({ "chat": ANN, "media": {} }), "none is given"),
        (
            json!({ "chat": ANN, "media": { "url": "https://a", "path": "b" } }),
            "exactly one",
        ),
        (
            json!({ "chat": ANN, "media": { "file": "b" } }),
            "there is no argument `media.file`",
        ),
        (
            json!({ "chat": ANN, "media": png, "caption": "x".repeat(1025) }),
            "1024",
        ),
        (
            json!({ "chat": ANN, "media": png, "file_name": "../x" }),
            "`file_name`",
        ),
        (
            json!({ "chat": ANN, "media": png, "kind": "sticker" }),
            "`kind`",
        ),
    ] {
        let result = call(&mock, "send_media", arguments).await;
        assert_eq!(code(&result), "bad-arguments");
        assert!(text(&result).contains(wanted), "{}", text(&result));
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
