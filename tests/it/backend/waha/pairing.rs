//! Linking an account: the QR code and the pairing code.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::json;
use whatsapp_guard::qr;
use wiremock::{
    MockServer,
    matchers::{body_json, query_param},
};

use super::*;
use crate::app::{code, text};

const QR: &str = "/api/default/auth/qr";
const CODE: &str = "/api/default/auth/request-code";

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
    for (answer, [qr, code_of_qr], [pairing, code_of_pairing]) in [
        (
            refused(422, "The method is not implemented by the engine."),
            ["not implemented", "backend-refused"],
            ["not implemented", "backend-refused"],
        ),
        (
            reply(200, json!({ "value": null })),
            ["missing", "backend-unreadable"],
            ["without the expected fields", "outcome-unknown"],
        ),
        (
            empty(200),
            ["empty", "backend-unreadable"],
            ["empty", "outcome-unknown"],
        ),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("SCAN_QR_CODE")]).await;
        get(QR).respond_with(answer.clone()).mount(&mock).await;
        request("POST", CODE)
            .respond_with(answer)
            .expect(1)
            .mount(&mock)
            .await;
        let number = json!({ "phone_number": "4915112345678" });
        for (arguments, said, failure) in [
            (json!({}), qr, code_of_qr),
            (number, pairing, code_of_pairing),
        ] {
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
