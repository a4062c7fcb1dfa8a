//! Sending media: the bytes go to the host that takes files, and never an address.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use super::{address, has_message, json_body, refused};
use crate::app::{self, code, text};

const ANN: &str = "15552223333@c.us";
const ID: &str = "3EB0C767D097B7C7C030";
/// The first bytes of a PNG and of an Ogg file.
const PNG: &str = "iVBORw0KGgo=";
const OGG: &str = "T2dnUwAC";

async fn server(answer: ResponseTemplate) -> MockServer {
    let mock = MockServer::start().await;
    has_message(&mock, ANN, "BAE5AAAA").await;
    Mock::given(method("POST"))
        .and(path(address("sendFileByUpload")))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    Mock::given(method("POST"))
        .and(path(address("getMessage")))
        .respond_with(json_body(
            json!({ "type": "outgoing", "idMessage": ID, "statusMessage": "sent" }),
        ))
        .mount(&mock)
        .await;
    mock
}

fn taken() -> ResponseTemplate {
    json_body(json!({ "idMessage": ID, "urlFile": "https://files.example/a.png" }))
}

/// The form that was uploaded, as text.
async fn uploaded(mock: &MockServer) -> String {
    let requests = mock.received_requests().await.unwrap();
    let uploads = address("sendFileByUpload");
    let upload = requests.iter().find(|one| one.url.path() == uploads);
    let upload = upload.unwrap();
    let kind = upload.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    String::from_utf8_lossy(&upload.body).into_owned()
}

fn field(name: &str, value: &str) -> String {
    format!("name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn message(data: &str) -> Value {
    json!({ "chat": ANN, "media": { "base64": data, "mime": "text/csv" }, "reply_to": "BAE5AAAA" })
}

#[tokio::test]
async fn a_picture_is_uploaded_with_all_that_belongs_to_it() {
    let mock = server(taken()).await;
    let mut app = app::green_api(&mock).start().await;
    let mut arguments = message(PNG);
    arguments["caption"] = json!("A cat");
    // The name says another thing than the bytes, and is not believed.
    arguments["file_name"] = json!("cat.csv");
    let result = app.call("send_media", arguments).await;
    assert_eq!(text(&result), format!("sent to {ANN}; message {ID}"));
    let form = uploaded(&mock).await;
    for part in [
        field("chatId", ANN),
        field("fileName", "cat.csv.png"),
        field("caption", "A cat"),
        field("quotedMessageId", "BAE5AAAA"),
        "name=\"file\"; filename=\"cat.csv.png\"\r\nContent-Type: image/png\r\n\r\n".into(),
    ] {
        assert!(form.contains(&part), "{part}\nis not in\n{form}");
    }
}

#[tokio::test]
async fn a_recording_is_uploaded_as_an_audio_file() {
    let mock = server(taken()).await;
    let mut app = app::green_api(&mock).start().await;
    let result = app.call("send_voice", message(OGG)).await;
    assert_eq!(result["structuredContent"]["verified"], true, "{result}");
    let form = uploaded(&mock).await;
    assert!(form.contains(&field("fileName", "file.ogg")), "{form}");
    assert!(form.contains("Content-Type: audio/ogg"), "{form}");
    assert!(!form.contains("name=\"caption\""), "{form}");
}

#[tokio::test]
async fn what_comes_back_is_not_taken_for_sent() {
    for (answer, wanted) in [
        (refused(400, "Validation failed"), "backend-refused"),
        (refused(466, "quota"), "backend-refused"),
        (refused(502, "bad gateway"), "outcome-unknown"),
        (json_body(json!({ "urlFile": "x" })), "outcome-unknown"),
    ] {
        let mock = server(answer).await;
        let mut app = app::green_api(&mock).start().await;
        let result = app.call("send_media", message(PNG)).await;
        assert_eq!(code(&result), wanted);
        assert!(!result.to_string().contains(app::SECRET), "{result}");
    }
}

#[tokio::test]
async fn what_may_not_be_sent_is_not_uploaded() {
    let mock = MockServer::start().await;
    let mut app = app::green_api(&mock).start().await;
    let mut document = message(PNG);
    document["kind"] = json!("document");
    let closed = json!({ "chat": ANN, "media": { "path": "a.png" } });
    for (tool, arguments, expected, wanted) in [
        ("send_media", document, "backend-refused", "as a document"),
        ("send_media", closed, "media-refused", "no outbox folder"),
        (
            "send_voice",
            message(PNG),
            "media-refused",
            "not a recording",
        ),
    ] {
        let result = app.call(tool, arguments).await;
        assert_eq!(code(&result), expected);
        let said = text(&result);
        assert!(
            said.contains(wanted) && said.contains("nothing was sent"),
            "{said}"
        );
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
