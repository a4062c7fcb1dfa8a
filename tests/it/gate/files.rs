//! A file is loaded before the decision: what was decided on and approved is what is sent.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;
use whatsapp_guard::media::MediaRules;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, path_regex},
};

use crate::app::{self, BOTH, Era, OPEN, Person, TestServer, code, error_code, text, yes};

const ANN: &str = "15552223333@c.us";
const GROUP: &str = "120363025246125486@g.us";
const APPROVED: &[u8] = b"\xff\xd8\xff\xe0 approved";
const SWAPPED: &[u8] = b"\xff\xd8\xff\xe0 swapped!";
const APPROVED_BASE64: &str = "/9j/4CBhcHByb3ZlZA==";
const SWAPPED_BASE64: &str = "/9j/4CBzd2FwcGVkIQ==";

/// A WAHA that accepts every change, and an outbox with `a.jpg`.
async fn world() -> (MockServer, TempDir) {
    let outbox = TempDir::new().unwrap();
    write(outbox.path(), APPROVED);
    let mock = MockServer::start().await;
    let sent = json!({ "id": "true_15552223333@c.us_3EB042AD7933EC545A31D6", "ack": 1 });
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(201).set_body_json(sent))
        .mount(&mock)
        .await;
    Mock::given(method("PUT"))
        .and(path_regex("/picture$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "success": true })))
        .mount(&mock)
        .await;
    let answers = [
        (
            "/api/sessions/default",
            json!({ "name": "default", "status": "WORKING", "me": { "id": ANN } }),
        ),
        (
            "/api/default/profile",
            json!({ "id": ANN, "name": "Ann", "picture": null }),
        ),
    ];
    let group = json!({
        "id": GROUP, "subject": "Family", "participants": [{ "id": ANN, "admin": "admin" }],
    });
    let answers = answers
        .into_iter()
        .chain([("/api/default/groups/120363025246125486@g.us", group)]);
    for (at, answer) in answers {
        Mock::given(method("GET"))
            .and(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&mock)
            .await;
    }
    Mock::given(method("GET"))
        .and(path_regex("/picture$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "url": null })))
        .mount(&mock)
        .await;
    (mock, outbox)
}

fn write(outbox: &Path, content: &[u8]) {
    fs::write(outbox.join("a.jpg"), content).unwrap();
}

/// The calls that send the file.
fn calls() -> [(&'static str, Value); 4] {
    let file = json!({ "path": "a.jpg" });
    [
        ("send_media", json!({ "chat": ANN, "media": file })),
        (
            "send_media",
            json!({ "chat": ANN, "media": file, "kind": "document" }),
        ),
        (
            "set_group_picture",
            json!({ "group": GROUP, "picture": file }),
        ),
        ("update_profile", json!({ "picture": file })),
    ]
}

async fn server(mock: &MockServer, outbox: &TempDir, era: Era, rules: &str) -> TestServer {
    let media = MediaRules::new(Some(outbox.path().to_owned()), 1024);
    app::waha_with_media(mock, media)
        .era(era)
        .person(Person::Silent)
        .policy(&format!("{OPEN}{rules}"))
        .start()
        .await
}

/// The files that reached WAHA, in base64.
async fn sent(mock: &MockServer) -> Vec<String> {
    let requests = mock.received_requests().await.unwrap();
    let bodies = requests
        .iter()
        .filter(|request| request.method.as_str() != "GET");
    bodies
        .map(|request| {
            let body: Value = request.body_json().unwrap();
            body["file"]["data"].as_str().unwrap().to_owned()
        })
        .collect()
}

const ASKING: &str = "[risk.write]\naction = \"confirm\"\n";

#[tokio::test]
async fn a_file_swapped_before_the_yes_comes_with_another_call_is_not_sent() {
    for (tool, arguments) in calls() {
        let (mock, outbox) = world().await;
        let mut app = server(&mock, &outbox, Era::Modern, ASKING).await;
        let mut call = json!({ "name": tool, "arguments": arguments });
        let asked = app.call_once(call.clone()).await;
        call["requestState"] = asked["result"]["requestState"].clone();
        call["inputResponses"] = json!({ "confirm": yes() });
        write(outbox.path(), SWAPPED);
        let swapped = app.call_once(call.clone()).await;
        assert_eq!(error_code(&swapped), "approval-invalid", "{tool}");
        assert!(sent(&mock).await.is_empty(), "{tool}");
        write(outbox.path(), APPROVED);
        app.call_once(call).await;
        assert_eq!(sent(&mock).await, [APPROVED_BASE64], "{tool}");
    }
}

#[tokio::test]
async fn a_file_swapped_while_the_call_waits_is_sent_as_it_was_approved() {
    for (tool, arguments) in calls() {
        let (mock, outbox) = world().await;
        let mut app = server(&mock, &outbox, Era::Legacy, ASKING).await;
        let call = json!({ "name": tool, "arguments": arguments });
        let id = app.begin("tools/call", call).await;
        let asked = app.receive().await;
        assert_eq!(asked["method"], "elicitation/create", "{asked}");
        write(outbox.path(), SWAPPED);
        app.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": yes() }))
            .await;
        app.end(id).await;
        assert_eq!(sent(&mock).await, [APPROVED_BASE64], "{tool}");
    }
}

#[tokio::test]
async fn the_question_identifies_the_content() {
    for era in BOTH {
        let (mock, outbox) = world().await;
        let mut app = server(&mock, &outbox, era, ASKING).await;
        app.set_person(Person::Declines);
        let named = json!({ "chat": ANN, "media": { "path": "a.jpg" }, "file_name": "b.jpg" });
        app.call("send_media", named).await;
        let question = app.questions[0].to_string();
        let line = "file: b.jpg, 13 bytes, image/jpeg, SHA-256 e42185af8c6b";
        assert!(question.contains(line), "{question}");
    }
}

#[tokio::test]
async fn what_is_the_same_is_the_content_and_not_the_name() {
    let (mock, outbox) = world().await;
    let mut app = server(&mock, &outbox, Era::Legacy, "").await;
    let by_path = json!({ "chat": ANN, "media": { "path": "a.jpg" } });
    let media = json!({ "base64": APPROVED_BASE64, "mime": "image/jpeg" });
    let by_value = json!({ "chat": ANN, "media": media });
    for arguments in [&by_path, &by_path, &by_value] {
        app.call("send_media", arguments.clone()).await;
        assert_eq!(sent(&mock).await, [APPROVED_BASE64]);
    }
    write(outbox.path(), SWAPPED);
    app.call("send_media", by_path).await;
    assert_eq!(sent(&mock).await, [APPROVED_BASE64, SWAPPED_BASE64]);
    let digests: Vec<_> = app
        .audit()
        .iter()
        .map(|line| line["digest"].clone())
        .collect();
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[3]);
}

#[tokio::test]
async fn a_file_that_cannot_be_loaded_counts_nothing_and_a_refused_call_loads_none() {
    let (mock, outbox) = world().await;
    let rules = "[tools.send_media]\nlimits = [{ max = 1, window = \"day\" }]\n";
    let mut app = server(&mock, &outbox, Era::Legacy, rules).await;
    let file = |name: &str| json!({ "chat": ANN, "media": { "path": name } });
    let missing = app.call("send_media", file("missing.jpg")).await;
    assert_eq!(code(&missing), "media-refused");
    assert!(text(&missing).contains("nothing was sent"), "{missing}");
    app.call("send_media", file("a.jpg")).await;
    assert_eq!(sent(&mock).await.len(), 1);
    let missing = app.call("send_media", file("missing.jpg")).await;
    assert_eq!(code(&missing), "rate-limited");
    let audit = app.audit();
    assert_eq!(
        (&audit[0]["verdict"], &audit[0]["code"]),
        (&json!("refused"), &json!("media-refused"))
    );
}
