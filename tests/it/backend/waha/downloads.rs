//! What comes out: a message's file, and a chat's picture.

use std::fs;

use tempfile::TempDir;
use whatsapp_guard::media::MediaRules;
use wiremock::matchers::{query_param, query_param_is_missing};

use super::*;
use crate::app::{code, text};

const ANN: &str = "15552223333@c.us";
const ID: &str = "false_15552223333@c.us_3EB042AD7933EC545A31D6";
const MESSAGE: &str =
    "/api/default/chats/15552223333@c.us/messages/false_15552223333@c.us_3EB042AD7933EC545A31D6";
const PICTURE: &str = "/api/default/chats/15552223333@c.us/picture";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The same in base64.
const PNG64: &str = "iVBORw0KGgo=";

fn with(media: Value) -> Value {
    json!({ "id": ID, "timestamp": 1_700_000_000, "from": ANN, "hasMedia": true, "media": media })
}

/// A server whose message has this media, and whose file is this.
async fn server(media: Value, file: ResponseTemplate) -> MockServer {
    let mock = MockServer::start().await;
    get(MESSAGE)
        .and(query_param("downloadMedia", "true"))
        .respond_with(reply(200, with(media)))
        .mount(&mock)
        .await;
    Mock::given(method("GET"))
        .and(path("/api/files/default/A%20b.png"))
        .and(header("X-Api-Key", SECRET))
        .respond_with(file)
        .mount(&mock)
        .await;
    mock
}

/// The host that WAHA takes itself for is another one than ours.
fn media(mime: &str) -> Value {
    let url = "http://waha.internal:3000/api/files/default/A%20b.png";
    json!({ "url": url, "mimetype": mime, "filename": "../A\u{202e}b.png" })
}

fn bytes(bytes: impl AsRef<[u8]>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(bytes.as_ref(), "application/octet-stream")
}

fn message() -> Value {
    json!({ "chat": ANN, "message": ID })
}

#[tokio::test]
async fn each_kind_comes_as_its_own_block() {
    for (content, mime, wanted) in [
        (
            PNG,
            "image/png",
            json!({ "type": "image", "data": PNG64, "mimeType": "image/png" }),
        ),
        (
            b"OggS\0\x02",
            "audio/ogg; codecs=opus",
            json!({ "type": "audio", "data": "T2dnUwAC", "mimeType": "audio/ogg" }),
        ),
        (
            b"a;b\n",
            "text/csv",
            json!({ "type": "resource", "resource": {
                "uri": format!("whatsapp://chat/{ANN}/messages/{ID}"),
                "mimeType": "text/csv", "blob": "YTtiCg==",
            } }),
        ),
    ] {
        let mock = server(media(mime), bytes(content)).await;
        let result = call(&mock, "download_media", message()).await;
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(result["content"][1], wanted);
        let told = &result["structuredContent"];
        assert_eq!(told["size"], content.len());
        assert_eq!(told["file_name"], "../A\\u{202e}b.png");
        assert_eq!(told["sha256"].as_str().unwrap().len(), 64);
        assert!(!told.to_string().contains(&wanted["data"].to_string()));
        assert!(told.get("saved_as").is_none());
    }
}

#[tokio::test]
async fn what_is_large_goes_to_the_inbox() {
    let inbox = TempDir::new().unwrap();
    let large = vec![b'x'; 300 * 1024];
    let mock = server(media("text/plain"), bytes(&large)).await;
    let rules = MediaRules::default().with_inbox(Some(inbox.path().to_owned()));
    let mut app = app::waha_with_media(&mock, rules).start().await;
    let result = app.call("download_media", message()).await;
    let saved = result["structuredContent"]["saved_as"].as_str().unwrap();
    assert_eq!(fs::read(saved).unwrap(), large);
    assert!(saved.starts_with(inbox.path().to_str().unwrap()));
    assert_eq!(result["content"].as_array().unwrap().len(), 1);
    assert!(text(&result).contains(saved), "{}", text(&result));
    // Without a place it is refused, and nothing is kept.
    let result = call(&mock, "download_media", message()).await;
    assert_eq!(code(&result), "media-refused");
    assert!(
        text(&result).contains("WHATSAPP_GUARD_INBOX"),
        "{}",
        text(&result)
    );
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let told = media("image/png");
    let no_media = json!({ "id": ID, "hasMedia": false, "media": null });
    for (answer, file, wanted) in [
        (reply(200, no_media), bytes(PNG), "has no file"),
        (
            reply(200, with(Value::Null)),
            bytes(PNG),
            "not have it any more",
        ),
        (
            reply(
                200,
                with(json!({ "url": null, "error": format!("gone {SECRET}") })),
            ),
            bytes(PNG),
            "gone [secret]",
        ),
        (
            reply(200, with(json!({ "error": { "message": "expired" } }))),
            bytes(PNG),
            "expired",
        ),
        (empty(200), bytes(PNG), "knows no message"),
        (
            refused(404, "Message not found"),
            bytes(PNG),
            "Message not found",
        ),
        (refused(404, "Cannot GET /api/x"), bytes(PNG), "too old"),
        (wrong_state("STOPPED"), bytes(PNG), "open_session"),
        (
            reply(200, with(told.clone())),
            reply(
                404,
                json!({ "error": { "code": 404, "key": "FILE_NOT_FOUND" } }),
            ),
            "the file is gone (404)",
        ),
        (reply(200, with(told.clone())), empty(403), "(403)"),
        (
            reply(200, with(told.clone())),
            empty(302).insert_header("Location", "http://127.0.0.1/x"),
            "redirect",
        ),
        (
            reply(200, with(told.clone())),
            bytes(PNG).insert_header("Content-Encoding", "gzip"),
            "compressed",
        ),
        (reply(200, with(told)), bytes(b""), "the file is empty"),
    ] {
        let mock = MockServer::start().await;
        get(MESSAGE).respond_with(answer).mount(&mock).await;
        Mock::given(path("/api/files/default/A%20b.png"))
            .respond_with(file)
            .mount(&mock)
            .await;
        let result = call(&mock, "download_media", message()).await;
        let expected = match wanted {
            "compressed" | "the file is empty" => "media-refused",
            _ => "backend-refused",
        };
        assert_eq!(code(&result), expected);
        assert!(text(&result).contains(wanted), "{}", text(&result));
        assert!(!result.to_string().contains(SECRET));
    }
}

#[tokio::test]
async fn the_key_and_the_request_go_nowhere_else() {
    for url in [
        "https://127.0.0.1/a.png",
        "https://169.254.169.254/latest/meta-data",
        "http://example.com/a.png",
        "file:///etc/passwd",
        "https://user:pw@example.com/a.png",
        "/etc/passwd",
        "http://waha/api/files/..%2fsessions",
        "http://waha/api/files/../sessions",
        "http://waha/api/files/",
    ] {
        let mock = MockServer::start().await;
        let told = json!({ "url": url, "mimetype": "image/png" });
        get(MESSAGE)
            .respond_with(reply(200, with(told)))
            .mount(&mock)
            .await;
        let result = call(&mock, "download_media", message()).await;
        assert_eq!(code(&result), "backend-refused", "{url}");
        assert!(!text(&result).contains(url), "{}", text(&result));
        assert_eq!(mock.received_requests().await.unwrap().len(), 1, "{url}");
    }
    // Not even to its own host, where the file is none of WAHA's.
    let mock = MockServer::start().await;
    let told = json!({ "url": format!("{}/other/a.png", mock.uri()) });
    get(MESSAGE)
        .respond_with(reply(200, with(told)))
        .mount(&mock)
        .await;
    let result = call(&mock, "download_media", message()).await;
    assert_eq!(code(&result), "backend-refused");
    assert_eq!(mock.received_requests().await.unwrap().len(), 1);
}

/// Addresses that look like one of WAHA's own files and lead elsewhere, or may.
const HOSTILE: [&str; 33] = [
    r"x://h/api/files/..\server\environment",
    r"http://h/api/files/..\server\environment",
    r"http://h/api/files\..\server\environment",
    r"http://h/api/files/a\b.png",
    "http://h/api/files/a\tb.png",
    "http://h/api/files/a.png\n",
    "http://h/api/files/../server/environment",
    "http://h/api/files/%2e%2e/server/environment",
    "http://h/api/files/.%2E/server/environment",
    "http://h/api/files/..%2fserver%2fenvironment",
    "http://h/api/files/..%5cserver%5cenvironment",
    "http://h/api/files/..%255cserver%255cenvironment",
    "http://h/api/files/%252e%252e%252fserver%252fenvironment",
    "http://h/api/files/%25252e%25252e/server/environment",
    "http://h/api/files/a/%2e./%2e./%2e./server/environment",
    "http://h/api/files/..;/server/environment",
    "http://h/api/files/.\t./server/environment",
    "http://h/api/files/.\n./server/environment",
    "http://h/api/files/a%00b",
    "http://h/api/files/a%0d%0aHost:%20x",
    "http://h/api/files/\u{ff0e}\u{ff0e}/server",
    "http://h/api/files/..%c0%afserver",
    "http://h/api/files/%ff",
    "http://h/api/files/",
    "http://h/api/files//server",
    "http://h/api/files/a/",
    "http://h/api/files/a?x-api-key=1",
    "http://h/api/files/a#/../../server",
    "http://key:key@h/api/files/a.png",
    "ftp://h/api/files/a.png",
    "file:///api/files/a.png",
    "//h/api/files/a.png",
    "/api/files/a.png",
];

#[tokio::test]
async fn no_spelling_of_an_address_leads_to_anything_but_a_file() {
    let mock = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(reply(200, json!({ "WAHA_API_KEY": SECRET })))
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).start().await;
    for (number, address) in HOSTILE.iter().enumerate() {
        // With the server's own host too.
        let own = address.replacen("h/api", &format!("{}/api", mock.address()), 1);
        for address in [(*address).to_owned(), own] {
            mock.reset().await;
            let message = with(json!({ "url": address }));
            for (place, answer) in [(MESSAGE, message), (PICTURE, json!({ "url": address }))] {
                get(place)
                    .respond_with(reply(200, answer))
                    .mount(&mock)
                    .await;
            }
            let picture = json!({ "chat": ANN });
            for (tool, arguments) in [
                ("download_media", self::message()),
                ("get_picture", picture),
            ] {
                let result = app.call(tool, arguments).await;
                assert_eq!(
                    code(&result),
                    "backend-refused",
                    "{number} {address}: {result}"
                );
            }
            for request in mock.received_requests().await.unwrap() {
                let path = request.url.path();
                assert!(
                    [MESSAGE, PICTURE].contains(&path),
                    "{number} {address}: {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_file_s_address_is_built_from_our_own_and_a_redirect_is_not_followed() {
    for (address, wanted) in [
        (
            "http://h:3000/api/files/default/a%2Bb.png",
            "/api/files/default/a+b.png",
        ),
        (
            "https://h/waha/api/files/d/false_1@c.us_3E:4.jpeg",
            "/api/files/d/false_1@c.us_3E:4.jpeg",
        ),
        ("HTTP://h/api/files/d/%C3%BC.pdf", "/api/files/d/%C3%BC.pdf"),
    ] {
        let mock = MockServer::start().await;
        let told = with(json!({ "url": address }));
        get(MESSAGE)
            .respond_with(reply(200, told))
            .mount(&mock)
            .await;
        let elsewhere = format!("{}/api/server/environment", mock.uri());
        Mock::given(path(wanted))
            .and(header("X-Api-Key", SECRET))
            .respond_with(empty(302).insert_header("Location", elsewhere.as_str()))
            .expect(1)
            .mount(&mock)
            .await;
        let result = call(&mock, "download_media", message()).await;
        assert!(text(&result).contains("redirect"), "{address}: {result}");
        assert_eq!(
            mock.received_requests().await.unwrap().len(),
            2,
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_message_of_another_chat_is_not_downloaded() {
    let mock = MockServer::start().await;
    let other = json!({ "chat": GROUP, "message": ID });
    let result = call(&mock, "download_media", other).await;
    assert_eq!(code(&result), "bad-arguments");
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_picture_comes_as_an_image() {
    for chat in [ANN, GROUP, "120363025246125486@newsletter"] {
        let mock = MockServer::start().await;
        let url = format!("{}/api/files/default/p.png", mock.uri());
        get(&format!("/api/default/chats/{chat}/picture"))
            .and(query_param_is_missing("refresh"))
            .respond_with(reply(200, json!({ "url": url })))
            .expect(1)
            .mount(&mock)
            .await;
        Mock::given(path("/api/files/default/p.png"))
            .and(header("X-Api-Key", SECRET))
            .respond_with(bytes(PNG))
            .mount(&mock)
            .await;
        let result = call(&mock, "get_picture", json!({ "chat": chat })).await;
        assert_eq!(result["content"][1]["data"], PNG64, "{result}");
        assert_eq!(result["structuredContent"]["has_picture"], true);
        assert_eq!(result["structuredContent"]["picture"]["mime"], "image/png");
    }
}

#[tokio::test]
async fn no_picture_is_no_error() {
    for answer in [
        reply(200, json!({ "url": null })),
        reply(200, json!({})),
        reply(200, json!({ "url": "" })),
        empty(200),
        refused(500, "item-not-found"),
    ] {
        let mock = MockServer::start().await;
        get(PICTURE).respond_with(answer).mount(&mock).await;
        let result = call(&mock, "get_picture", json!({ "chat": ANN })).await;
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(result["structuredContent"], json!({ "has_picture": false }));
        assert!(text(&result).starts_with("no picture"));
    }
}

#[tokio::test]
async fn an_older_server_has_people_s_pictures_elsewhere() {
    let mock = MockServer::start().await;
    Mock::given(path("/api/contacts/profile-picture"))
        .and(query_param("contactId", ANN))
        .and(query_param("session", "default"))
        .respond_with(reply(200, json!({ "profilePictureURL": null })))
        .expect(1)
        .mount(&mock)
        .await;
    Mock::given(method("GET"))
        .respond_with(refused(404, "Cannot GET /api/x"))
        .mount(&mock)
        .await;
    let result = call(&mock, "get_picture", json!({ "chat": ANN })).await;
    assert_eq!(result["structuredContent"]["has_picture"], false);
    let result = call(&mock, "get_picture", json!({ "chat": GROUP })).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("too old"), "{}", text(&result));
}

#[tokio::test]
async fn refusals_and_odd_pictures_are_errors() {
    for (answer, wanted) in [
        (refused(500, "rate-overlimit"), "wait some minutes"),
        (refused(401, "Unauthorized"), "WAHA_API_KEY"),
        (reply(200, json!({ "url": 5 })), "wrong type"),
        (
            reply(200, json!({ "url": "https://10.0.0.7/p.jpg" })),
            "public internet",
        ),
    ] {
        let mock = MockServer::start().await;
        get(PICTURE).respond_with(answer).mount(&mock).await;
        let result = call(&mock, "get_picture", json!({ "chat": ANN })).await;
        assert_eq!(result["isError"], true);
        assert!(text(&result).contains(wanted), "{}", text(&result));
    }
}
