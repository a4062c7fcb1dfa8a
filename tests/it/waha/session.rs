//! Opening the session, looking at it, logging out.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use whatsapp_guard::{backend::Waits, qr};
use wiremock::{
    MockServer, ResponseTemplate,
    matchers::{body_json, query_param},
};

use super::*;
use crate::app::{self, code, text};

const START: &str = "/api/sessions/default/start";
const RESTART: &str = "/api/sessions/default/restart";
const QR: &str = "/api/default/auth/qr";
const CODE: &str = "/api/default/auth/request-code";

/// One call of a tool while the session is seen in these states.
async fn call(mock: &MockServer, tool: &str, arguments: Value) -> Value {
    app::waha(mock).start().await.call(tool, arguments).await
}

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
    let mut app = app::waha(&mock).start().await;
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
async fn a_qr_code_is_shown() {
    let value = "2@AbCdEf123,ghIJkl+/=,mnop==,QRst";
    let mock = MockServer::start().await;
    no_post(&mock).await;
    sessions(&mock, [session("SCAN_QR_CODE")]).await;
    get(QR)
        .and(query_param("format", "raw"))
        .respond_with(reply(200, json!({ "value": value })))
        .expect(1)
        .mount(&mock)
        .await;
    let result = call(&mock, "open_session", json!({})).await;
    let image = &result["content"][1];
    assert_eq!(image["type"], "image");
    assert_eq!(image["mimeType"], "image/png");
    let png = STANDARD.decode(image["data"].as_str().unwrap()).unwrap();
    // Read out of the picture and drawn again, it is the drawing of the value.
    let drawing = qr::redraw(&png).unwrap();
    assert_eq!(drawing, qr::draw(value).unwrap().text);
    assert!(text(&result).contains(&drawing));
    assert!(text(&result).contains("Linked devices"));
    let told = &result["structuredContent"];
    assert_eq!(told["session"]["state"], "needs_linking");
    let expires: Timestamp = told["qr"]["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires.duration_since(Timestamp::now()).as_secs();
    assert!((10..=20).contains(&left), "{left}");
    // The value links an account: only the person who scans it needs it.
    assert!(!told.to_string().contains(value));
}

#[tokio::test]
async fn a_pairing_code_is_told() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("SCAN_QR_CODE")]).await;
    request("POST", CODE)
        .and(body_json(json!({ "phoneNumber": "4915112345678" })))
        .respond_with(reply(201, json!({ "code": "MHD5-P1AF" })))
        .expect(1)
        .mount(&mock)
        .await;
    let arguments = json!({ "phone_number": "+49 (151) 1234-5678" });
    let result = call(&mock, "open_session", arguments).await;
    let pairing = &result["structuredContent"]["pairing"];
    assert_eq!(pairing["code"], "MHD5-P1AF");
    assert!(
        pairing["how"]
            .as_str()
            .unwrap()
            .contains("Link with phone number")
    );
    assert!(
        text(&result).contains("pairing code MHD5-P1AF"),
        "{}",
        text(&result)
    );
    assert_eq!(result["structuredContent"].get("qr"), None);
}

#[tokio::test]
async fn a_state_that_has_moved_on_is_looked_at_again() {
    let message = "Can request code only in SCAN_QR_CODE status. The current status is WORKING";
    for (arguments, answer) in [
        (json!({}), wrong_state("WORKING")),
        (
            json!({ "phone_number": "4915112345678" }),
            refused(422, message),
        ),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("SCAN_QR_CODE"), session("WORKING")]).await;
        get(QR).respond_with(answer.clone()).mount(&mock).await;
        request("POST", CODE)
            .respond_with(answer)
            .mount(&mock)
            .await;
        let result = call(&mock, "open_session", arguments).await;
        assert_eq!(
            result["structuredContent"]["session"]["state"], "working",
            "{result}"
        );
    }
}

#[tokio::test]
async fn a_code_that_cannot_be_had_is_a_failure() {
    for (answer, said, failure) in [
        (
            refused(422, "The method is not implemented by the engine."),
            "not implemented",
            "backend-refused",
        ),
        (
            reply(200, json!({ "value": null })),
            "missing",
            "backend-unreadable",
        ),
        (empty(200), "empty", "backend-unreadable"),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("SCAN_QR_CODE")]).await;
        get(QR).respond_with(answer.clone()).mount(&mock).await;
        request("POST", CODE)
            .respond_with(answer)
            .expect(1)
            .mount(&mock)
            .await;
        for arguments in [json!({}), json!({ "phone_number": "4915112345678" })] {
            let result = call(&mock, "open_session", arguments).await;
            assert_eq!(code(&result), failure);
            assert!(text(&result).contains(said), "{result}");
        }
    }
}

#[tokio::test]
async fn a_passkey_is_not_waited_for() {
    let mock = MockServer::start().await;
    no_post(&mock).await;
    sessions(&mock, [session("PASSKEY_REQUIRED")]).await;
    let result = call(&mock, "open_session", json!({})).await;
    let told = &result["structuredContent"]["session"];
    assert_eq!(told["state"], "needs_linking");
    // Calling open_session again would lead nowhere.
    let next = told["next"].as_str().unwrap();
    assert!(
        next.contains("browser") && !next.contains("open_session"),
        "{next}"
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
    let result = call(&mock, "open_session", json!({})).await;
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
        let result = call(&mock, "open_session", json!({})).await;
        assert_eq!(result["structuredContent"]["session"]["state"], state);
        assert!(start.elapsed() >= app::waits().open);
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
    let mut app = app::waha(&mock).start().await;
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
    let mut app = app::waha(&mock).start().await;
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
    let waits = Waits {
        open: NEVER,
        ..app::waits()
    };
    let mut app = app::waha_with(&mock, waits).start().await;
    let params = json!({ "name": "open_session", "arguments": {} });
    let id = app.begin("tools/call", params).await;
    received(&mock, "POST", START).await;
    assert_eq!(cancel(&mut app, id).await, "ok");
}
