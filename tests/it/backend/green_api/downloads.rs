//! What comes out: a message's file, and a chat's picture.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use whatsapp_guard::media::MediaRules;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, method, path},
};

use super::{address, json_body, refused};
use crate::app::{self, SECRET, code, text};

const ANN: &str = "15552223333@c.us";
const ID: &str = "3EB0C767D097B7C7C030";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn message() -> Value {
    json!({ "chat": ANN, "message": ID })
}

/// Answers a method that takes these arguments.
async fn on(mock: &MockServer, name: &str, arguments: Value, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address(name)))
        .and(body_json(arguments))
        .respond_with(answer)
        .mount(mock)
        .await;
}

/// A server that names a file at its own address.
async fn server(file: ResponseTemplate) -> MockServer {
    let mock = MockServer::start().await;
    let which = json!({ "chatId": ANN, "idMessage": ID });
    let url = format!("{}/download/a.pdf", mock.uri());
    let answer = json_body(json!({ "downloadUrl": url }));
    on(&mock, "downloadFile", which.clone(), answer).await;
    let told = json!({ "type": "incoming", "idMessage": ID, "fileName": "Plan.pdf" });
    on(&mock, "getMessage", which, json_body(told)).await;
    Mock::given(method("GET"))
        .and(path("/download/a.pdf"))
        .respond_with(file)
        .mount(&mock)
        .await;
    mock
}

fn bytes(bytes: &[u8]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(bytes, "application/pdf")
}

#[tokio::test]
async fn a_file_is_part_of_the_answer() {
    let mock = server(bytes(b"%PDF-1.4")).await;
    let mut app = app::green_api(&mock).start().await;
    let result = app.call("download_media", message()).await;
    assert_eq!(result["isError"], false, "{result}");
    assert_eq!(
        result["content"][1]["resource"],
        json!({
            "uri": format!("whatsapp://chat/{ANN}/messages/{ID}"),
            "mimeType": "application/pdf", "blob": "JVBERi0xLjQ=",
        })
    );
    assert_eq!(result["structuredContent"]["file_name"], "Plan.pdf");
    assert_eq!(result["structuredContent"]["size"], 8);
    assert!(!result.to_string().contains(&mock.uri()), "{result}");
    // The token is in no request for a file.
    for request in mock.received_requests().await.unwrap() {
        let file = request.url.path().starts_with("/download");
        assert_eq!(file, !request.url.path().contains(SECRET));
    }
}

#[tokio::test]
async fn what_is_large_goes_to_the_inbox() {
    let inbox = TempDir::new().unwrap();
    let large = [b"%PDF-".as_slice(), &vec![b'x'; 2 * 1024 * 1024]].concat();
    let mock = server(bytes(&large)).await;
    let rules = MediaRules::default().with_inbox(Some(inbox.path().to_owned()));
    let mut app = app::green_api_with_media(&mock, rules).start().await;
    let result = app.call("download_media", message()).await;
    let saved = result["structuredContent"]["saved_as"].as_str().unwrap();
    assert_eq!(fs::read(saved).unwrap(), large);
    assert!(saved.ends_with(".pdf"), "{saved}");
}

#[tokio::test]
async fn a_file_that_is_gone_is_told() {
    let missing = "File message encrypted url not found by chatId 15552223333@c.us";
    for (answer, wanted) in [
        (refused(400, missing), "ask for it to be sent again"),
        (
            ResponseTemplate::new(400).set_body_string(missing),
            "ask for it to be sent again",
        ),
        (json_body(json!({ "downloadUrl": "" })), "none any more"),
        (json_body(json!({})), "none any more"),
        (refused(466, "quota"), "quota"),
        (refused(401, "Unauthorized"), "GREENAPI_API_TOKEN"),
        (
            json_body(json!({ "downloadUrl": "https://10.0.0.7/a.pdf" })),
            "public internet",
        ),
        (
            json_body(json!({ "downloadUrl": "http://example.com/a.pdf" })),
            "may not be called",
        ),
    ] {
        let mock = MockServer::start().await;
        let which = json!({ "chatId": ANN, "idMessage": ID });
        on(&mock, "downloadFile", which, answer).await;
        let mut app = app::green_api(&mock).start().await;
        let result = app.call("download_media", message()).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(wanted), "{}", text(&result));
        assert!(!result.to_string().contains(SECRET));
    }
    for (status, wanted) in [
        (404, "the file is gone (404)"),
        (403, "the address has expired"),
    ] {
        let mock = server(ResponseTemplate::new(status)).await;
        let mut app = app::green_api(&mock).start().await;
        let result = app.call("download_media", message()).await;
        assert!(text(&result).contains(wanted), "{}", text(&result));
    }
}

#[tokio::test]
async fn a_picture_is_shown_or_is_none() {
    let mock = MockServer::start().await;
    let url = format!("{}/p.jpg", mock.uri());
    for (chat, answer) in [
        (ANN, json!({ "urlAvatar": url, "available": true })),
        (
            "15552224444@c.us",
            json!({ "urlAvatar": "", "available": false }),
        ),
    ] {
        on(
            &mock,
            "getAvatar",
            json!({ "chatId": chat }),
            json_body(answer),
        )
        .await;
    }
    Mock::given(method("GET"))
        .and(path("/p.jpg"))
        .respond_with(bytes(PNG))
        .mount(&mock)
        .await;
    let mut app = app::green_api(&mock).start().await;
    let result = app.call("get_picture", json!({ "chat": ANN })).await;
    assert_eq!(result["content"][1]["type"], "image", "{result}");
    assert_eq!(result["structuredContent"]["has_picture"], true);
    let result = app
        .call("get_picture", json!({ "chat": "15552224444@c.us" }))
        .await;
    assert_eq!(result["isError"], false, "{result}");
    assert_eq!(result["structuredContent"], json!({ "has_picture": false }));
}

#[tokio::test]
async fn odd_pictures_and_channels_are_errors() {
    for answer in [
        ResponseTemplate::new(200),
        refused(400, "Validation failed"),
    ] {
        let mock = MockServer::start().await;
        on(&mock, "getAvatar", json!({ "chatId": ANN }), answer).await;
        let mut app = app::green_api(&mock).start().await;
        let result = app.call("get_picture", json!({ "chat": ANN })).await;
        assert_eq!(result["isError"], true, "{result}");
    }
    let mock = MockServer::start().await;
    let mut app = app::green_api(&mock).start().await;
    let channel = json!({ "chat": "120363025246125486@newsletter" });
    let result = app.call("get_picture", channel).await;
    assert!(text(&result).contains("no channels"), "{}", text(&result));
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_s_address_is_never_that_of_a_method() {
    for method_path in [
        format!("/waInstance1101000001/reboot/{SECRET}"),
        format!("/%77aInstance1101000001/reboot/{SECRET}"),
        format!("/%2577aInstance1101000001/reboot/{SECRET}"),
        format!("/download/../WAINSTANCE1101000001/reboot/{SECRET}"),
        format!(r"\waInstance1101000001\reboot\{SECRET}"),
    ] {
        let mock = MockServer::start().await;
        let which = json!({ "chatId": ANN, "idMessage": ID });
        let url = format!("{}{method_path}", mock.uri());
        let answer = json_body(json!({ "downloadUrl": url }));
        on(&mock, "downloadFile", which, answer).await;
        let mut app = app::green_api(&mock).start().await;
        let result = app.call("download_media", message()).await;
        assert_eq!(code(&result), "backend-refused", "{method_path}: {result}");
        for request in mock.received_requests().await.unwrap() {
            assert_eq!(request.method.as_str(), "POST", "{method_path}");
        }
    }
}
