//! Invite links.

use serde_json::{Value, json};
use wiremock::{
    MockServer, ResponseTemplate,
    matchers::{body_json, query_param},
};

use super::*;
use crate::app::{code, text};

const CODE: &str = "/api/default/groups/120363025246125486@g.us/invite-code";
const REVOKE: &str = "/api/default/groups/120363025246125486@g.us/invite-code/revoke";
const INFO: &str = "/api/default/groups/join-info";
const JOIN: &str = "/api/default/groups/join";
const MEMBERS: &str = "/api/default/groups/120363025246125486@g.us/participants/v2";

fn page(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(text, "text/html; charset=utf-8")
}

async fn working() -> MockServer {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    mock
}

#[tokio::test]
async fn a_link_is_told_in_one_spelling() {
    for answer in [
        page("ABCDEF123456"),
        page("https://chat.whatsapp.com/ABCDEF123456\n"),
        reply(200, json!("ABCDEF123456")),
    ] {
        let mock = working().await;
        get(CODE).respond_with(answer).mount(&mock).await;
        let result = call(&mock, "get_group_invite", json!({ "group": GROUP })).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "link": "https://chat.whatsapp.com/ABCDEF123456", "group": GROUP })
        );
    }
}

#[tokio::test]
async fn what_is_no_link_is_not_told_as_one() {
    for (answer, failure) in [
        (empty(200), "backend-refused"),
        (page("false"), "backend-refused"),
        (refused(501, "not implemented"), "backend-refused"),
        (page("<html>later</html>"), "backend-unreadable"),
        (reply(200, json!({ "code": 1 })), "backend-unreadable"),
    ] {
        let mock = working().await;
        get(CODE).respond_with(answer).mount(&mock).await;
        let result = call(&mock, "get_group_invite", json!({ "group": GROUP })).await;
        assert_eq!(code(&result), failure);
    }
}

/// Links as they are read, one after the other, and what revoking answers.
async fn revoke(
    links: impl IntoIterator<Item = ResponseTemplate>,
    answer: ResponseTemplate,
) -> Value {
    let mock = working().await;
    let group = json!({ "id": GROUP, "subject": "Fam\u{202e}ily" });
    get(&format!("{GROUPS}/{GROUP}"))
        .respond_with(reply(200, group))
        .mount(&mock)
        .await;
    get(CODE).respond_with(answers(links)).mount(&mock).await;
    post(REVOKE)
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).start().await;
    let result = app
        .call("revoke_group_invite", json!({ "group": GROUP }))
        .await;
    let question = app::shown(&app.questions[0]);
    assert!(question.contains("Fam\\u{202e}ily"), "{question}");
    result
}

#[tokio::test]
async fn a_link_that_differs_is_a_new_one() {
    let new = || ResponseTemplate::new(201).set_body_raw("NEWCODE12345", "text/html");
    for (links, answer) in [
        (vec![page("ABCDEF123456")], new()),
        (vec![page("ABCDEF123456"), page("NEWCODE12345")], empty(200)),
        (
            vec![page("ABCDEF123456"), page("NEWCODE12345")],
            page("ABCDEF123456"),
        ),
        (
            vec![page("ABCDEF123456"), page("NEWCODE12345")],
            empty(200).set_delay(NEVER),
        ),
    ] {
        let result = revoke(links, answer).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "outcome": "revoked", "verified": true, "group": GROUP })
        );
        assert!(!result.to_string().contains("NEWCODE"), "{result}");
    }
}

#[tokio::test]
async fn a_link_that_stays_is_told() {
    let old = || page("ABCDEF123456");
    for (links, answer, outcome) in [
        (vec![old()], old(), "same_link"),
        (vec![old()], empty(200), "unknown"),
        (vec![old()], empty(200).set_delay(NEVER), "unknown"),
        (vec![old(), empty(200)], empty(200), "unknown"),
    ] {
        let result = revoke(links, answer).await;
        assert_eq!(result["structuredContent"]["outcome"], outcome, "{result}");
        assert_eq!(result["isError"], true);
    }
    for answer in [page("false"), refused(501, "not implemented")] {
        let result = revoke([old()], answer).await;
        assert_eq!(code(&result), "backend-refused");
    }
}

fn info(extra: Value) -> ResponseTemplate {
    let mut group = json!({ "id": GROUP, "subject": "Family", "desc": "Sundays", "size": 3, "participants": [{ "id": "1@lid" }] });
    for (name, value) in extra.as_object().unwrap() {
        group[name] = value.clone();
    }
    reply(200, group)
}

async fn preview(answer: ResponseTemplate) -> Value {
    let mock = working().await;
    get(INFO)
        .and(query_param("code", "ABCDEF123456"))
        .respond_with(answer)
        .mount(&mock)
        .await;
    let invite = json!({ "invite": " https://chat.whatsapp.com/ABCDEF123456?mode=r " });
    call(&mock, "preview_group_invite", invite).await
}

#[tokio::test]
async fn the_group_behind_a_link_is_told() {
    let family =
        json!({ "name": "Family", "group": GROUP, "description": "Sundays", "members": 3 });
    assert_eq!(preview(info(json!({}))).await["structuredContent"], family);
    for approval in ["joinApprovalMode", "newMembersApprovalRequired"] {
        let result = preview(info(json!({ approval: true }))).await;
        assert_eq!(result["structuredContent"]["needs_approval"], true);
    }
    for body in [
        json!({ "JID": GROUP, "Name": "Family", "Topic": "Sundays", "ParticipantCount": 3 }),
        json!({ "id": { "_serialized": GROUP }, "subject": "Family", "desc": "Sundays", "size": 3 }),
    ] {
        assert_eq!(preview(reply(200, body)).await["structuredContent"], family);
    }
}

#[tokio::test]
async fn a_link_without_a_group_is_told() {
    for (answer, failure, said) in [
        (empty(200), "backend-refused", "too old"),
        (
            reply(500, json!({ "exception": { "message": "gone" } })),
            "backend-refused",
            "gone",
        ),
        (
            reply(200, json!({ "id": "1@c.us" })),
            "backend-unreadable",
            "id",
        ),
    ] {
        let result = preview(answer).await;
        assert_eq!(code(&result), failure);
        assert!(text(&result).contains(said), "{result}");
    }
}

/// A group that is behind the link, as it is listed before and after.
async fn join(
    info: ResponseTemplate,
    lists: impl IntoIterator<Item = ResponseTemplate>,
    answer: ResponseTemplate,
    sent: u64,
) -> Value {
    let mock = working().await;
    get(INFO).respond_with(info).mount(&mock).await;
    get(GROUPS).respond_with(answers(lists)).mount(&mock).await;
    let members = json!([{ "id": "15550001111@c.us", "role": "participant" }]);
    get(MEMBERS)
        .respond_with(reply(200, members))
        .mount(&mock)
        .await;
    request("POST", JOIN)
        .and(body_json(json!({ "code": "ABCDEF123456" })))
        .respond_with(answer)
        .expect(sent)
        .mount(&mock)
        .await;
    impatient(&mock, "join_group", json!({ "invite": "ABCDEF123456" })).await
}

fn listed() -> ResponseTemplate {
    reply(200, json!([{ "id": GROUP, "subject": "Family" }]))
}

fn not_listed() -> ResponseTemplate {
    reply(200, json!([]))
}

#[tokio::test]
async fn a_membership_that_shows_is_joined() {
    let joined = || reply(200, json!({ "id": GROUP }));
    for answer in [joined(), empty(201), empty(200).set_delay(NEVER)] {
        let result = join(info(json!({})), [not_listed(), listed()], answer, 1).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "outcome": "joined", "verified": true, "name": "Family", "group": GROUP })
        );
    }
    let result = join(info(json!({})), [listed()], joined(), 0).await;
    assert_eq!(result["structuredContent"]["outcome"], "was_member");
    assert_eq!(result["isError"], false);
}

#[tokio::test]
async fn a_membership_that_does_not_show_is_not_claimed() {
    let joined = || reply(200, json!({ "id": GROUP }));
    let asks = || info(json!({ "joinApprovalMode": true }));
    let lost = || empty(200).set_delay(NEVER);
    for (behind, answer, after, outcome, failed) in [
        (asks(), joined(), not_listed(), "waits_for_approval", false),
        (asks(), lost(), not_listed(), "unknown", true),
        (info(json!({})), joined(), not_listed(), "not_member", true),
        (info(json!({})), joined(), empty(200), "unknown", true),
        (info(json!({})), lost(), not_listed(), "unknown", true),
    ] {
        let result = join(behind, [not_listed(), after], answer, 1).await;
        let told = &result["structuredContent"];
        assert_eq!(told["outcome"], outcome, "{result}");
        assert_eq!(told["verified"], false);
        assert_eq!(result["isError"], failed, "{outcome}");
    }
}

#[tokio::test]
async fn a_refusal_to_join_is_told() {
    for answer in [
        reply(200, json!(false)),
        refused(404, "Cannot POST /api/default/groups/join"),
        reply(500, json!({ "exception": { "message": "not-authorized" } })),
    ] {
        let result = join(info(json!({})), [not_listed()], answer, 1).await;
        assert_eq!(code(&result), "backend-refused");
    }
    let result = join(empty(200), [not_listed()], empty(200), 0).await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn what_is_no_invitation_is_not_repeated() {
    let mock = MockServer::start().await;
    for invite in [
        "https://example.com/ABCDEF123456",
        "../../sessions/default",
        "ABC",
        "",
    ] {
        let result = call(&mock, "join_group", json!({ "invite": invite })).await;
        assert_eq!(code(&result), "bad-arguments");
        assert!(
            invite.is_empty() || !result.to_string().contains(invite),
            "{result}"
        );
    }
}
