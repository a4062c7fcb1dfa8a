//! Logging out, and what shows that it happened.

use std::time::Duration;

use serde_json::json;
use whatsapp_guard::config::Timeouts;
use wiremock::{MockServer, ResponseTemplate};

use super::*;
use crate::app::{self, code, text};

const LOGOUT: &str = "/api/sessions/default/logout";

/// Logs out while the session is seen in these states: first before, then after.
async fn log_out(
    states: impl IntoIterator<Item = ResponseTemplate>,
    answer: ResponseTemplate,
    timeouts: Timeouts,
) -> Value {
    let mock = MockServer::start().await;
    sessions(&mock, states).await;
    post(LOGOUT)
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = app::waha_with(&mock, timeouts).start().await;
    app.call("logout_instance", json!({})).await
}

#[tokio::test]
async fn the_state_tells_whether_it_was_a_logout() {
    let working = || session("WORKING");
    let waiting = || session("SCAN_QR_CODE");
    let starting = || session("STARTING");
    let broken = || refused(500, "boom");
    let cases = [
        (
            "waits for the state",
            vec![working(), working(), starting(), waiting()],
            starting(),
            "logged_out",
            Some("needs_linking"),
        ),
        (
            "a stopped session has its login removed",
            vec![session("STOPPED")],
            session("STOPPED"),
            "logged_out",
            Some("stopped"),
        ),
        (
            "an empty answer is a yes",
            vec![working(), waiting()],
            empty(200),
            "logged_out",
            Some("needs_linking"),
        ),
        (
            "gone with its login",
            vec![working(), no_session()],
            starting(),
            "logged_out",
            Some("missing"),
        ),
        (
            "one failed look is no answer",
            vec![working(), broken(), waiting()],
            starting(),
            "logged_out",
            Some("needs_linking"),
        ),
        (
            "still linked",
            vec![working()],
            starting(),
            "still_linked",
            Some("working"),
        ),
        (
            "starting proves nothing",
            vec![working(), starting()],
            starting(),
            "unknown",
            Some("starting"),
        ),
        (
            "a login kept by a stopped session",
            vec![
                working(),
                signed_in("STOPPED", json!({ "id": "15550001111@c.us" })),
            ],
            starting(),
            "unknown",
            Some("stopped"),
        ),
        (
            "no look succeeds",
            vec![working(), broken()],
            starting(),
            "unknown",
            None,
        ),
        (
            "failed, but gone",
            vec![working(), waiting()],
            broken(),
            "logged_out",
            Some("needs_linking"),
        ),
        (
            "failed, and nobody knows",
            vec![working(), starting()],
            broken(),
            "unknown",
            Some("starting"),
        ),
    ];
    for (what, states, answer, outcome, state) in cases {
        let done = outcome == "logged_out";
        let timeouts = if done { patient() } else { app::timeouts() };
        let result = log_out(states, answer, timeouts).await;
        let told = &result["structuredContent"];
        assert_eq!(told["outcome"], outcome, "{what}: {result}");
        assert_eq!(told["verified"], done, "{what}");
        assert_eq!(result["isError"], !done, "{what}");
        assert_eq!(told["session"]["state"].as_str(), state, "{what}");
        assert_eq!(told.get("next").is_none(), done, "{what}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_in_the_state() {
    let lost = || empty(201).set_delay(NEVER);
    let gone = [session("WORKING"), session("SCAN_QR_CODE")];
    let timeouts = |timeouts: Timeouts| Timeouts {
        answer: Duration::from_millis(400),
        ..timeouts
    };
    let result = log_out(gone, lost(), timeouts(patient())).await;
    assert_eq!(result["structuredContent"]["outcome"], "logged_out");
    assert_eq!(result["isError"], false);
    let result = log_out([session("WORKING")], lost(), timeouts(app::timeouts())).await;
    assert_eq!(result["structuredContent"]["outcome"], "unknown");
    assert_eq!(result["structuredContent"]["verified"], false);
    assert!(text(&result).contains("do not log out again"), "{result}");
}

#[tokio::test]
async fn a_refused_logout_is_told() {
    for (answer, said, code_is) in [
        (refused(403, "Forbidden"), "Forbidden", "backend-refused"),
        (refused(500, "broken"), "broken", "outcome-unknown"),
    ] {
        let result = log_out([session("WORKING")], answer, app::timeouts()).await;
        assert_eq!(code(&result), code_is);
        assert!(text(&result).contains(said), "{result}");
    }
    // A proxy's word says nothing, although the account is still linked.
    let answer = ResponseTemplate::new(502).set_body_string("<html>bad gateway</html>");
    let result = log_out([session("WORKING")], answer, app::timeouts()).await;
    assert_eq!(result["structuredContent"]["outcome"], "unknown");
}

#[tokio::test]
async fn without_an_account_nothing_is_sent() {
    for (before, state) in [
        (session("SCAN_QR_CODE"), "needs_linking"),
        (signed_in("SCAN_QR_CODE", json!({})), "needs_linking"),
        (no_session(), "missing"),
    ] {
        let mock = MockServer::start().await;
        no_post(&mock).await;
        sessions(&mock, [before]).await;
        let mut app = app::waha(&mock).start().await;
        let result = app.call("logout_instance", json!({})).await;
        let told = &result["structuredContent"];
        assert_eq!(told["outcome"], "was_not_linked");
        assert_eq!(told["session"]["state"], state);
        assert_eq!(result["isError"], false);
    }
}
