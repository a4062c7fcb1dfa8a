//! Leaving a group, and what shows that it happened.

use std::time::Duration;

use serde_json::{Value, json};
use whatsapp_guard::config::Timeouts;
use wiremock::{MockServer, ResponseTemplate};

use super::*;
use crate::app::{self, SECRET, code, text, yes};

const LEAVE: &str = "/api/default/groups/120363025246125486@g.us/leave";
const MEMBERS: &str = "/api/default/groups/120363025246125486@g.us/participants/v2";

/// What WAHA shows, each before and after, and what it answers.
struct World {
    me: Value,
    lists: Vec<ResponseTemplate>,
    members: Vec<ResponseTemplate>,
    answer: ResponseTemplate,
    patience: Duration,
}

/// Listed, and a member: what stays when nothing happens.
fn world(answer: ResponseTemplate) -> World {
    World {
        me: json!({ "id": "15550001111@c.us" }),
        lists: vec![listed()],
        members: vec![with_me()],
        answer,
        patience: app::timeouts().answer,
    }
}

fn listed() -> ResponseTemplate {
    reply(
        200,
        json!({ GROUP: { "id": GROUP, "subject": "Family" }, "12036399999@g.us": { "id": "12036399999@g.us" } }),
    )
}

fn not_listed() -> ResponseTemplate {
    reply(
        200,
        json!({ "12036399999@g.us": { "id": "12036399999@g.us" } }),
    )
}

fn with_me() -> ResponseTemplate {
    members(
        json!([{ "id": "15550001111@c.us", "role": "participant" }, { "id": "15552223333@c.us", "role": "admin" }]),
    )
}

fn without_me() -> ResponseTemplate {
    members(json!([{ "id": "15552223333@c.us", "role": "admin" }]))
}

fn members(members: Value) -> ResponseTemplate {
    reply(200, members)
}

impl World {
    fn lists(mut self, lists: impl Into<Vec<ResponseTemplate>>) -> Self {
        self.lists = lists.into();
        self
    }

    fn members(mut self, members: impl Into<Vec<ResponseTemplate>>) -> Self {
        self.members = members.into();
        self
    }

    fn me(mut self, me: Value) -> Self {
        self.me = me;
        self
    }

    async fn mount(self, sent: u64) -> MockServer {
        let mock = MockServer::start().await;
        sessions(&mock, [signed_in("WORKING", self.me)]).await;
        get(GROUPS)
            .respond_with(answers(self.lists))
            .mount(&mock)
            .await;
        get(MEMBERS)
            .respond_with(answers(self.members))
            .mount(&mock)
            .await;
        post(LEAVE)
            .respond_with(self.answer)
            .expect(sent)
            .mount(&mock)
            .await;
        mock
    }

    /// Leaves, which sends so many requests to leave; `settles` where the end is a success.
    async fn leave(self, sent: u64, settles: bool) -> (Value, Vec<Value>) {
        let answer = self.patience;
        let mock = self.mount(sent).await;
        let settle = if settles {
            NEVER
        } else {
            app::timeouts().settle
        };
        let timeouts = Timeouts {
            answer,
            settle,
            ..app::timeouts()
        };
        let mut app = app::waha_with(&mock, timeouts).start().await;
        let result = app.call("leave_group", json!({ "group": GROUP })).await;
        (result, app.audit())
    }
}

/// The answer to leaving never comes.
fn lost() -> World {
    World {
        patience: Duration::from_millis(400),
        ..world(empty(201).set_delay(NEVER))
    }
}

#[tokio::test]
async fn a_group_that_was_left_is_seen_to_be_left() {
    let boom = || refused(500, "boom");
    let left = members(
        json!([{ "id": "15550001111@c.us", "role": "left" }, { "id": "15552223333@c.us" }]),
    );
    let no_v2 = || refused(404, "Cannot GET /api/default/groups/x/participants/v2");
    let hidden = |ids: &[&str]| members(ids.iter().map(|id| json!({ "id": id })).collect());
    let gone = || [listed(), not_listed()];
    for (what, world) in [
        ("201", world(empty(201)).lists(gone())),
        ("200", world(empty(200)).lists(gone())),
        ("true", world(reply(200, json!(true))).lists(gone())),
        (
            "not at once",
            world(empty(200)).lists([listed(), listed(), boom(), not_listed()]),
        ),
        (
            "listed, but absent",
            world(empty(200)).members([with_me(), without_me()]),
        ),
        (
            "listed, but marked as left",
            world(empty(200)).members([with_me(), left]),
        ),
        ("answer lost", lost().lists(gone())),
        ("failed, but gone", world(boom()).lists(gone())),
        ("no v2", world(empty(201)).lists(gone()).members([no_v2()])),
        (
            "known by a hidden id only",
            world(empty(200))
                .me(json!({ "lid": "77:1@lid" }))
                .members([hidden(&["77@lid", "88@lid"]), hidden(&["88@lid"])]),
        ),
    ] {
        let (result, audit) = world.leave(1, true).await;
        let expected = json!({ "outcome": "left", "verified": true, "group": GROUP });
        assert_eq!(result["structuredContent"], expected, "{what}");
        assert_eq!(result["isError"], false, "{what}");
        assert_eq!(audit[0]["outcome"], "ok", "{what}");
    }
}

#[tokio::test]
async fn what_is_not_seen_is_not_claimed() {
    let no_v2 = refused(404, "Cannot GET /api/default/groups/x/participants/v2");
    let by_number = members(json!([{ "id": "15550001111@c.us" }, { "id": "88@lid" }]));
    let by_hidden_id =
        members(json!([{ "id": "77@lid" }, { "id": "88@lid", "pn": "15552223333@c.us" }]));
    for (what, world, outcome) in [
        ("still a member", world(empty(201)), "still_member"),
        (
            "listed, and no v2",
            world(empty(200)).members([no_v2]),
            "still_member",
        ),
        (
            "a member who may be this account",
            world(empty(200)).members([by_number, by_hidden_id]),
            "still_member",
        ),
        (
            "no members are told",
            world(empty(200)).members([with_me(), members(json!([]))]),
            "still_member",
        ),
        ("answer lost", lost(), "unknown"),
        (
            "the list fails",
            world(empty(200)).lists([listed(), refused(500, "boom")]),
            "unknown",
        ),
        (
            "the list is an error",
            world(empty(200)).lists([listed(), reply(200, json!({ "error": "later" }))]),
            "unknown",
        ),
        (
            "the list is 0 bytes",
            world(empty(200)).lists([listed(), empty(200)]),
            "unknown",
        ),
    ] {
        let (result, audit) = world.leave(1, false).await;
        let told = &result["structuredContent"];
        assert_eq!(told["outcome"], outcome, "{what}: {result}");
        assert_eq!(told["verified"], false, "{what}");
        assert_eq!(result["isError"], true, "{what}");
        assert!(told["next"].is_string(), "{what}");
        assert_eq!(audit[0]["outcome"], "failed", "{what}");
    }
}

#[tokio::test]
async fn an_explicit_no_is_a_refusal_at_once() {
    for answer in [
        reply(200, json!(false)),
        ResponseTemplate::new(200).set_body_raw("false", "text/html"),
    ] {
        // Waiting for the membership to go would take longer than the client waits.
        let (result, _) = world(answer).leave(1, true).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains("still a member"), "{result}");
    }
}

#[tokio::test]
async fn a_group_without_this_account_is_not_left() {
    for world in [
        world(empty(201)).lists([not_listed()]),
        world(empty(201)).lists([reply(200, json!([]))]),
        world(empty(201)).members([without_me()]),
    ] {
        let (result, _) = world.leave(0, true).await;
        assert_eq!(result["structuredContent"]["outcome"], "was_not_member");
        assert_eq!(result["isError"], false);
        assert!(text(&result).contains("nothing was sent"), "{result}");
    }
}

#[tokio::test]
async fn without_a_look_before_nothing_is_sent() {
    for (list, failure) in [
        (empty(200), "backend-unreadable"),
        (
            reply(200, json!({ "error": "later" })),
            "backend-unreadable",
        ),
        (wrong_state("STARTING"), "backend-refused"),
    ] {
        let (result, _) = world(empty(201)).lists([list]).leave(0, true).await;
        assert_eq!(code(&result), failure);
    }
}

#[tokio::test]
async fn a_refusal_to_leave_is_told() {
    for (answer, said, next) in [
        (
            wrong_state("SCAN_QR_CODE"),
            "SCAN_QR_CODE",
            "call get_session",
        ),
        (
            refused(403, "Forbidden"),
            "Forbidden",
            "the key may not do this",
        ),
        (
            refused(501, "The method is not implemented by 'X' engine."),
            "not implemented",
            "another engine",
        ),
    ] {
        let (result, audit) = world(answer).leave(1, false).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(said), "{result}");
        assert!(text(&result).contains(next), "{result}");
        assert_eq!(audit[0]["outcome"], "backend-refused");
    }
}

#[tokio::test]
async fn an_echo_of_the_request_goes_no_further() {
    let markers = [
        "15557770000",
        "a private text",
        "/app/dist/secret.js",
        SECRET,
    ];
    let [number, private, file, secret] = markers;
    let echo = json!({
        "statusCode": 500, "timestamp": "2026-01-01T00:00:00Z",
        "exception": {
            "message": format!("Cannot leave; the key was {secret}"), "name": "TypeError",
            "stack": format!("TypeError: {private}\n    at {file}:1"),
        },
        "request": {
            "path": LEAVE, "method": "POST", "query": { "x-api-key": secret },
            "body": { "chatId": format!("{number}@c.us"), "text": private },
        },
        "version": { "browser": file },
    });
    let (result, audit) = world(reply(500, echo)).leave(1, false).await;
    assert_eq!(code(&result), "outcome-unknown");
    assert!(
        text(&result).contains("Cannot leave; the key was [secret]"),
        "{result}"
    );
    let shown = format!("{result}{audit:?}");
    for marker in markers {
        assert!(!shown.contains(marker), "{marker}: {shown}");
    }
}

#[tokio::test]
async fn the_question_says_what_would_be_left() {
    let mock = world(empty(200))
        .lists([listed(), not_listed()])
        .mount(1)
        .await;
    let group = json!({ "id": GROUP, "subject": "Fam\u{202e}ily", "participants": [
        { "id": "15550001111@s.whatsapp.net", "admin": "superadmin" }, { "id": "15552223333@s.whatsapp.net", "admin": null },
    ] });
    get(&format!("{GROUPS}/{GROUP}"))
        .respond_with(reply(200, group))
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let result = app.call("leave_group", json!({ "group": GROUP })).await;
    assert_eq!(result["structuredContent"]["outcome"], "left");
    let question = app::shown(&app.questions[0]);
    for part in ["Fam\\u{202e}ily", "2 members", "only administrator"] {
        assert!(question.contains(part), "{question}");
    }
}

#[tokio::test]
async fn a_call_that_is_taken_back_in_time_leaves_nothing() {
    let late = listed().set_delay(Duration::from_millis(100));
    let mock = world(empty(201)).lists([late]).mount(0).await;
    let mut app = app::waha(&mock).start().await;
    let params = json!({ "name": "leave_group", "arguments": { "group": GROUP } });
    let id = app.begin("tools/call", params).await;
    let question = app.receive().await;
    assert_eq!(question["method"], "elicitation/create");
    app.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() }))
        .await;
    received(&mock, "GET", GROUPS).await;
    assert_eq!(cancel(&mut app, id).await, "cancelled");
}

#[tokio::test]
async fn a_call_that_is_taken_back_too_late_is_followed_to_its_end() {
    let mock = world(empty(201).set_delay(Duration::from_millis(100)))
        .lists([listed(), listed(), not_listed()])
        .mount(1)
        .await;
    let mut app = app::waha_with(&mock, patient()).start().await;
    let params = json!({ "name": "leave_group", "arguments": { "group": GROUP } });
    let id = app.begin("tools/call", params).await;
    let question = app.receive().await;
    app.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() }))
        .await;
    received(&mock, "POST", LEAVE).await;
    assert_eq!(cancel(&mut app, id).await, "ok");
}
