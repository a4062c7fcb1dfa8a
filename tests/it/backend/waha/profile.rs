//! Changing the account's profile, part by part.

use serde_json::{Value, json};
use wiremock::{
    MockServer, ResponseTemplate,
    matchers::{body_json, method, query_param},
};

use super::*;
use crate::app::{code, text};

const PROFILE: &str = "/api/default/profile";
/// The first bytes of a JPEG and of a PNG.
const JPEG: &str = "/9j/4A==";
const PNG: &str = "iVBORw0KGgo=";

fn told(name: &str, picture: Value) -> ResponseTemplate {
    reply(
        200,
        json!({ "id": "15550001111@c.us", "name": name, "picture": picture }),
    )
}

fn done() -> ResponseTemplate {
    reply(200, json!({ "success": true }))
}

/// An account whose profile and about text are seen like this, one after the other.
async fn world(
    profile: impl IntoIterator<Item = ResponseTemplate>,
    about: impl IntoIterator<Item = ResponseTemplate>,
) -> MockServer {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    get(PROFILE)
        .respond_with(answers(profile))
        .mount(&mock)
        .await;
    get("/api/contacts/about")
        .and(query_param("contactId", "15550001111@c.us"))
        .and(query_param("session", "default"))
        .respond_with(answers(about))
        .mount(&mock)
        .await;
    mock
}

async fn put(mock: &MockServer, part: &str, body: Value, answer: ResponseTemplate) {
    request("PUT", &format!("{PROFILE}/{part}"))
        .and(body_json(body))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
}

fn about(text: Value) -> ResponseTemplate {
    reply(200, json!({ "about": text }))
}

fn not_implemented() -> ResponseTemplate {
    refused(422, "The method is not implemented by the engine.")
}

#[tokio::test]
async fn every_part_is_put_and_looked_at() {
    let (old, new) = (
        json!("https://pps.example.org/1.jpg?oe=1"),
        json!("https://pps.example.org/2.jpg?oe=1"),
    );
    let profile = [
        told("Tester", old.clone()),
        told("Tester", old),
        told("Robin", new),
    ];
    let mock = world(profile, [about(json!("Old")), about(json!("Busy"))]).await;
    put(&mock, "name", json!({ "name": "Robin" }), done()).await;
    put(&mock, "status", json!({ "status": "Busy" }), empty(200)).await;
    let file = json!({ "mimetype": "image/jpeg", "filename": "file.jpg", "data": JPEG });
    put(&mock, "picture", json!({ "file": file }), done()).await;
    let wanted = json!({ "name": "Robin", "about": "Busy", "picture": { "base64": JPEG, "mime": "image/png" } });
    let result = call(&mock, "update_profile", wanted).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "name": "changed", "about": "changed", "picture": "changed", "verified": true })
    );
    assert_eq!(
        text(&result),
        "name: changed and verified\nabout text: changed and verified\npicture: changed and verified"
    );
}

#[tokio::test]
async fn a_name_that_does_not_show_is_not_claimed() {
    let boom = || refused(500, "boom");
    let lost = || done().set_delay(NEVER);
    let same = || told("Tester", Value::Null);
    for (answer, after, outcome, failed) in [
        (done(), same(), "unchanged", true),
        (done(), boom(), "accepted", false),
        (lost(), same(), "unknown", true),
        (lost(), told("Robin", Value::Null), "changed", false),
        (boom(), boom(), "unknown", true),
        (boom(), told("Robin", Value::Null), "changed", false),
    ] {
        let mock = world([same(), after], [not_implemented()]).await;
        put(&mock, "name", json!({ "name": "Robin" }), answer).await;
        let result = impatient(&mock, "update_profile", json!({ "name": "Robin" })).await;
        let told = &result["structuredContent"];
        assert_eq!(told["name"], outcome, "{result}");
        assert_eq!(told["verified"], outcome == "changed");
        assert_eq!(result["isError"], failed, "{outcome}");
        assert_eq!(told["next"].is_string(), failed);
    }
}

#[tokio::test]
async fn a_refusal_is_told() {
    for (answer, said) in [
        (reply(200, json!({ "success": false })), "answered no"),
        (
            ResponseTemplate::new(200).set_body_raw("false", "text/html"),
            "answered no",
        ),
        (not_implemented(), "not implemented"),
        (
            refused(501, "The method is not implemented by 'X' engine."),
            "not implemented",
        ),
        (refused(500, "boom"), "boom"),
    ] {
        let mock = world([told("Tester", Value::Null)], [not_implemented()]).await;
        put(&mock, "name", json!({ "name": "Robin" }), answer).await;
        let result = impatient(&mock, "update_profile", json!({ "name": "Robin" })).await;
        let expected = match said {
            "boom" => "outcome-unknown",
            _ => "backend-refused",
        };
        assert_eq!(code(&result), expected, "{said}: {result}");
        assert!(text(&result).contains(said), "{result}");
    }
}

#[tokio::test]
async fn a_part_that_is_refused_stands_beside_one_that_is_made() {
    let none = Value::Null;
    let mock = world(
        [told("Tester", none.clone()), told("Robin", none)],
        [not_implemented()],
    )
    .await;
    put(&mock, "name", json!({ "name": "Robin" }), done()).await;
    put(&mock, "status", json!({ "status": "" }), not_implemented()).await;
    let file = json!({ "mimetype": "image/jpeg", "filename": "file.jpg", "data": JPEG });
    put(&mock, "picture", json!({ "file": file }), done()).await;
    let wanted = json!({ "name": "Robin", "about": "", "picture": { "base64": JPEG } });
    let result = impatient(&mock, "update_profile", wanted).await;
    let told = &result["structuredContent"];
    assert_eq!(
        (&told["name"], &told["about"], &told["picture"]),
        (
            &json!("changed"),
            &json!("not_made"),
            // WAHA may tell the picture of the day before.
            &json!("accepted")
        )
    );
    assert!(told["reason"].as_str().unwrap().contains("not implemented"));
    assert_eq!(
        (&told["verified"], &result["isError"]),
        (&json!(false), &json!(true))
    );
}

#[tokio::test]
async fn an_about_text_is_looked_at_where_it_is_told() {
    for (wanted, seen, outcome) in [
        (
            "Busy",
            vec![about(json!("Old")), about(json!("Busy"))],
            "changed",
        ),
        ("", vec![about(json!("Old")), about(json!(""))], "changed"),
        ("Busy", vec![about(json!("Old"))], "unchanged"),
        ("Busy", vec![about(Value::Null)], "accepted"),
        ("", vec![about(Value::Null)], "accepted"),
        (
            "",
            vec![about(json!("Old")), refused(500, "boom")],
            "accepted",
        ),
        ("Busy", vec![not_implemented()], "accepted"),
        (
            "Busy",
            vec![about(Value::Null), about(json!("Busy"))],
            "changed",
        ),
    ] {
        let mock = world([told("Tester", Value::Null)], seen).await;
        put(&mock, "status", json!({ "status": wanted }), done()).await;
        let result = impatient(&mock, "update_profile", json!({ "about": wanted })).await;
        assert_eq!(
            result["structuredContent"]["about"], outcome,
            "{wanted}: {result}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_not_sent() {
    let mock = world([told("Tester", Value::Null)], [not_implemented()]).await;
    wiremock::Mock::given(method("PUT"))
        .respond_with(done())
        .expect(0)
        .mount(&mock)
        .await;
    let png = json!({ "name": "Robin", "picture": { "base64": PNG } });
    for (arguments, expected, said) in [
        (json!({}), "bad-arguments", "nothing to change"),
        (json!({ "name": " " }), "bad-arguments", "1 to 25"),
        (
            json!({ "name": "x".repeat(26) }),
            "bad-arguments",
            "1 to 25",
        ),
        (
            json!({ "about": "x".repeat(140) }),
            "bad-arguments",
            "at most 139 characters",
        ),
        (json!({ "picture": {} }), "bad-arguments", "none is given"),
        (
            json!({ "picture": { "base64": JPEG, "path": "a.jpg" } }),
            "bad-arguments",
            "exactly one",
        ),
        (png, "media-refused", "not JPEG; nothing was sent"),
    ] {
        let result = call(&mock, "update_profile", arguments).await;
        assert_eq!(code(&result), expected, "{result}");
        assert!(text(&result).contains(said), "{result}");
    }
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_not_changed() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("SCAN_QR_CODE")]).await;
    let result = call(&mock, "update_profile", json!({ "name": "Robin" })).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("open_session"), "{result}");
}
