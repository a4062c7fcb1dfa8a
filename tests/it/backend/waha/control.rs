//! Restarting, stopping and deleting the session, and the profile.

use super::*;
use crate::app::{code, text};

fn delete(answer: ResponseTemplate, times: u64) -> Mock {
    request("DELETE", SESSION)
        .and(body_bytes(""))
        .respond_with(answer)
        .expect(times)
}

async fn control(mock: &MockServer, verb: &str, answer: ResponseTemplate, times: u64) {
    post(&format!("{SESSION}/{verb}"))
        .respond_with(answer)
        .expect(times)
        .mount(mock)
        .await;
}

fn outcome(result: &Value) -> &str {
    result["structuredContent"]["outcome"]
        .as_str()
        .unwrap_or_else(|| panic!("no outcome: {result}"))
}

#[tokio::test]
async fn the_profile_is_told() {
    for (body, told) in [
        (
            json!({ "id": "15550001111@c.us", "name": "Test\u{202e}er", "picture": "https://pps.example.org/1" }),
            json!({ "name": "Test\\u{202e}er", "account": "15550001111@c.us", "has_picture": true }),
        ),
        (
            json!({ "id": "15550001111:2@s.whatsapp.net", "name": "", "picture": null }),
            json!({ "account": "15550001111@c.us", "has_picture": false }),
        ),
    ] {
        let mock = MockServer::start().await;
        get("/api/default/profile")
            .respond_with(reply(200, body))
            .mount(&mock)
            .await;
        let result = call(&mock, "get_profile", json!({})).await;
        assert_eq!(result["structuredContent"], told);
    }
}

#[tokio::test]
async fn a_profile_needs_a_working_session() {
    for (answer, expected) in [
        (wrong_state("SCAN_QR_CODE"), "backend-refused"),
        (empty(200), "backend-unreadable"),
    ] {
        let mock = MockServer::start().await;
        get("/api/default/profile")
            .respond_with(answer)
            .mount(&mock)
            .await;
        let result = call(&mock, "get_profile", json!({})).await;
        assert_eq!(code(&result), expected);
    }
}

#[tokio::test]
async fn a_restart_is_watched() {
    for (last, told) in [("WORKING", "restarted"), ("SCAN_QR_CODE", "needs_linking")] {
        let mock = MockServer::start().await;
        sessions(
            &mock,
            [session("WORKING"), session("STARTING"), session(last)],
        )
        .await;
        control(&mock, "restart", session("STARTING"), 1).await;
        let result = call(&mock, "restart_session", json!({})).await;
        assert_eq!(outcome(&result), told);
        assert_eq!(result["structuredContent"]["verified"], true);
        assert_eq!(result["isError"], false);
    }
}

#[tokio::test]
async fn a_restart_that_does_not_come_up_is_told() {
    for (last, told, failed) in [("FAILED", "not_up", true), ("STARTING", "starting", false)] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("WORKING"), session(last)]).await;
        control(&mock, "restart", session("STARTING"), 1).await;
        let result = impatient(&mock, "restart_session", json!({})).await;
        assert_eq!(outcome(&result), told);
        assert_eq!(result["structuredContent"]["verified"], false);
        assert_eq!(result["isError"], failed);
    }
}

#[tokio::test]
async fn a_restart_without_an_answer_is_looked_at() {
    for (states, told) in [
        (["WORKING", "STARTING", "WORKING"], "restarted"),
        (["WORKING", "WORKING", "WORKING"], "unknown"),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, states.map(session)).await;
        let lost = empty(201).set_delay(NEVER);
        control(&mock, "restart", lost, 1).await;
        let timeouts = Timeouts {
            answer: Duration::from_millis(200),
            ..app::timeouts()
        };
        let mut app = app::waha_with(&mock, timeouts).start().await;
        let result = app.call("restart_session", json!({})).await;
        assert_eq!(outcome(&result), told);
    }
}

#[tokio::test]
async fn what_is_missing_is_not_restarted() {
    let mock = MockServer::start().await;
    sessions(&mock, [no_session()]).await;
    no_post(&mock).await;
    let result = call(&mock, "restart_session", json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("call open_session"), "{result}");
}

#[tokio::test]
async fn a_stop_is_verified() {
    let mock = MockServer::start().await;
    sessions(
        &mock,
        [session("WORKING"), session("WORKING"), session("STOPPED")],
    )
    .await;
    control(&mock, "stop", session("STOPPED"), 1).await;
    let result = call(&mock, "stop_session", json!({})).await;
    assert_eq!(outcome(&result), "stopped");
    assert_eq!(result["structuredContent"]["verified"], true);
}

#[tokio::test]
async fn a_stop_that_shows_nothing_has_failed() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    control(&mock, "stop", empty(201), 1).await;
    let result = impatient(&mock, "stop_session", json!({})).await;
    assert_eq!(outcome(&result), "still_running");
    assert_eq!(result["isError"], true);
}

#[tokio::test]
async fn what_does_not_run_is_not_stopped() {
    for before in [session("STOPPED"), no_session()] {
        let mock = MockServer::start().await;
        sessions(&mock, [before]).await;
        no_post(&mock).await;
        let result = call(&mock, "stop_session", json!({})).await;
        assert_eq!(outcome(&result), "was_not_running");
    }
}

#[tokio::test]
async fn a_session_is_deleted_when_it_is_gone() {
    let mock = MockServer::start().await;
    // The briefing's look, the call's own, and one too soon.
    let here = || session("WORKING");
    sessions(&mock, [here(), here(), here(), no_session()]).await;
    delete(empty(200), 1).mount(&mock).await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let result = app.call("delete_session", json!({})).await;
    assert_eq!(outcome(&result), "deleted");
    let question = app.questions[0].to_string();
    assert!(question.contains("Tester"), "{question}");
    assert!(question.contains("15550001111@c.us"), "{question}");
}

#[tokio::test]
async fn a_session_that_stays_is_told() {
    for (answer, told) in [
        (empty(200), Ok("still_there")),
        (refused(500, "broken"), Err("outcome-unknown")),
        (refused(403, "Forbidden"), Err("backend-refused")),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("WORKING")]).await;
        delete(answer, 1).mount(&mock).await;
        let result = impatient(&mock, "delete_session", json!({})).await;
        assert_eq!(result["isError"], true);
        match told {
            Ok(told) => assert_eq!(outcome(&result), told),
            Err(told) => assert_eq!(code(&result), told),
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_not_deleted() {
    let mock = MockServer::start().await;
    sessions(&mock, [no_session()]).await;
    delete(empty(200), 0).mount(&mock).await;
    let result = call(&mock, "delete_session", json!({})).await;
    assert_eq!(outcome(&result), "was_missing");
    assert_eq!(result["isError"], false);
}

#[tokio::test]
async fn a_restart_that_is_taken_back_too_late_is_followed_to_its_end() {
    let mock = MockServer::start().await;
    let states = ["WORKING", "STARTING", "STARTING", "WORKING"];
    sessions(&mock, states.map(session)).await;
    let slow = session("STARTING").set_delay(Duration::from_millis(100));
    control(&mock, "restart", slow, 1).await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let params = json!({ "name": "restart_session", "arguments": {} });
    let id = app.begin("tools/call", params).await;
    received(&mock, "POST", &format!("{SESSION}/restart")).await;
    assert_eq!(cancel(&mut app, id).await, "ok");
}
