//! Logging out.

use super::*;

#[tokio::test]
async fn a_logout_is_looked_at() {
    let mock = MockServer::start().await;
    state_once(&mock, "authorized").await;
    state_once(&mock, "authorized").await;
    state_once(&mock, "starting").await;
    state(&mock, "notAuthorized").await;
    logout(&mock, json_body(json!({ "isLogout": true })), 1).await;
    let result = call(&mock, "logout_instance", json!({})).await;
    assert_eq!(outcome(&result), "logged_out");
    assert_eq!(result["structuredContent"]["verified"], true);
    assert_ne!(result["isError"], true);
}

#[tokio::test]
async fn an_account_that_stays_linked_is_told() {
    let mock = MockServer::start().await;
    state(&mock, "authorized").await;
    logout(&mock, json_body(json!({ "isLogout": true })), 1).await;
    let result = call(&mock, "logout_instance", json!({})).await;
    assert_eq!(outcome(&result), "still_linked");
    assert_eq!(result["isError"], true);
    assert_eq!(result["structuredContent"]["verified"], false);
}

#[tokio::test]
async fn a_state_that_settles_on_neither_is_unknown() {
    let mock = MockServer::start().await;
    state_once(&mock, "authorized").await;
    state(&mock, "starting").await;
    logout(&mock, json_body(json!({ "isLogout": true })), 1).await;
    let result = call(&mock, "logout_instance", json!({})).await;
    assert_eq!(outcome(&result), "unknown");
    assert_eq!(result["structuredContent"]["session"]["state"], "starting");
}

#[tokio::test]
async fn nothing_is_sent_where_nothing_is_linked() {
    let mock = MockServer::start().await;
    state(&mock, "notAuthorized").await;
    logout(&mock, json_body(json!({ "isLogout": true })), 0).await;
    let result = call(&mock, "logout_instance", json!({})).await;
    assert_eq!(outcome(&result), "was_not_linked");
}

#[tokio::test]
async fn a_no_is_a_refusal() {
    for (answer, said) in [
        (json_body(json!({ "isLogout": false })), "answered no"),
        (
            json_body(json!({ "isLogout": false, "reason": "busy" })),
            "busy",
        ),
        (ResponseTemplate::new(401), "Unauthorized"),
        (ResponseTemplate::new(429), "Too Many Requests"),
    ] {
        let mock = MockServer::start().await;
        state(&mock, "authorized").await;
        logout(&mock, answer, 1).await;
        let result = call(&mock, "logout_instance", json!({})).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains(said), "{result}");
    }
    let mock = MockServer::start().await;
    state(&mock, "authorized").await;
    let broken = ResponseTemplate::new(500).set_body_string("oops");
    logout(&mock, broken, 1).await;
    let result = call(&mock, "logout_instance", json!({})).await;
    assert_eq!(code(&result), "outcome-unknown");
    assert!(reason(&result).contains("oops"), "{result}");
}

#[tokio::test]
async fn without_an_answer_the_state_decides() {
    for (after, expected) in [("notAuthorized", "logged_out"), ("authorized", "unknown")] {
        for answer in [
            ResponseTemplate::new(499),
            ResponseTemplate::new(502),
            ResponseTemplate::new(200),
            ResponseTemplate::new(200).set_body_string("x".repeat(10 << 20)),
        ] {
            let mock = MockServer::start().await;
            state_once(&mock, "authorized").await;
            state(&mock, after).await;
            logout(&mock, answer, 1).await;
            let result = call(&mock, "logout_instance", json!({})).await;
            assert_eq!(outcome(&result), expected);
        }
    }
}
