//! A person's yes, in both eras: asked for exactly these arguments, once.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::{self, BOTH, Era, OPEN, Person, TestServer, code, error_code, yes};

const FLATMATES: &str = "120363000000000002@g.us";
const FAMILY: &str = "120363000000000001@g.us";

/// A sandbox whose session is linked.
async fn linked(era: Era, person: Person, policy: &str) -> TestServer {
    app::sandbox()
        .era(era)
        .person(person)
        .policy(policy)
        .linked()
        .await
}

async fn members(app: &mut TestServer) -> Vec<String> {
    let result = app.call("list_groups", json!({})).await;
    let groups = result["structuredContent"]["groups"].as_array().unwrap();
    groups
        .iter()
        .map(|group| group["group"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_yes_leaves_the_group_and_a_look_shows_it() {
    for era in BOTH {
        let mut app = linked(era, Person::Accepts, OPEN).await;
        let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
        assert_eq!(result["structuredContent"]["outcome"], "left", "{era:?}");
        assert_eq!(result["structuredContent"]["verified"], true);
        assert_eq!(app.questions.len(), 1);
        assert!(!members(&mut app).await.contains(&FLATMATES.to_owned()));
    }
}

#[tokio::test]
async fn the_question_names_the_effect() {
    for era in BOTH {
        let mut app = linked(era, Person::Declines, OPEN).await;
        app.call("leave_group", json!({ "group": FAMILY })).await;
        let question = &app.questions[0];
        insta::allow_duplicates! {
            insta::assert_snapshot!(app::shown(question), @r"
            [sandbox: a simulated WhatsApp, nothing here is real]
            An agent wants to leave a WhatsApp group; coming back needs an invitation.
            The rest of the question is below, at `decision`.
            This is irreversible.
            Named on WhatsApp (unverified text): “Family”
            It has 3 members.
            This account is its only administrator.
            group: 120363000000000001@g.us
            Do it?
            ");
        }
        // Some clients never show a form whose schema holds more than these.
        let mut schema = question["requestedSchema"].clone();
        let field = schema["properties"]["decision"].as_object_mut().unwrap();
        assert!(field.remove("description").is_some());
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": { "decision": { "type": "string", "enum": ["no", "yes"] } },
                "required": ["decision"],
            })
        );
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_looked_up_is_said() {
    let mut app = linked(Era::Legacy, Person::Declines, OPEN).await;
    app.call("leave_group", json!({ "group": "120363999999999999@g.us" }))
        .await;
    let message = app::shown(&app.questions[0]);
    assert!(
        message.contains("The name could not be looked up."),
        "{message}"
    );
}

#[tokio::test]
async fn anything_but_an_explicit_yes_acts_on_nothing() {
    let cases = [
        (json!({ "action": "decline" }), "declined"),
        (json!({ "action": "cancel" }), "dismissed"),
        (
            json!({ "action": "accept", "content": { "decision": "no" } }),
            "declined",
        ),
        (json!({ "action": "accept" }), "answer-unreadable"),
        (
            json!({ "action": "accept", "content": {} }),
            "answer-unreadable",
        ),
        (
            json!({ "action": "accept", "content": { "decision": true } }),
            "answer-unreadable",
        ),
        (
            json!({ "action": "accept", "content": { "decision": "YES" } }),
            "answer-unreadable",
        ),
        (
            json!({ "action": "accept", "content": { "confirm": "yes" } }),
            "answer-unreadable",
        ),
        (
            json!({ "action": "decline", "content": { "decision": "yes" } }),
            "declined",
        ),
        (
            json!({ "action": "maybe", "content": { "decision": "yes" } }),
            "answer-unreadable",
        ),
        (json!({ "nonsense": 1 }), "answer-unreadable"),
    ];
    for era in BOTH {
        let mut app = linked(era, Person::Silent, OPEN).await;
        for (answer, wanted) in &cases {
            app.set_person(Person::Answers(answer.clone()));
            let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
            assert_eq!(code(&result), *wanted, "{era:?} {answer}");
            let audit = app.audit();
            assert_eq!(audit.last().unwrap()["code"], *wanted);
        }
        assert!(members(&mut app).await.contains(&FLATMATES.to_owned()));
    }
}

/// Asks in the modern era; the request that answers with a yes.
async fn answered(app: &mut TestServer, group: &str) -> Value {
    let params = json!({ "name": "leave_group", "arguments": { "group": group } });
    let asked = app.call_once(params.clone()).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let mut again = params;
    again["requestState"] = asked["result"]["requestState"].clone();
    again["inputResponses"] = json!({ "confirm": yes() });
    again
}

#[tokio::test]
async fn an_approval_is_for_one_call() {
    let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
    let request = answered(&mut app, FLATMATES).await;
    let first = app.call_once(request.clone()).await;
    assert_eq!(first["result"]["structuredContent"]["outcome"], "left");
    let second = app.call_once(request).await;
    assert_eq!(code(&second["result"]), "approval-used");
}

#[tokio::test]
async fn two_at_once_with_one_approval_act_once() {
    let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
    let request = answered(&mut app, FLATMATES).await;
    let (one, two) = (
        app.begin("tools/call", request.clone()).await,
        app.begin("tools/call", request).await,
    );
    let (mut left, mut used) = (0, 0);
    for _ in [one, two] {
        let answer = app.receive().await;
        match answer["result"]["structuredContent"]["outcome"].as_str() {
            Some("left") => left += 1,
            _ => used += usize::from(code(&answer["result"]) == "approval-used"),
        }
    }
    assert_eq!((left, used), (1, 1));
}

#[tokio::test]
async fn an_approval_is_for_these_arguments() {
    let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
    let mut request = answered(&mut app, FLATMATES).await;
    request["arguments"]["group"] = FAMILY.into();
    let result = app.call_once(request).await;
    assert_eq!(error_code(&result), "approval-invalid");
    assert_eq!(members(&mut app).await.len(), 3);
}

#[tokio::test]
async fn a_late_answer_is_refused() {
    // One clock stands still while a machine sleeps, and the other can be set back.
    for (passed, day) in [(300, 300), (300, 0), (0, 300)] {
        let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
        let request = answered(&mut app, FLATMATES).await;
        app.hand.advance(Duration::from_secs(passed));
        app.hand
            .set_wall(Timestamp::UNIX_EPOCH + Duration::from_secs(day));
        let result = app.call_once(request).await;
        assert_eq!(
            code(&result["result"]),
            "approval-expired",
            "{passed} {day}"
        );
        assert_eq!(members(&mut app).await.len(), 3);
    }
}

#[tokio::test]
async fn a_declined_question_cannot_be_accepted_later() {
    let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
    let accept = answered(&mut app, FLATMATES).await;
    let mut decline = accept.clone();
    decline["inputResponses"]["confirm"] = json!({ "action": "decline" });
    assert_eq!(code(&app.call_once(decline).await["result"]), "declined");
    assert_eq!(
        code(&app.call_once(accept).await["result"]),
        "approval-used"
    );
}

#[tokio::test]
async fn a_state_from_elsewhere_is_refused() {
    let mut other = linked(Era::Modern, Person::Accepts, OPEN).await;
    let foreign = answered(&mut other, FLATMATES).await;
    let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
    let own = answered(&mut app, FLATMATES).await["requestState"]
        .as_str()
        .unwrap()
        .to_owned();
    let (claims, tag) = own.split_once('.').unwrap();
    let flipped: String = claims.chars().rev().collect();
    let states = [
        foreign["requestState"].as_str().unwrap().to_owned(),
        format!("{flipped}.{tag}"),
        format!("{claims}."),
        claims.to_owned(),
        String::new(),
        "x".repeat(100_000),
    ];
    for state in states {
        let request = json!({
            "name": "leave_group",
            "arguments": { "group": FLATMATES },
            "requestState": state,
            "inputResponses": { "confirm": yes() },
        });
        let result = app.call_once(request).await;
        assert_eq!(error_code(&result), "approval-invalid", "{state:.40}");
    }
    assert_eq!(members(&mut app).await.len(), 3);
}

#[tokio::test]
async fn a_yes_that_was_never_asked_for_is_no_way_around_a_rule() {
    let deny = format!("{OPEN}\n[tools.leave_group]\naction = \"deny\"\n");
    let mut app = linked(Era::Modern, Person::Accepts, &deny).await;
    let request = json!({
        "name": "leave_group",
        "arguments": { "group": FLATMATES },
        "requestState": "bm8.bm8",
        "inputResponses": { "confirm": yes() },
    });
    assert_eq!(
        error_code(&app.call_once(request).await),
        "approval-invalid"
    );
    let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
    assert_eq!(code(&result), "denied-by-rule");
}

#[tokio::test]
async fn a_state_without_an_answer_asks_again() {
    let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
    let mut request = answered(&mut app, FLATMATES).await;
    request["inputResponses"] = json!({ "somebody_else": yes() });
    let again = app.call_once(request.clone()).await;
    assert_eq!(again["result"]["resultType"], "input_required");
    request.as_object_mut().unwrap().remove("inputResponses");
    let again = app.call_once(request).await;
    assert_eq!(again["result"]["resultType"], "input_required");
    assert_eq!(members(&mut app).await.len(), 3);
}

#[tokio::test]
async fn a_cancelled_request_acts_on_nothing_even_if_an_accept_comes_later() {
    let mut app = linked(Era::Legacy, Person::Silent, OPEN).await;
    let id = app
        .begin(
            "tools/call",
            json!({ "name": "leave_group", "arguments": { "group": FLATMATES } }),
        )
        .await;
    let question = app.receive().await;
    assert_eq!(question["method"], "elicitation/create");
    app.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id },
    }))
    .await;
    app.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() }))
        .await;
    assert_eq!(members(&mut app).await.len(), 3);
    let line = app
        .audit()
        .into_iter()
        .find(|line| line["tool"] == "leave_group")
        .unwrap();
    assert_eq!(
        (&line["verdict"], &line["outcome"]),
        (&json!("asked"), &json!("cancelled"))
    );
}

#[tokio::test]
async fn a_client_that_cannot_ask_is_not_asked_past() {
    let mut app = linked(Era::Legacy, Person::Absent, OPEN).await;
    assert!(!app.listed().await.contains(&"leave_group".to_owned()));
    let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
    assert_eq!(code(&result), "cannot-ask");
    let rule = &result["structuredContent"]["error"]["rule"];
    assert_eq!(rule, "policy.toml:5:1 (confirmation.enabled)");

    let mut app = linked(Era::Modern, Person::Absent, OPEN).await;
    assert!(!app.listed().await.contains(&"leave_group".to_owned()));
    let answer = app
        .call_once(json!({ "name": "leave_group", "arguments": { "group": FLATMATES } }))
        .await;
    assert_eq!(answer["error"]["code"], -32021);
    assert_eq!(
        answer["error"]["data"],
        json!({ "requiredCapabilities": { "elicitation": { "form": {} } } })
    );
    assert_eq!(app.audit().last().unwrap()["code"], "cannot-ask");
}

#[tokio::test]
async fn a_client_that_knows_only_urls_cannot_be_asked() {
    let mut app = linked(Era::Modern, Person::Accepts, OPEN).await;
    let answer = app
        .request_as(
            json!({ "elicitation": { "url": {} } }),
            "tools/call",
            json!({ "name": "leave_group", "arguments": { "group": FLATMATES } }),
        )
        .await;
    assert_eq!(answer["error"]["code"], -32021);
}

#[tokio::test]
async fn questions_are_limited() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n[confirmation]\nenabled = true\nprompts = { max = 2, window = \"hour\" }\n";
    for era in BOTH {
        let mut app = linked(era, Person::Declines, policy).await;
        for _ in 0..2 {
            let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
            assert_eq!(code(&result), "declined");
        }
        let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
        assert_eq!(code(&result), "prompts-exhausted");
        assert_eq!(result["structuredContent"]["error"]["retry_after_s"], 1800);
        assert_eq!(
            result["structuredContent"]["error"]["rule"],
            "policy.toml:5:1 (confirmation.prompts)"
        );
        assert_eq!(app.questions.len(), 2);
        app.hand.advance(Duration::from_secs(1800));
        let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
        assert_eq!(code(&result), "declined");
    }
}

#[tokio::test]
async fn nobody_is_asked_about_what_a_limit_would_refuse() {
    let policy = format!("{OPEN}\n[tools.leave_group]\nrate_limit = {{ max = 1, window = 60 }}\n");
    for era in BOTH {
        let mut app = linked(era, Person::Declines, &policy).await;
        // Declined calls do not count.
        for _ in 0..3 {
            let result = app.call("leave_group", json!({ "group": FAMILY })).await;
            assert_eq!(code(&result), "declined");
        }
        app.set_person(Person::Accepts);
        app.call("leave_group", json!({ "group": FLATMATES })).await;
        let asked = app.questions.len();
        let result = app.call("leave_group", json!({ "group": FAMILY })).await;
        assert_eq!(code(&result), "rate-limited");
        assert_eq!(app.questions.len(), asked);
    }
}

#[tokio::test]
async fn a_rule_can_ask_about_a_tool_that_is_not_destructive() {
    let policy = format!("{OPEN}\n[tools.logout_instance]\naction = \"confirm\"\n");
    for era in BOTH {
        let mut app = linked(era, Person::Declines, &policy).await;
        let result = app.call("logout_instance", json!({})).await;
        assert_eq!(code(&result), "declined");
        let message = app::shown(&app.questions[0]);
        assert!(
            message.contains("disconnect this WhatsApp account"),
            "{message}"
        );
        assert!(!message.contains("irreversible"), "{message}");
        app.set_person(Person::Accepts);
        let result = app.call("logout_instance", json!({})).await;
        assert_eq!(result["structuredContent"]["outcome"], "logged_out");
        assert_eq!(app.audit().last().unwrap()["code"], "confirmed");
    }
}

/// A policy whose answers take a second at least.
fn slow() -> String {
    format!("{OPEN}min_answer_ms = 1000\n")
}

#[tokio::test]
async fn an_answer_that_is_faster_than_a_person_reads_is_not_believed() {
    for era in BOTH {
        let mut app = linked(era, Person::Accepts, &slow()).await;
        for (person, wanted) in [
            (Person::Accepts, "too-fast"),
            (Person::Declines, "too-fast"),
            (Person::Answers(json!({ "action": "cancel" })), "dismissed"),
        ] {
            app.set_person(person);
            let result = app.call("leave_group", json!({ "group": FLATMATES })).await;
            assert_eq!(code(&result), wanted, "{era:?}");
            assert_eq!(app.audit().last().unwrap()["code"], wanted);
        }
        app.set_person(Person::Accepts);
        assert!(members(&mut app).await.contains(&FLATMATES.to_owned()));
    }
}

#[tokio::test]
async fn a_ticket_that_came_back_too_fast_is_used_up() {
    let mut app = linked(Era::Modern, Person::Silent, &slow()).await;
    let mut call = json!({ "name": "leave_group", "arguments": { "group": FLATMATES } });
    let asked = app.call_once(call.clone()).await;
    call["requestState"] = asked["result"]["requestState"].clone();
    call["inputResponses"] = json!({ "confirm": yes() });
    app.hand.advance(Duration::from_millis(999));
    let answer = app.call_once(call.clone()).await;
    assert_eq!(code(&answer["result"]), "too-fast");
    app.hand.advance(Duration::from_secs(1));
    let answer = app.call_once(call.clone()).await;
    assert_eq!(code(&answer["result"]), "approval-used");
    let asked = app
        .call_once(json!({ "name": "leave_group", "arguments": { "group": FLATMATES } }))
        .await;
    call["requestState"] = asked["result"]["requestState"].clone();
    app.hand.advance(Duration::from_millis(1000));
    let answer = app.call_once(call).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}
