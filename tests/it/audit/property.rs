//! Whatever a back end answers and whenever a server is killed: each request has its line,
//! and each line before a request has one end.
#![cfg(unix)]

use std::{fs, time::Duration};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use super::site::{CHAT, Site, assert_one_end_each};
use crate::app::{
    OPEN,
    gate::{cases, tools},
};

/// How long calls run before their server is killed, at most, in milliseconds.
const MAX_LIFE_MS: u64 = 60;

/// How many calls a server gets.
const CALLS: usize = 6;

/// The next number of a sequence that looks random.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    *seed >> 33
}

/// Answers late, with what is no answer, or as it should, by the text of the request.
fn answer(request: &Request) -> ResponseTemplate {
    let mut seed = request.body.iter().map(|byte| u64::from(*byte)).sum();
    let template = match next(&mut seed) % 4 {
        0 => ResponseTemplate::new(500),
        1 => ResponseTemplate::new(200).set_body_string("<html>"),
        _ => ResponseTemplate::new(201)
            .set_body_json(json!({ "id": format!("true_{CHAT}_3EB042AD7933EC"), "ack": 1 })),
    };
    template.set_delay(Duration::from_millis(next(&mut seed) % MAX_LIFE_MS))
}

fn send(text: &str) -> Value {
    json!({ "chat": CHAT, "text": text })
}

fn digest(text: &str) -> String {
    let arguments = send(text).as_object().unwrap().clone();
    let call = tools().prepare("send_message", arguments).unwrap();
    call.facts().digest.to_string()
}

#[tokio::test]
async fn each_request_has_its_line_and_each_line_one_end() {
    for case in 0..u64::from(cases(2).cases) {
        let mut seed = case;
        let mock = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&mock).await;
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("policy.toml"), OPEN).unwrap();
        let site = Site { home, mock };
        for run in 0..3 {
            let mut running = site.start();
            for call in 0..CALLS {
                let text = format!("{case} {run} {call}");
                let params = match next(&mut seed) % 3 {
                    0 => json!({ "name": "list_chats", "arguments": {} }),
                    _ => json!({ "name": "send_message", "arguments": send(&text) }),
                };
                running.begin("tools/call", params);
            }
            // A life of any length will do.
            tokio::time::sleep(Duration::from_millis(next(&mut seed) % MAX_LIFE_MS)).await;
            running.kill();
        }
        let last = site.start();
        site.until_runs(0).await;
        last.finish();
        let lines = site.lines();
        for request in site.mock.received_requests().await.unwrap() {
            let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
                assert!(lines.iter().any(|line| line["tool"] == "list_chats"));
                continue;
            };
            let Some(text) = body["text"].as_str() else {
                continue;
            };
            let admits = |line: &&Value| {
                line["event"] == "admitted"
                    && line["verdict"] == "allowed"
                    && line["digest"] == digest(text)
            };
            assert_eq!(lines.iter().filter(admits).count(), 1, "{text}: {lines:#?}");
        }
        assert_one_end_each(&lines);
    }
}
