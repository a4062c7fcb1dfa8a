//! The state of the instance, and what every call can be answered.

use super::*;

#[tokio::test]
async fn a_working_instance_is_told() {
    let mock = MockServer::start().await;
    state(&mock, "authorized").await;
    let own = json!({ "avatar": "https://x/y", "phone": "15550001111", "deviceId": "d" });
    get(&mock, "getWaSettings", json_body(own)).await;
    let result = call(&mock, "get_session", json!({})).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "state": "working", "reported": "authorized", "account": OWN })
    );
    assert_eq!(
        text(&result),
        "the session is linked and working (reported as authorized); signed in as 15550001111@c.us"
    );
}

#[tokio::test]
async fn the_state_stands_without_the_account() {
    let mock = MockServer::start().await;
    state(&mock, "authorized").await;
    let result = call(&mock, "get_session", json!({})).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "state": "working", "reported": "authorized" })
    );
}

#[tokio::test]
async fn every_state_has_a_meaning() {
    for (word, meaning) in [
        ("notAuthorized", "needs_linking"),
        ("pendingCode", "needs_linking"),
        ("starting", "starting"),
        ("sleepMode", "starting"),
        ("yellowCard", "restricted"),
        ("suspended", "restricted"),
        ("blocked", "restricted"),
        ("pendingPassword", "unknown"),
        ("something\u{202e}new", "unknown"),
    ] {
        let mock = MockServer::start().await;
        state(&mock, word).await;
        let result = call(&mock, "get_session", json!({})).await;
        assert_eq!(result["structuredContent"]["state"], meaning, "{word}");
        assert!(!text(&result).contains('\u{202e}'));
    }
}

#[tokio::test]
async fn an_instance_that_says_that_it_starts_is_starting() {
    for status in [400, 200] {
        let mock = MockServer::start().await;
        let answer = refused(status, "instance in starting process try later");
        get(&mock, "getStateInstance", answer).await;
        let result = call(&mock, "get_session", json!({})).await;
        assert_eq!(result["structuredContent"]["state"], "starting");
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_no_state() {
    for answer in [
        json_body(json!({})),
        json_body(json!({ "stateInstance": null })),
        json_body(json!(false)),
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_string("fine"),
        ResponseTemplate::new(200).set_body_string("x".repeat(10 << 20)),
    ] {
        let mock = MockServer::start().await;
        get(&mock, "getStateInstance", answer).await;
        let result = call(&mock, "get_session", json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let page = format!("<html><body>Cannot GET {}</body></html>", address("qr"));
    for (answer, said, to_do) in [
        (
            ResponseTemplate::new(401),
            "Unauthorized",
            "GREENAPI_API_TOKEN",
        ),
        (
            ResponseTemplate::new(403).set_body_string("Forbidden"),
            "Forbidden",
            "GREENAPI_ID_INSTANCE",
        ),
        (
            ResponseTemplate::new(404).set_body_raw(page, "text/html"),
            "Not Found",
            "GREENAPI_API_URL",
        ),
        (
            ResponseTemplate::new(302).insert_header("Location", "http://127.0.0.1:1/"),
            "Found",
            "redirect",
        ),
        (
            refused(
                400,
                "Instance account is expired. Renew your instance from personal area",
            ),
            "expired",
            "console",
        ),
        (refused(500, "oops"), "oops", "check the state"),
        (
            ResponseTemplate::new(400).set_body_string(format!("bad path {}", address("qr"))),
            "[secret]",
            "console",
        ),
    ] {
        let mock = MockServer::start().await;
        get(&mock, "getStateInstance", answer).await;
        let result = call(&mock, "get_session", json!({})).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains(said), "{result}");
        assert!(next(&result).contains(to_do), "{result}");
    }
}

#[tokio::test]
async fn an_unreachable_api_is_told_without_its_path() {
    let mock = MockServer::builder().start().await;
    let mut app = app::green_api(&mock).start().await;
    let address = mock.uri();
    drop(mock);
    let result = call_in(&mut app, "get_session", json!({})).await;
    assert_eq!(code(&result), "backend-unreachable");
    assert!(reason(&result).contains(&address), "{result}");
    assert!(!result.to_string().contains("waInstance"), "{result}");
}

#[tokio::test]
async fn a_read_that_came_too_soon_is_sent_again() {
    for status in [429, 502] {
        let mock = MockServer::start().await;
        get_once(&mock, "getStateInstance", ResponseTemplate::new(status)).await;
        state(&mock, "starting").await;
        let result = call(&mock, "get_session", json!({})).await;
        assert_eq!(result["structuredContent"]["state"], "starting");
    }
}

#[tokio::test]
async fn a_read_is_sent_three_times_at_most() {
    let mock = MockServer::start().await;
    Mock::given(path(address("getStateInstance")))
        .respond_with(ResponseTemplate::new(429))
        .expect(3)
        .mount(&mock)
        .await;
    let result = call(&mock, "get_session", json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(next(&result).contains("wait a minute"), "{result}");
}
