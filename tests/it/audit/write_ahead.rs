//! A call that is run has a line before its request leaves, and another one at its end.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use super::site::CHAT;
use crate::app::{self, OPEN, Person, code, text};

/// Records the audit at the moment at which a request arrives.
struct Witness {
    audit: PathBuf,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Respond for Witness {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let text = fs::read_to_string(&self.audit).unwrap_or_default();
        let line = text.lines().last().map_or(Value::Null, |line| {
            serde_json::from_str(line).unwrap_or(Value::Null)
        });
        self.seen.lock().unwrap().push(line);
        match request.method.as_str() {
            "POST" => ResponseTemplate::new(201)
                .set_body_json(json!({ "id": format!("true_{CHAT}_3EB042AD7933EC"), "ack": 1 })),
            _ => ResponseTemplate::new(200).set_body_json(json!([])),
        }
    }
}

#[tokio::test]
async fn a_request_is_in_the_audit_before_it_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let seen = Arc::default();
    let mock = MockServer::start().await;
    let witness = Witness {
        audit: audit.clone(),
        seen: Arc::clone(&seen),
    };
    Mock::given(any()).respond_with(witness).mount(&mock).await;
    let mut app = app::waha(&mock).audit(audit).start().await;
    for (tool, arguments) in [
        ("send_message", json!({ "chat": CHAT, "text": "hi" })),
        ("list_contacts", json!({})),
    ] {
        app.call(tool, arguments).await;
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert!(!seen.is_empty(), "{tool} sent nothing");
        for line in seen {
            assert_eq!(
                (&line["event"], &line["tool"]),
                (&json!("admitted"), &json!(tool))
            );
            assert_eq!(line["outcome"], Value::Null);
        }
        let lines = app.audit_lines();
        let [.., admitted, ended] = &lines[..] else {
            panic!("two lines: {lines:?}")
        };
        assert_eq!(ended["event"], "ended");
        assert_eq!(admitted["id"], ended["id"]);
    }
    let ids: std::collections::BTreeSet<_> = app
        .audit_lines()
        .iter()
        .map(|line| line["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 2, "each call has an id of its own");
}

#[tokio::test]
async fn a_request_for_a_decision_or_a_question_is_in_the_audit_before_it_leaves() {
    let listed = "[recipients]\nallow = [\"+15552223333\"]\n";
    let hidden = json!({ "chat": "777000111222@lid", "text": "hi" });
    let group = json!({ "group": "120363000000000001@g.us" });
    for (tool, arguments, rules, refusal) in [
        ("send_message", hidden, listed, "recipient-unlisted"),
        ("leave_group", group, "", "declined"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let audit = folder.path().join("audit.jsonl");
        let seen = Arc::default();
        let mock = MockServer::start().await;
        let witness = Witness {
            audit: audit.clone(),
            seen: Arc::clone(&seen),
        };
        Mock::given(any()).respond_with(witness).mount(&mock).await;
        let server = app::waha(&mock).policy(&format!("{OPEN}{rules}"));
        let mut app = server.audit(audit).start().await;
        app.set_person(Person::Declines);
        let refused = app.call(tool, arguments).await;
        assert_eq!(code(&refused), refusal);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert!(!seen.is_empty(), "{tool} looks nothing up");
        for line in seen {
            assert_eq!(
                (&line["event"], &line["tool"], &line["verdict"]),
                (&json!("admitted"), &json!(tool), &json!("none"))
            );
        }
    }
}

#[tokio::test]
async fn a_file_is_fetched_only_once_that_is_in_the_audit() {
    let mut app = app::sandbox().start().await;
    for (file, events) in [
        (json!({ "path": "a.png" }), vec!["ended"]),
        (
            json!({ "url": "https://127.0.0.1/a.png" }),
            vec!["ended", "admitted", "ended"],
        ),
    ] {
        let send = json!({ "chat": CHAT, "media": file });
        assert_eq!(code(&app.call("send_media", send).await), "media-refused");
        assert_eq!(super::site::events(&app.audit_lines()), events);
    }
}

/// The audit breaks while a call waits for its pace, after it was found to be writable.
#[tokio::test]
async fn a_change_that_cannot_be_admitted_is_not_sent_and_not_counted() {
    let rules = "version = \"1\"\ndefault = \"allow\"\n[tools.send_message]\n\
                 pace = { min = \"1s\", max = \"1s\" }\nlimits = [{ max = 2, window = \"hour\" }]\n";
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let mock = MockServer::start().await;
    let sent = json!({ "id": format!("true_{CHAT}_3EB042AD7933EC"), "ack": 1 });
    let sent = ResponseTemplate::new(201).set_body_json(sent);
    Mock::given(any()).respond_with(sent).mount(&mock).await;
    let server = app::waha(&mock).policy(rules).audit(audit.clone());
    let mut app = server.start().await;
    let send = |text: &str| json!({ "chat": CHAT, "text": text });
    app.call("send_message", send("1")).await;
    let before = mock.received_requests().await.unwrap().len();
    let call = json!({ "name": "send_message", "arguments": send("2") });
    let waits = app.begin("tools/call", call).await;
    // It is decided once a later request is answered.
    app.listed_beside(waits).await;
    fs::remove_file(&audit).unwrap();
    fs::create_dir(&audit).unwrap();
    let answer = app.end(waits).await;
    assert_eq!(code(&answer["result"]), "audit-unavailable");
    assert_eq!(mock.received_requests().await.unwrap().len(), before);
    fs::remove_dir(&audit).unwrap();
    // Neither the limit nor the duplicates count what was not sent.
    let sent = app.call("send_message", send("2")).await;
    assert_eq!(sent["isError"], false, "{}", text(&sent));
    let refused = app.call("send_message", send("3")).await;
    assert_eq!(code(&refused), "rate-limited");
    // Nor is it open when the server ends: that would mark it.
    app.server.end().await;
    let lines = app.audit_lines();
    let is_marked = |line: &Value| line["event"] == "unknown";
    assert!(!lines.iter().any(is_marked), "{lines:?}");
}
