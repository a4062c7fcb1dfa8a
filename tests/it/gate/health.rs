//! An account in danger is left alone.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use crate::{
    app::gate::open,
    app::{self, TestServer, code},
};

const MUM: &str = "15552220001@c.us";

fn paused_on(word: &str) -> String {
    open(&format!(
        "[health]\npause_on = [\"{word}\"]\ncooldown = \"10m\"\n"
    ))
}

async fn send(app: &mut TestServer, text: &str) -> Value {
    app.call("send_message", json!({ "chat": MUM, "text": text }))
        .await
}

/// A session in this state, which takes no message.
async fn server(state: &str) -> MockServer {
    answering(state, 500, &json!({ "message": "no" })).await
}

/// A session in this state, which answers messages like this.
async fn answering(state: &str, status: u16, body: &Value) -> MockServer {
    let mock = MockServer::start().await;
    let session = json!({ "name": "default", "status": state, "me": { "id": "15550001111@c.us" } });
    Mock::given(method("GET"))
        .and(path("/api/sessions/default"))
        .respond_with(ResponseTemplate::new(200).set_body_json(session))
        .mount(&mock)
        .await;
    Mock::given(method("POST"))
        .and(path("/api/sendText"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&mock)
        .await;
    mock
}

async fn sends(mock: &MockServer) -> usize {
    let requests = mock.received_requests().await.unwrap();
    let sends = requests
        .iter()
        .filter(|one| one.url.path() == "/api/sendText");
    sends.count()
}

#[tokio::test]
async fn the_state_is_looked_at_before_a_send() {
    let mock = server("FAILED").await;
    let mut app = app::waha(&mock).policy(&paused_on("FAILED")).start().await;
    let refused = send(&mut app, "hi").await;
    assert_eq!(code(&refused), "account-paused");
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["retry_after_s"], 600);
    assert_eq!(error["rule"], "policy.toml:5:2 (health)");
    assert!(
        error["reason"]
            .as_str()
            .unwrap()
            .contains("its state is FAILED"),
        "{error}"
    );
    assert_eq!(sends(&mock).await, 0);
}

#[tokio::test]
async fn in_shadow_mode_a_paused_account_still_sends() {
    let mock = server("FAILED").await;
    let shadow = format!("{}[mode]\nvalue = \"shadow\"\n", paused_on("FAILED"));
    let mut app = app::waha(&mock).policy(&shadow).start().await;
    assert_ne!(code(&send(&mut app, "hi").await), "account-paused");
    assert_eq!(sends(&mock).await, 1);
    assert_eq!(app.audit().last().unwrap()["shadowed"], "account-paused");
}

#[tokio::test]
async fn a_state_that_is_not_named_is_no_danger() {
    let mock = server("FAILED").await;
    let mut app = app::waha(&mock)
        .policy(&paused_on("suspended"))
        .start()
        .await;
    assert_ne!(code(&send(&mut app, "hi").await), "account-paused");
    assert_eq!(sends(&mock).await, 1);
}

#[tokio::test]
async fn what_brings_the_session_back_and_reading_go_on() {
    let mut app = app::sandbox().policy(&paused_on("STOPPED")).linked().await;
    assert_eq!(send(&mut app, "one").await["isError"], false);
    app.call("stop_session", json!({})).await;
    // A tool that tells the state is enough.
    app.call("get_session", json!({})).await;
    assert_eq!(code(&send(&mut app, "two").await), "account-paused");
    let archive = json!({ "chat": MUM });
    assert_eq!(
        code(&app.call("archive_chat", archive).await),
        "account-paused"
    );
    for tool in ["open_session", "get_session", "list_chats"] {
        assert_eq!(app.call(tool, json!({})).await["isError"], false, "{tool}");
    }
    // What works again has to rest all the same.
    app.hand.advance(Duration::from_secs(599));
    let refused = send(&mut app, "three").await;
    assert_eq!(refused["structuredContent"]["error"]["retry_after_s"], 1);
    app.hand.advance(Duration::from_secs(1));
    assert_eq!(send(&mut app, "four").await["isError"], false);
}

#[tokio::test]
async fn failures_pause_it_and_a_restart_does_not_end_that() {
    let mock = server("WORKING").await;
    let rules = open("[health]\nfailures = { max = 3, window = \"10m\" }\ncooldown = \"1h\"\n");
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    let setup = || app::waha(&mock).policy(&rules).ledger(ledger.clone());
    let mut app = setup().start().await;
    for text in ["one", "two"] {
        send(&mut app, text).await;
    }
    // Those of long ago do not count.
    app.hand.advance(Duration::from_secs(600));
    for text in ["three", "four", "five"] {
        assert_ne!(code(&send(&mut app, text).await), "account-paused");
    }
    let refused = send(&mut app, "six").await;
    assert_eq!(code(&refused), "account-paused");
    assert!(refused.to_string().contains("3 calls failed"), "{refused}");
    assert_eq!(sends(&mock).await, 5);
    drop(app);
    let mut app = setup().start().await;
    app.hand.advance(Duration::from_secs(600));
    assert_eq!(code(&send(&mut app, "seven").await), "account-paused");
    assert_eq!(sends(&mock).await, 5);
    app.hand.advance(Duration::from_secs(3600));
    assert_ne!(code(&send(&mut app, "eight").await), "account-paused");
}

#[tokio::test]
async fn calls_that_only_read_may_fail() {
    let mock = server("WORKING").await;
    let rules = open("[health]\nfailures = { max = 1, window = \"10m\" }\ncooldown = \"1h\"\n");
    let mut app = app::waha(&mock).policy(&rules).start().await;
    for _ in 0..2 {
        let failed = app.call("list_chats", json!({})).await;
        assert_eq!(failed["isError"], true, "{failed}");
    }
    assert_ne!(code(&send(&mut app, "one").await), "account-paused");
    assert_eq!(code(&send(&mut app, "two").await), "account-paused");
}

/// The account after as many calls as pause it, each answered like this by WAHA.
async fn is_paused_after(status: u16, body: &Value) -> bool {
    let mock = answering("WORKING", status, body).await;
    let rules = open("[health]\nfailures = { max = 2, window = \"10m\" }\n");
    let mut app = app::waha(&mock).policy(&rules).start().await;
    for text in ["one", "two"] {
        let refused = send(&mut app, text).await;
        assert_eq!(refused["isError"], true, "{refused}");
    }
    code(&send(&mut app, "three").await) == "account-paused"
}

#[tokio::test]
async fn mistakes_are_no_danger() {
    let own = |status: u16, message: &str| json!({ "statusCode": status, "message": message });
    let exception = |message: &str, status: u16| {
        let exception = json!({ "message": message, "isBoom": true, "data": status });
        json!({ "statusCode": 500, "exception": exception })
    };
    for (status, body) in [
        (400, own(400, "chatId must be a string")),
        (404, own(404, "Message not found")),
        (409, own(409, "a conflict")),
        (
            422,
            own(422, "Message id be in format false_11111111111@c.us_AAAA"),
        ),
        (500, exception("item-not-found", 404)),
        (500, exception("not-acceptable", 406)),
        (
            501,
            own(501, "The method is not implemented by 'GOWS' engine."),
        ),
    ] {
        assert!(!is_paused_after(status, &body).await, "{status} {body}");
    }
    for (status, body) in [
        (401, own(401, "Unauthorized")),
        (403, own(403, "Forbidden")),
        (429, own(429, "Too Many Requests")),
        (500, own(500, "Internal server error")),
        (503, own(503, "Service Unavailable")),
        (500, exception("rate-overlimit", 429)),
        (500, exception("Connection Closed", 428)),
    ] {
        assert!(is_paused_after(status, &body).await, "{status} {body}");
    }
}

#[tokio::test]
async fn each_file_counts_failures_by_itself() {
    let mock = server("WORKING").await;
    let folder = tempfile::tempdir().unwrap();
    let health = "[health]\nfailures = { max = 3, window = \"10m\" }\n";
    let first = folder.path().join("policy.toml");
    std::fs::write(
        folder.path().join("base.toml"),
        format!("version = \"1\"\n{health}"),
    )
    .unwrap();
    let text = open(health).replacen("default", "include = [\"base.toml\"]\ndefault", 1);
    std::fs::write(&first, text).unwrap();
    let mut app = app::waha(&mock).policy_at(&first).start().await;
    for text in ["one", "two", "three"] {
        assert_ne!(code(&send(&mut app, text).await), "account-paused");
    }
    assert_eq!(code(&send(&mut app, "four").await), "account-paused");
}
