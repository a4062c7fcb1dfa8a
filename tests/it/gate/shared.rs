//! The gates of several servers that share a Redis.

use std::{sync::Arc, thread::sleep, time::Duration};

use serde_json::{Value, json};
use whatsapp_guard::{clock::Clock, gate::Verdict, ledger::Shared, op::Clearance};

use crate::app::{
    gate::{GateFixture, LOCAL, open, policy},
    redis::RedisServer,
    wait,
};

fn server(redis: &RedisServer, rules: &str) -> GateFixture {
    let (clock, hand) = Clock::manual();
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    let policy = policy(&open(rules));
    GateFixture::at(policy, &clock, hand, shared.ledger("account"))
}

fn message(text: &str) -> Value {
    json!({ "chat": "15552223333@c.us", "text": text })
}

/// The code of the refusal by a clearance, or "cleared".
fn checked(clearance: &Arc<dyn Clearance>) -> &'static str {
    let checked = wait(clearance.check());
    checked.map_or_else(|error| error.code(), |()| "cleared")
}

fn handed_over(clearance: &Arc<dyn Clearance>) -> &'static str {
    let handed = clearance.hand_over();
    handed.map_or_else(|error| error.code(), |_| "cleared")
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_request_is_made_only_while_its_claim_outlasts_it() {
    let redis = RedisServer::start();
    let longest = Duration::from_millis(200);
    let here = server(&redis, "").changed(|gate| gate.with_longest_request(longest));
    let permit = here.pass("send_message", &message("hi")).unwrap();
    let clearance = permit.clearance();
    // Half a lease later the request could outlast it.
    sleep(longest);
    assert_eq!(handed_over(&clearance), "busy");
    // Each check before a request renews it.
    assert_eq!(checked(&clearance), "cleared");
    assert_eq!(handed_over(&clearance), "cleared");
    let claim = redis.command(&["KEYS", "*:claim:*"]);
    let claim = claim.lines().find(|line| line.starts_with("wg:")).unwrap();
    // As if it had lapsed, and another server had sent the same.
    redis.command(&["SET", claim, "1"]);
    sleep(longest / 2);
    assert_eq!(checked(&clearance), "busy");
    assert_eq!(redis.command(&["GET", claim]), "$1\r\n1\r\n");
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn calls_of_all_servers_keep_one_delay() {
    let redis = RedisServer::start();
    let pace = "[tools.send_message]\npace = { min = \"8s\", max = \"8s\" }\n\
                [tools.list_chats]\npace = { min = \"1s\", max = \"1s\" }\n";
    let servers = [0; 3].map(|_| server(&redis, pace));
    for (place, seconds) in [(0, 0), (1, 8), (2, 16)] {
        let permit = servers[place].pass("send_message", &message(&place.to_string()));
        let wait = permit.unwrap().wait();
        let late = Duration::from_secs(seconds) - wait;
        assert!(late < Duration::from_secs(4), "{wait:?} is not {seconds} s");
    }
    for server in &servers {
        let Verdict::Deny(refusal) = server.authorize("send_message", &message("ho"), LOCAL) else {
            panic!("it would wait too long");
        };
        assert_eq!(refusal.code.name(), "too-soon");
        assert!(refusal.rule.is_some());
        assert!((20..=24).contains(&refusal.retry_after_s.unwrap()));
        // A read with a pace waits in the same queue.
        assert_eq!(server.verdict("list_chats", &json!({})), "too-soon");
        assert_eq!(server.verdict("list_groups", &json!({})), "allowed");
    }
}
