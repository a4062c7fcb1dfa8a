//! What an API answers costs a small multiple of its size in memory, whatever it is.
#![cfg(target_os = "linux")]

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::{
    app::process::{ServerProcess, serve},
    app::{Era, OPEN},
};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;

/// The most memory of the process at any time, in KiB.
const MAX_PEAK_KIB: usize = 200 * 1024;

/// As many of these parts as an answer can hold.
fn filled(open: &str, part: &str, close: &str) -> String {
    let parts = (LARGEST - open.len() - close.len()) / part.len();
    format!("{open}{}{close}", part.repeat(parts))
}

/// Texts of eight MB that would become trees of hundreds.
fn hostile() -> Vec<String> {
    vec![
        filled("[0", ",0", "]"),
        filled("[[]", ",[]", "]"),
        filled("[{}", ",{\"\":0}", "]"),
        filled("{\"a\":[]", ",\"a\":{\"\":0}", "}"),
        filled("[\"\"", ",\"\"", "]"),
        filled("", "[", ""),
        filled("", "{\"\":", ""),
    ]
}

/// The most memory that a process has had, in KiB.
pub fn peak_kib(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn hostile_answers_that_come_at_once_cost_little_memory() {
    let mock = MockServer::start().await;
    let bodies = hostile();
    let count = bodies.len();
    let next = AtomicUsize::new(0);
    let answer = move |_: &wiremock::Request| {
        let body = &bodies[next.fetch_add(1, Ordering::Relaxed) % bodies.len()];
        ResponseTemplate::new(200).set_body_raw(body.as_bytes(), "application/json")
    };
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&mock)
        .await;
    let sent = filled("{\"id\":[0", ",0", "]}");
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(201).set_body_raw(sent, "application/json"))
        .mount(&mock)
        .await;
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("policy.toml");
    fs::write(&policy, OPEN).unwrap();
    let mut command = serve(home.path());
    command
        .env("WAHA_BASE_URL", mock.uri())
        .arg("--policy")
        .arg(policy);
    let mut running = ServerProcess::start(command, Era::Legacy);
    let list = json!({ "name": "list_groups", "arguments": {} });
    for _ in 0..count {
        running.begin("tools/call", list.clone());
    }
    for _ in 0..count {
        let answer = running.receive();
        let error = &answer["result"]["structuredContent"]["error"];
        assert_eq!(error["code"], "backend-unreadable", "{answer}");
        let reason = error["reason"].as_str().unwrap();
        assert!(reason.contains("too many values"), "{reason}");
    }
    // After a change nobody knows what it did.
    let send = json!({ "chat": "15552223333@c.us", "text": "hi" });
    assert_eq!(running.outcome("send_message", send), "outcome-unknown");
    let peak = peak_kib(running.id());
    assert!(peak < MAX_PEAK_KIB, "{peak} KiB");
}
