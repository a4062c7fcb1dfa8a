//! What an answer to a change means, for every tool that changes something, on every API.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};
use whatsapp_guard::{config::Timeouts, op::catalogue};
use wiremock::ResponseTemplate;

use super::{
    unanswered_sends::UNREPEATED,
    worlds::{APIS, Api, World, changing_tools, short},
};

/// When an equal call is no repetition any more, and a person may be asked again.
const LATER: Duration = Duration::from_secs(300);

/// So many that a busy machine still answers each in time.
const WORLDS_AT_ONCE: usize = 12;

/// Runs a check in a world of its own for each tool of each API; how many there were.
async fn in_every_world<F: Future<Output = ()> + Send + 'static>(
    check: impl Fn(World) -> F + Clone + Send + 'static,
) -> usize {
    in_worlds(short(), check).await
}

/// The same with these timeouts.
pub async fn in_worlds<F: Future<Output = ()> + Send + 'static>(
    timeouts: Timeouts,
    check: impl Fn(World) -> F + Clone + Send + 'static,
) -> usize {
    let mut running = JoinSet::new();
    let turns = Arc::new(Semaphore::new(WORLDS_AT_ONCE));
    for api in APIS {
        for tool in changing_tools() {
            let (turns, check) = (turns.clone(), check.clone());
            running.spawn(async move {
                let _turn = turns.acquire_owned().await.unwrap();
                let world = World::open(api, tool, timeouts).await?;
                check(world).await;
                Some(())
            });
        }
    }
    running.join_all().await.into_iter().flatten().count()
}

/// Whether a result says that nobody knows whether the change was made.
pub fn is_unknown(result: &Value) -> bool {
    let structured = &result["structuredContent"];
    let unknown = |outcome: &Value| *outcome == "unknown";
    let people = structured["people"].as_array();
    let parts = ["name", "about", "picture", "send_messages", "edit_info"];
    result["isError"] == true
        && (structured["error"]["code"] == "outcome-unknown"
            || unknown(&structured["outcome"])
            || parts.iter().any(|part| unknown(&structured[part]))
            || people.is_some_and(|people| people.iter().all(|one| unknown(&one["outcome"]))))
}

/// Successes that no API gives.
fn hostile() -> Vec<ResponseTemplate> {
    let page = "<!doctype html><html><body>Welcome</body></html>";
    let ok = || ResponseTemplate::new(200);
    vec![
        ok().set_body_raw(page, "text/html"),
        ok().set_body_raw(page, "application/json"),
        ResponseTemplate::new(201).set_body_json(json!([])),
        ok().set_body_json(json!([1, 2, 3])),
        ok().set_body_json(json!([[]])),
        ok().set_body_json(json!(7)),
        ok().set_body_json(json!(null)),
        ok().set_body_json(json!({ "status": "ok" })),
        ok().set_body_raw("{\"id\": \"tru", "application/json"),
        ok().set_body_bytes([0xff, 0xfe, 0x00]),
    ]
}

#[tokio::test]
async fn a_success_that_is_not_the_api_s_is_no_success() {
    let worlds = in_every_world(|mut world| async move {
        let (api, tool) = (world.api, world.tool);
        for answer in hostile() {
            let before = world.changes().await;
            let result = world.call(&answer).await;
            assert!(world.changes().await > before, "{api:?} {tool}: {result}");
            let structured = &result["structuredContent"];
            assert_ne!(structured["verified"], true, "{api:?} {tool}: {result}");
            assert!(is_unknown(&result), "{api:?} {tool}: {result}");
            world.app.hand.advance(LATER);
        }
    })
    .await;
    assert!(worlds > 60, "{worlds}");
}

#[tokio::test]
async fn an_error_after_which_a_change_may_have_been_made_is_no_refusal() {
    // The way to repeat a call is named where there is one.
    let repeatable: Vec<&str> = catalogue()
        .iter()
        .filter(|entry| {
            let schema = (entry.argument_schema)();
            let arguments = schema.get("properties");
            arguments.is_some_and(|arguments| arguments.get("allow_repeat").is_some())
        })
        .map(|entry| entry.name)
        .collect();
    let worlds = in_every_world(move |mut world| {
        let repeatable = repeatable.clone();
        async move {
            let (api, tool) = (world.api, world.tool);
            for (status, body) in [
                (408, ""),
                (499, ""),
                (500, "{\"statusCode\":500,\"message\":\"broken\"}"),
                (502, "<html>bad gateway</html>"),
                (503, ""),
                (504, "{\"message\":\"try later\"}"),
                (520, "<html>unknown error</html>"),
                // What something before WAHA answers.
                (302, ""),
                (429, "<html>slow down</html>"),
            ] {
                if api == Api::GreenApi && status < 500 && !matches!(status, 408 | 499) {
                    continue;
                }
                let before = world.changes().await;
                let answer = ResponseTemplate::new(status).set_body_string(body);
                let result = world.call(&answer).await;
                assert!(is_unknown(&result), "{api:?} {tool} {status}: {result}");
                let made = world.changes().await - before;
                if UNREPEATED.contains(&tool) {
                    let again = world.call(&answer).await;
                    assert_eq!(
                        again["structuredContent"]["repeated"], true,
                        "{api:?} {tool}"
                    );
                    let named = again.to_string().contains("allow_repeat");
                    assert_eq!(named, repeatable.contains(&tool), "{again}");
                    assert_eq!((made, world.changes().await - before), (1, 1), "{tool}");
                }
                world.app.hand.advance(LATER);
            }
        }
    })
    .await;
    assert!(worlds > 60, "{worlds}");
}

#[tokio::test]
async fn a_refusal_of_the_api_is_one_and_may_be_tried_again() {
    let worlds = in_every_world(|mut world| async move {
        let (api, tool) = (world.api, world.tool);
        let refusals = match api {
            Api::Waha => vec![
                (422, json!({ "statusCode": 422, "message": "not now" })),
                (401, json!({ "statusCode": 401, "message": "Unauthorized" })),
                (501, json!({ "statusCode": 501, "message": "The method is not implemented by 'X' engine." })),
                (500, json!({ "statusCode": 500, "exception": { "message": "forbidden", "isBoom": true, "data": 403 } })),
                (500, json!({ "statusCode": 500, "exception": { "message": "Evaluation failed: ServerStatusCodeError: 406" } })),
            ],
            Api::GreenApi => vec![
                (400, json!({ "statusCode": 400, "message": "Validation failed. Details: 'chatId'" })),
                (401, json!("Unauthorized")),
                (466, json!({ "invokeStatus": { "method": "x", "used": 1, "total": 1 } })),
                (500, json!({ "statusCode": 500, "message": "rate overlimit" })),
            ],
        };
        for (status, body) in refusals {
            for _ in 0..2 {
                let before = world.changes().await;
                let answer = ResponseTemplate::new(status).set_body_json(&body);
                let result = world.call(&answer).await;
                assert!(world.changes().await > before, "{api:?} {tool} {status}: {result}");
                assert_eq!(result["isError"], true, "{api:?} {tool} {status}: {result}");
                assert!(!is_unknown(&result), "{api:?} {tool} {status}: {result}");
                assert!(result["structuredContent"]["repeated"].is_null(), "{result}");
            }
            world.app.hand.advance(LATER);
        }
    })
    .await;
    assert!(worlds > 60, "{worlds}");
}

#[tokio::test]
async fn a_read_that_fails_before_a_change_is_never_ambiguous() {
    let worlds = in_every_world(|mut world| async move {
        world.break_reads();
        for _ in 0..2 {
            let result = world.call(&ResponseTemplate::new(502)).await;
            if world.changes().await > 0 {
                // It reads nothing before.
                return;
            }
            let (api, tool) = (world.api, world.tool);
            assert!(!is_unknown(&result), "{api:?} {tool}: {result}");
            assert!(
                result["structuredContent"]["repeated"].is_null(),
                "{result}"
            );
        }
    })
    .await;
    assert!(worlds > 60, "{worlds}");
}
