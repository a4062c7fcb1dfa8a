//! A group's name, description and permissions.

use serde_json::{Value, json};
use wiremock::{
    MockServer, ResponseTemplate,
    matchers::{body_json, method},
};

use super::*;
use crate::app::{code, text};

const AT: &str = "/api/default/groups/120363025246125486@g.us";
const MESSAGES: &str =
    "/api/default/groups/120363025246125486@g.us/settings/security/messages-admin-only";
const INFO: &str = "/api/default/groups/120363025246125486@g.us/settings/security/info-admin-only";

fn put(at: &str, body: Value) -> wiremock::MockBuilder {
    request("PUT", at).and(body_json(body))
}

fn named(name: &str) -> ResponseTemplate {
    reply(200, json!({ "id": GROUP, "subject": name }))
}

fn account_spec(text: &str) -> ResponseTemplate {
    reply(
        200,
        json!({ "id": GROUP, "subject": "Family", "desc": text }),
    )
}

fn page(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(text, "text/html")
}

/// A group that is seen like this, one after the other, and what changing it answers.
async fn world(
    seen: impl IntoIterator<Item = ResponseTemplate>,
    what: &str,
    wanted: &str,
    answer: ResponseTemplate,
) -> MockServer {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    get(AT).respond_with(answers(seen)).mount(&mock).await;
    put(&format!("{AT}/{what}"), json!({ what: wanted }))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    mock
}

async fn rename(mock: &MockServer) -> Value {
    let arguments = json!({ "group": GROUP, "name": "The family" });
    impatient(mock, "set_group_subject", arguments).await
}

#[tokio::test]
async fn every_yes_is_looked_at() {
    for answer in [
        empty(200),
        empty(201),
        page("true"),
        reply(200, json!(true)),
    ] {
        let seen = [named("Family"), named("Family"), named("The family")];
        let mock = world(seen, "subject", "The family", answer).await;
        let arguments = json!({ "group": GROUP, "name": "The family" });
        let result = call(&mock, "set_group_subject", arguments).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "outcome": "changed", "verified": true, "group": GROUP })
        );
        assert_eq!(result["isError"], false);
    }
}

#[tokio::test]
async fn every_engine_shows_the_name() {
    for body in [
        json!({ "JID": GROUP, "Name": "The family" }),
        json!({ "name": "The family", "groupMetadata": { "desc": "x" } }),
        json!({ "groupMetadata": { "subject": "The family" } }),
    ] {
        let seen = [named("Family"), reply(200, body)];
        let mock = world(seen, "subject", "The family", empty(200)).await;
        assert_eq!(rename(&mock).await["structuredContent"]["verified"], true);
    }
}

#[tokio::test]
async fn a_name_that_does_not_show_is_not_claimed() {
    for (what, answer, after, outcome, failed) in [
        ("as before", empty(200), named("Family"), "unchanged", true),
        (
            "cannot be looked at",
            empty(200),
            refused(500, "boom"),
            "accepted",
            false,
        ),
        (
            "refused, and cannot be looked at",
            refused(500, "boom"),
            refused(500, "boom"),
            "unknown",
            true,
        ),
        (
            "answer lost",
            empty(200).set_delay(NEVER),
            named("Family"),
            "unknown",
            true,
        ),
    ] {
        let mock = world([named("Family"), after], "subject", "The family", answer).await;
        let result = rename(&mock).await;
        let told = &result["structuredContent"];
        assert_eq!(told["outcome"], outcome, "{what}: {result}");
        assert_eq!(told["verified"], false, "{what}");
        assert_eq!(result["isError"], failed, "{what}");
    }
}

#[tokio::test]
async fn a_refusal_is_told() {
    for (answer, said) in [
        (page("false"), "answered no"),
        (reply(200, json!(false)), "answered no"),
        (
            refused(501, "The method is not implemented by 'X' engine."),
            "not implemented",
        ),
        (
            refused(422, "The method is not implemented by the engine."),
            "not implemented",
        ),
        (
            reply(
                500,
                json!({ "statusCode": 500, "exception": { "message": "forbidden" } }),
            ),
            "forbidden",
        ),
        (wrong_state("STARTING"), "STARTING"),
    ] {
        let mock = world([named("Family")], "subject", "The family", answer).await;
        let result = rename(&mock).await;
        assert_eq!(code(&result), "backend-refused", "{said}: {result}");
        assert!(text(&result).contains(said), "{result}");
    }
}

#[tokio::test]
async fn an_unknown_group_is_not_changed() {
    for answer in [empty(200), refused(500, "Group with id x not found")] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("WORKING")]).await;
        get(AT).respond_with(answer).mount(&mock).await;
        Mock::given(method("PUT"))
            .respond_with(empty(200))
            .expect(0)
            .mount(&mock)
            .await;
        assert_eq!(code(&rename(&mock).await), "backend-refused");
    }
}

#[tokio::test]
async fn a_description_is_set_and_removed() {
    for (wanted, seen, outcome) in [
        (
            "Sundays at six",
            vec![named("Family"), account_spec("Sundays at six\n")],
            "changed",
        ),
        ("", vec![account_spec("old"), named("Family")], "changed"),
        ("", vec![account_spec("old"), account_spec("")], "changed"),
        ("Sundays", vec![named("Family")], "accepted"),
        ("Sundays", vec![account_spec("old")], "unchanged"),
    ] {
        let mock = world(seen, "description", wanted, empty(200)).await;
        let arguments = json!({ "group": GROUP, "description": wanted });
        let result = impatient(&mock, "set_group_description", arguments).await;
        assert_eq!(
            result["structuredContent"]["outcome"], outcome,
            "{wanted}: {result}"
        );
    }
}

/// A group whose two settings are put, with what each put and each look answers.
async fn permissions(
    messages: (ResponseTemplate, ResponseTemplate),
    info: (ResponseTemplate, ResponseTemplate),
) -> Value {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    get(AT).respond_with(named("Family")).mount(&mock).await;
    for (at, only, (answer, seen)) in [(MESSAGES, true, messages), (INFO, false, info)] {
        put(at, json!({ "adminsOnly": only }))
            .respond_with(answer)
            .mount(&mock)
            .await;
        get(at).respond_with(seen).mount(&mock).await;
    }
    let arguments = json!({ "group": GROUP, "send_messages": "admins", "edit_info": "all" });
    impatient(&mock, "set_group_permissions", arguments).await
}

fn only(admins: bool) -> ResponseTemplate {
    reply(200, json!({ "adminsOnly": admins }))
}

fn not_implemented() -> ResponseTemplate {
    refused(422, "The method is not implemented by the engine.")
}

#[tokio::test]
async fn each_permission_is_told_apart() {
    let result = permissions((empty(200), only(true)), (page("true"), only(false))).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "send_messages": "changed", "edit_info": "changed", "verified": true, "group": GROUP })
    );
    let result = permissions((empty(200), not_implemented()), (empty(200), only(true))).await;
    let told = &result["structuredContent"];
    assert_eq!(told["send_messages"], "accepted");
    assert_eq!(told["edit_info"], "unchanged");
    assert_eq!(
        (&told["verified"], &result["isError"]),
        (&json!(false), &json!(true))
    );
    let result = permissions((empty(200), only(true)), (page("false"), only(true))).await;
    let told = &result["structuredContent"];
    assert_eq!(told["send_messages"], "changed");
    assert_eq!(told["edit_info"], "not_made");
    assert!(told["reason"].as_str().unwrap().contains("answered no"));
    assert_eq!(result["isError"], true);
}

#[tokio::test]
async fn a_first_refusal_ends_the_call() {
    let mock_answer = (not_implemented(), not_implemented());
    let result = permissions(mock_answer, (empty(200), only(false))).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("not implemented"), "{result}");
}

#[tokio::test]
async fn what_changes_nothing_is_no_call() {
    let mock = MockServer::start().await;
    for (tool, arguments) in [
        ("set_group_permissions", json!({ "group": GROUP })),
        (
            "set_group_permissions",
            json!({ "group": GROUP, "send_messages": "nobody" }),
        ),
        ("set_group_subject", json!({ "group": GROUP, "name": " " })),
        (
            "set_group_subject",
            json!({ "group": GROUP, "name": "x".repeat(101) }),
        ),
        (
            "set_group_description",
            json!({ "group": GROUP, "description": "x".repeat(2049) }),
        ),
    ] {
        let result = call(&mock, tool, arguments).await;
        assert_eq!(code(&result), "bad-arguments", "{result}");
    }
}
