//! Opening the session, and looking at it.

use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::{MockServer, matchers::body_json};

use super::*;
use crate::app::{self, code, text};

const START: &str = "/api/sessions/default/start";
const RESTART: &str = "/api/sessions/default/restart";

#[tokio::test]
async fn a_working_session_is_told() {
    let mock = MockServer::start().await;
    get(SESSION)
        .respond_with(session("WORKING"))
        .expect(1)
        .mount(&mock)
        .await;
    let result = call(&mock, "get_session", json!({})).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "state": "working", "reported": "WORKING", "account": "15550001111@c.us", "account_name": "Tester" })
    );
    assert_eq!(
        text(&result),
        "the session is linked and working (reported as WORKING); signed in as “Tester”, 15550001111@c.us"
    );
}

#[tokio::test]
async fn every_state_is_told() {
    let old = "We didn't find a session with name 'default'.\nPlease start it first by using POST /api/sessions/default/start request";
    let newer = json!({ "error": "Session \"default\" does not exist", "session": "default" });
    for (answer, state, reported, next) in [
        (
            session("SCAN_QR_CODE"),
            "needs_linking",
            Some("SCAN_QR_CODE"),
            "link it",
        ),
        (
            session("PASSKEY_REQUIRED"),
            "needs_linking",
            Some("PASSKEY_REQUIRED"),
            "browser",
        ),
        (session("STARTING"), "starting", Some("STARTING"), "wait"),
        (
            session("STOPPED"),
            "stopped",
            Some("STOPPED"),
            "call open_session",
        ),
        (
            session("FAILED"),
            "failed",
            Some("FAILED"),
            "call open_session",
        ),
        (
            session("DANC\u{202e}ING"),
            "unknown",
            Some("DANC\\u{202e}ING"),
            "console",
        ),
        (no_session(), "missing", None, "call open_session"),
        (refused(404, old), "missing", None, "call open_session"),
        (reply(422, newer), "missing", None, "call open_session"),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [answer]).await;
        let result = call(&mock, "get_session", json!({})).await;
        let told = &result["structuredContent"];
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(told["state"], state);
        assert_eq!(told["reported"].as_str(), reported);
        assert!(told["next"].as_str().unwrap().contains(next), "{told}");
        assert_eq!(told.get("account"), None);
    }
}

#[tokio::test]
async fn a_login_that_is_being_restored_is_told() {
    let mock = MockServer::start().await;
    let me = json!({ "id": "15550001111:7@s.whatsapp.net", "lid": "77@lid" });
    sessions(&mock, [signed_in("STARTING", me)]).await;
    let result = call(&mock, "get_session", json!({})).await;
    assert_eq!(result["structuredContent"]["state"], "starting");
    assert_eq!(result["structuredContent"]["account"], "15550001111@c.us");
}

#[tokio::test]
async fn a_missing_session_is_created() {
    let body = json!({
        "name": "default", "start": true,
        "config": { "noweb": { "markOnline": true, "store": { "enabled": true, "fullSync": false } } },
    });
    let exists = "Session 'default' already exists. Use PUT to update it.";
    for answer in [session("STARTING"), empty(201), refused(422, exists)] {
        let mock = MockServer::start().await;
        let states = [no_session(), session("STARTING"), session("WORKING")];
        sessions(&mock, states).await;
        request("POST", "/api/sessions")
            .and(body_json(&body))
            .respond_with(answer)
            .expect(1)
            .mount(&mock)
            .await;
        let result = call(&mock, "open_session", json!({})).await;
        let told = &result["structuredContent"]["session"];
        assert_eq!(told["state"], "working");
        assert_eq!(told["account"], "15550001111@c.us");
    }
}

#[tokio::test]
async fn a_session_that_is_down_is_started() {
    let started = "Session 'default' is already started.";
    for (state, verb, answer) in [
        ("STOPPED", START, session("STARTING")),
        ("STOPPED", START, refused(422, started)),
        ("FAILED", RESTART, session("STARTING")),
    ] {
        let mock = MockServer::start().await;
        let states = [session(state), session("STARTING"), session("WORKING")];
        sessions(&mock, states).await;
        post(verb).respond_with(answer).expect(1).mount(&mock).await;
        let result = call(&mock, "open_session", json!({})).await;
        assert_eq!(result["structuredContent"]["session"]["state"], "working");
    }
}

#[tokio::test]
async fn another_refusal_to_start_is_told() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("STOPPED")]).await;
    let message = "WAHA Core support only 'default' session.";
    post(START)
        .respond_with(refused(422, message))
        .mount(&mock)
        .await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains(message), "{result}");
}

#[tokio::test]
async fn waiting_is_reported() {
    let mock = MockServer::start().await;
    no_post(&mock).await;
    let mut states = vec![session("STARTING"); 3];
    states.push(session("WORKING"));
    sessions(&mock, states).await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let params =
        json!({ "name": "open_session", "arguments": {}, "_meta": { "progressToken": "p1" } });
    let answer = app.request("tools/call", params).await;
    let told = &answer["result"]["structuredContent"]["session"];
    assert_eq!(told["state"], "working");
    assert_eq!(app.progress.len(), 3, "{:?}", app.progress);
    for (step, report) in app.progress.iter().enumerate() {
        assert_eq!(report["progressToken"], "p1");
        assert_eq!(report["progress"].as_f64(), Some((step + 1) as f64));
        assert_eq!(
            report["message"],
            "waiting for the session, which is STARTING"
        );
    }
}

#[tokio::test]
async fn a_session_that_works_is_left_alone() {
    let mock = MockServer::start().await;
    no_post(&mock).await;
    sessions(&mock, [session("WORKING")]).await;
    // A number asks for a code only where there is something to link.
    let result = call(
        &mock,
        "open_session",
        json!({ "phone_number": "+49 151 12345678" }),
    )
    .await;
    assert_eq!(
        result["structuredContent"],
        json!({ "session": {
            "state": "working", "reported": "WORKING", "account": "15550001111@c.us", "account_name": "Tester",
        } })
    );
}

#[tokio::test]
async fn a_session_that_was_never_made_is_a_failure() {
    let mock = MockServer::start().await;
    sessions(&mock, [no_session()]).await;
    request("POST", "/api/sessions")
        .respond_with(empty(201))
        .expect(1)
        .mount(&mock)
        .await;
    let result = impatient(&mock, "open_session", json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(
        text(&result).contains("the session was created, but it is not there"),
        "{result}"
    );
}

#[tokio::test]
async fn waiting_ends() {
    for (status, state) in [("STARTING", "starting"), ("SOMETHING_NEW", "unknown")] {
        let mock = MockServer::start().await;
        no_post(&mock).await;
        sessions(&mock, [session(status)]).await;
        let start = Instant::now();
        let result = impatient(&mock, "open_session", json!({})).await;
        assert_eq!(result["structuredContent"]["session"]["state"], state);
        assert!(start.elapsed() >= app::timeouts().open);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn opening_twice_at_once_makes_one_session() {
    let mock = MockServer::start().await;
    // Both look before either creates.
    let late = no_session().set_delay(Duration::from_millis(50));
    sessions(&mock, [late.clone(), late, session("WORKING")]).await;
    let second = refused(
        422,
        "Session 'default' already exists. Use PUT to update it.",
    );
    request("POST", "/api/sessions")
        .respond_with(answers([session("STARTING"), second]))
        .expect(1..=2)
        .mount(&mock)
        .await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let params = json!({ "name": "open_session", "arguments": {} });
    app.begin("tools/call", params.clone()).await;
    app.begin("tools/call", params).await;
    for _ in 0..2 {
        let answer = app.receive().await;
        assert_eq!(
            answer["result"]["structuredContent"]["session"]["state"], "working",
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_call_that_is_taken_back_in_time_starts_nothing() {
    let mock = MockServer::start().await;
    no_post(&mock).await;
    let late = session("STOPPED").set_delay(Duration::from_millis(100));
    sessions(&mock, [late]).await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let params = json!({ "name": "open_session", "arguments": {} });
    let id = app.begin("tools/call", params).await;
    received(&mock, "GET", SESSION).await;
    assert_eq!(cancel(&mut app, id).await, "cancelled");
}

#[tokio::test]
async fn a_call_that_is_taken_back_too_late_is_not_called_undone() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("STOPPED"), session("STARTING")]).await;
    post(START)
        .respond_with(session("STARTING"))
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let params = json!({ "name": "open_session", "arguments": {} });
    let id = app.begin("tools/call", params).await;
    received(&mock, "POST", START).await;
    assert_eq!(cancel(&mut app, id).await, "ok");
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_is_looked_for_in_the_state() {
    let mock = MockServer::start().await;
    sessions(
        &mock,
        [session("STOPPED"), session("STARTING"), session("WORKING")],
    )
    .await;
    post(&format!("{SESSION}/start"))
        .respond_with(empty(201).set_delay(NEVER))
        .expect(1)
        .mount(&mock)
        .await;
    let timeouts = Timeouts {
        answer: Duration::from_millis(200),
        ..patient()
    };
    let mut app = app::waha_with(&mock, timeouts).start().await;
    let result = app.call("open_session", json!({})).await;
    assert_eq!(result["structuredContent"]["session"]["state"], "working");
}
