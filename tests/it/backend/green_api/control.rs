//! Restarting the instance, and the profile.

use super::*;

#[tokio::test]
async fn the_profile_is_told_with_and_without_a_name() {
    for (info, told) in [
        (
            json_body(json!({ "name": "Tester", "avatar": "" })),
            json!({ "name": "Tester", "account": OWN, "has_picture": true }),
        ),
        (
            ResponseTemplate::new(469),
            json!({ "account": OWN, "has_picture": true }),
        ),
    ] {
        let mock = MockServer::start().await;
        let settings = json!({ "phone": "15550001111", "avatar": "https://pps.example.org/1", "stateInstance": "authorized" });
        get(&mock, "getWaSettings", json_body(settings)).await;
        Mock::given(method("POST"))
            .and(path(address("getContactInfo")))
            .and(body_json(json!({ "chatId": OWN })))
            .respond_with(info)
            .expect(1)
            .mount(&mock)
            .await;
        let result = call(&mock, "get_profile", json!({})).await;
        assert_eq!(result["structuredContent"], told);
    }
}

#[tokio::test]
async fn nobody_signed_in_has_no_profile() {
    let mock = MockServer::start().await;
    let settings = json!({ "phone": "", "avatar": "", "stateInstance": "notAuthorized" });
    get(&mock, "getWaSettings", json_body(settings)).await;
    let result = call(&mock, "get_profile", json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(next(&result).contains("open_session"), "{result}");
}

async fn reboot(mock: &MockServer, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(address("reboot")))
        .and(body_string(""))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
}

#[tokio::test]
async fn a_restart_goes_through_starting() {
    for (last, told) in [
        ("authorized", "restarted"),
        ("notAuthorized", "needs_linking"),
        ("blocked", "not_up"),
        ("starting", "starting"),
    ] {
        let mock = MockServer::start().await;
        reboot(&mock, json_body(json!({ "isReboot": true }))).await;
        // The old state is no sign of a restart.
        state_once(&mock, "authorized").await;
        state_once(&mock, "starting").await;
        state(&mock, last).await;
        let result = call(&mock, "restart_session", json!({})).await;
        assert_eq!(outcome(&result), told);
        assert_eq!(result["isError"], told == "not_up");
    }
}

#[tokio::test]
async fn a_restart_that_is_not_seen_is_not_claimed() {
    for (answer, told) in [
        (json_body(json!({ "isReboot": true })), "not_seen"),
        (json_body(json!({})), "unknown"),
        (ResponseTemplate::new(502), "unknown"),
    ] {
        let mock = MockServer::start().await;
        reboot(&mock, answer).await;
        state(&mock, "authorized").await;
        let result = call(&mock, "restart_session", json!({})).await;
        assert_eq!(outcome(&result), told);
        assert_eq!(result["structuredContent"]["verified"], false);
    }
}

#[tokio::test]
async fn a_restart_may_be_refused() {
    for (answer, code_is) in [
        (json_body(json!({ "isReboot": false })), "backend-refused"),
        (refused(401, "Unauthorized"), "backend-refused"),
        (refused(500, "broken"), "outcome-unknown"),
    ] {
        let mock = MockServer::start().await;
        reboot(&mock, answer).await;
        state(&mock, "authorized").await;
        let result = call(&mock, "restart_session", json!({})).await;
        assert_eq!(code(&result), code_is);
    }
}
