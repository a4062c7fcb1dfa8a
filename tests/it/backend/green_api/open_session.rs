//! Opening the session.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;

fn qr_picture() -> String {
    whatsapp_guard::qr::draw("2@AbC,dEf,gHi,1")
        .unwrap()
        .image
        .base64
}

fn qr(kind: &str, message: &str) -> ResponseTemplate {
    json_body(json!({ "type": kind, "message": message }))
}

#[tokio::test]
async fn a_linked_instance_is_reported() {
    let mock = MockServer::start().await;
    state(&mock, "authorized").await;
    get(
        &mock,
        "getWaSettings",
        json_body(json!({ "phone": "15550001111" })),
    )
    .await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_eq!(result["structuredContent"]["session"]["account"], OWN);
    assert_eq!(result["structuredContent"].get("qr"), None);
}

#[tokio::test]
async fn a_qr_code_is_a_picture_and_a_drawing() {
    let mock = MockServer::start().await;
    state(&mock, "notAuthorized").await;
    get(&mock, "qr", qr("qrCode", &qr_picture())).await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_ne!(result["isError"], true);
    assert!(result["structuredContent"]["qr"]["expires_at"].is_string());
    assert_eq!(result["content"][1]["mimeType"], "image/png");
    assert_eq!(result["content"][1]["data"], qr_picture());
    assert!(text(&result).contains('█'), "{}", text(&result));
}

#[tokio::test]
async fn a_qr_code_that_comes_late_is_waited_for() {
    let mock = MockServer::start().await;
    state_once(&mock, "starting").await;
    state(&mock, "notAuthorized").await;
    get_once(&mock, "qr", qr("error", "try again later")).await;
    let busy = refused(400, "instance in starting process try later");
    get_once(&mock, "qr", busy).await;
    get(&mock, "qr", qr("qrCode", &STANDARD.encode("not a code"))).await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_eq!(result["content"][1]["data"], STANDARD.encode("not a code"));
    assert!(!text(&result).contains('█'));
}

#[tokio::test]
async fn an_account_that_is_linked_meanwhile_is_seen() {
    let mock = MockServer::start().await;
    state_once(&mock, "notAuthorized").await;
    get_once(
        &mock,
        "qr",
        qr("alreadyLogged", "instance account already authorized"),
    )
    .await;
    state(&mock, "authorized").await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_eq!(result["structuredContent"]["session"]["state"], "working");
}

#[tokio::test]
async fn a_qr_code_that_never_comes_is_refused() {
    let mock = MockServer::start().await;
    state(&mock, "notAuthorized").await;
    get(&mock, "qr", qr("error", &format!("no luck with {SECRET}"))).await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(
        reason(&result).contains("no luck with [secret]"),
        "{result}"
    );
    assert!(next(&result).contains("up to ten"), "{result}");
}

#[tokio::test]
async fn what_is_no_picture_is_unreadable() {
    let large = STANDARD.encode(vec![0; (1 << 20) + 1]);
    for message in ["%%%", "", large.as_str()] {
        let mock = MockServer::start().await;
        state(&mock, "notAuthorized").await;
        get(&mock, "qr", qr("qrCode", message)).await;
        let result = call(&mock, "open_session", json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
}

#[tokio::test]
async fn a_pairing_code_is_asked_for_until_it_comes() {
    let mock = MockServer::start().await;
    state(&mock, "notAuthorized").await;
    for answer in [
        json!({ "status": false, "code": "" }),
        json!({ "status": true, "code": "GAPI2015" }),
    ] {
        Mock::given(method("POST"))
            .and(path(address("getAuthorizationCode")))
            .and(body_json(json!({ "phoneNumber": 15_552_223_333_u64 })))
            .respond_with(json_body(answer))
            .up_to_n_times(1)
            .expect(1)
            .mount(&mock)
            .await;
    }
    let arguments = json!({ "phone_number": "+1 555 222 3333" });
    let result = call(&mock, "open_session", arguments).await;
    assert_eq!(result["structuredContent"]["pairing"]["code"], "GAPI2015");
    assert!(text(&result).contains("pairing code GAPI2015"));
}

#[tokio::test]
async fn a_pairing_code_that_never_comes_is_refused() {
    let mock = MockServer::start().await;
    state(&mock, "notAuthorized").await;
    Mock::given(path(address("getAuthorizationCode")))
        .respond_with(json_body(json!({ "status": false })))
        .mount(&mock)
        .await;
    let arguments = json!({ "phone_number": "+15552223333" });
    let result = call(&mock, "open_session", arguments).await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn a_change_that_came_too_soon_is_not_sent_again() {
    let mock = MockServer::start().await;
    state(&mock, "notAuthorized").await;
    Mock::given(path(address("getAuthorizationCode")))
        .respond_with(ResponseTemplate::new(429))
        .expect(1)
        .mount(&mock)
        .await;
    let arguments = json!({ "phone_number": "+15552223333" });
    let result = call(&mock, "open_session", arguments).await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn no_second_code_is_asked_for() {
    let mock = MockServer::start().await;
    state(&mock, "pendingCode").await;
    let result = call(&mock, "open_session", json!({})).await;
    let session = &result["structuredContent"]["session"];
    assert_eq!(session["state"], "needs_linking");
    assert!(
        session["next"]
            .as_str()
            .unwrap()
            .contains("logout_instance")
    );
}

#[tokio::test]
async fn a_restricted_account_is_told_at_once() {
    let mock = MockServer::start().await;
    Mock::given(path(address("getStateInstance")))
        .respond_with(json_body(json!({ "stateInstance": "yellowCard" })))
        .expect(1)
        .mount(&mock)
        .await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_eq!(
        result["structuredContent"]["session"]["state"],
        "restricted"
    );
    assert!(text(&result).contains("stop sending"));
}

#[tokio::test]
async fn an_instance_that_does_not_come_up_is_told() {
    let mock = MockServer::start().await;
    state(&mock, "starting").await;
    let result = call(&mock, "open_session", json!({})).await;
    assert_eq!(result["structuredContent"]["session"]["state"], "starting");
}
