//! What WAHA says of an account in danger, and that it is left alone then.

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{SESSION, get, reply, request, session};
use crate::app::{self, TestServer, code};

const TIMELOCK: &str = "/api/sessions/default/timelock";
const CAPPING: &str = "/api/sessions/default/capping";

/// A server that works, sends, and says this of locks and caps.
async fn server(locked: ResponseTemplate, capped: ResponseTemplate, asked: u64) -> MockServer {
    let mock = MockServer::start().await;
    get(SESSION)
        .respond_with(session("WORKING"))
        .mount(&mock)
        .await;
    for (at, said) in [(TIMELOCK, locked), (CAPPING, capped)] {
        let known = get(at).respond_with(said).expect(asked);
        known.mount(&mock).await;
    }
    let sent =
        json!({ "id": "true_15552223333@c.us_3EB0AA", "timestamp": 1_600_000_000, "ack": 1 });
    request("POST", "/api/sendText")
        .respond_with(reply(201, sent))
        .mount(&mock)
        .await;
    mock
}

async fn paused_by(mock: &MockServer, words: &str) -> TestServer {
    let policy = format!("version = \"1\"\ndefault = \"allow\"\n[health]\npause_on = {words}\n");
    app::waha(mock).policy(&policy).start().await
}

async fn send(app: &mut TestServer, text: &str) -> Value {
    app.call(
        "send_message",
        json!({ "chat": "+15552223333", "text": text }),
    )
    .await
}

fn lock(active: bool) -> ResponseTemplate {
    reply(
        200,
        json!({ "enforcementType": "RESTRICT_ALL_COMPANIONS", "isActive": active, "timeEnforcementEnds": 1_800_000_000 }),
    )
}

fn cap(status: &str) -> ResponseTemplate {
    reply(
        200,
        json!({ "cappingStatus": status, "totalQuota": 30, "usedQuota": 30, "mvStatus": "NONE" }),
    )
}

fn unknown(at: &str) -> ResponseTemplate {
    let message = format!("Cannot GET {at}");
    reply(
        404,
        json!({ "statusCode": 404, "message": message, "error": "Not Found" }),
    )
}

#[tokio::test]
async fn an_account_that_is_locked_is_left_alone() {
    let mock = server(lock(true), cap("NONE"), 1).await;
    let mut app = paused_by(&mock, "[\"timelock\"]").await;
    let refused = send(&mut app, "hello").await;
    assert_eq!(code(&refused), "account-paused");
    let error = &refused["structuredContent"]["error"];
    let reason = error["reason"].as_str().unwrap();
    assert!(reason.ends_with("its state is timelock."), "{reason}");
    assert_eq!(error["rule"], "policy.toml:3:2 (health)");
}

#[tokio::test]
async fn an_account_that_is_capped_is_left_alone_where_the_policy_says_so() {
    for (words, status, wanted) in [
        ("[\"capped\"]", "CAPPED", Some("account-paused")),
        ("[\"capped\"]", "SECOND_WARNING", None),
        ("[\"timelock\"]", "CAPPED", None),
    ] {
        let mock = server(lock(false), cap(status), 1).await;
        let mut app = paused_by(&mock, words).await;
        let result = send(&mut app, "hello").await;
        match wanted {
            Some(wanted) => assert_eq!(code(&result), wanted),
            None => assert_eq!(result["isError"], false, "{words} {status}: {result}"),
        }
    }
}

#[tokio::test]
async fn both_words_are_told() {
    let mock = server(lock(true), cap("CAPPED"), 1).await;
    let mut app = paused_by(&mock, "[\"capped\"]").await;
    assert_eq!(code(&send(&mut app, "hello").await), "account-paused");
}

#[tokio::test]
async fn a_server_that_does_not_know_of_it_is_asked_once() {
    let lacking = "The method is not implemented by 'GOWS' engine.";
    for (locked, capped) in [
        (unknown(TIMELOCK), unknown(CAPPING)),
        (
            reply(501, json!({ "statusCode": 501, "message": lacking })),
            unknown(CAPPING),
        ),
    ] {
        let mock = server(locked, capped, 1).await;
        let mut app = paused_by(&mock, "[\"timelock\", \"capped\"]").await;
        for text in ["one", "two", "three"] {
            assert_eq!(send(&mut app, text).await["isError"], false);
            app.hand.advance(std::time::Duration::from_secs(61));
        }
    }
}

#[tokio::test]
async fn a_server_that_fails_once_is_asked_again() {
    let broken = || {
        reply(
            404,
            json!({ "statusCode": 404, "message": "Session not found" }),
        )
    };
    let mock = server(broken(), broken(), 2).await;
    let mut app = paused_by(&mock, "[\"timelock\", \"capped\"]").await;
    for text in ["one", "two"] {
        assert_eq!(send(&mut app, text).await["isError"], false);
        app.hand.advance(std::time::Duration::from_secs(61));
    }
}

#[tokio::test]
async fn what_is_not_as_expected_says_nothing() {
    let odd = || reply(200, json!(["odd"]));
    let mock = server(odd(), odd(), 1).await;
    let mut app = paused_by(&mock, "[\"timelock\", \"capped\"]").await;
    assert_eq!(send(&mut app, "hello").await["isError"], false);
}

#[tokio::test]
async fn a_session_that_does_not_work_is_not_asked_about() {
    let mock = MockServer::start().await;
    get(SESSION)
        .respond_with(session("FAILED"))
        .mount(&mock)
        .await;
    for at in [TIMELOCK, CAPPING] {
        Mock::given(wiremock::matchers::path(at))
            .respond_with(unknown(at))
            .expect(0)
            .mount(&mock)
            .await;
    }
    let mut app = paused_by(&mock, "[\"FAILED\"]").await;
    assert_eq!(code(&send(&mut app, "hello").await), "account-paused");
}
