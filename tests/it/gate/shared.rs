//! The gates of several servers that share a Redis.

use std::{sync::Arc, thread::sleep, time::Duration};

use serde_json::{Value, json};
use whatsapp_guard::{
    audit::Audit,
    clock::Clock,
    gate::{ApprovalKey, Reply, Verdict},
    ledger::Shared,
    op::{ChatId, Clearance, Reading, RequestKind},
    toolset::{Answer, Resolved},
};

use crate::app::{
    gate::{GateFixture, LOCAL, open, policy},
    redis::RedisServer,
    wait,
};

fn server(redis: &RedisServer, rules: &str) -> GateFixture {
    server_of(redis, "account", rules)
}

fn server_of(redis: &RedisServer, account: &str, rules: &str) -> GateFixture {
    let (clock, hand) = Clock::manual();
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    let policy = policy(&open(rules));
    GateFixture::at(policy, &clock, hand, shared.ledger(account))
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
    let handed = clearance.hand_over(RequestKind::Change);
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
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::new(Some(folder.path().join("audit.jsonl")), Clock::real());
    let started = permit.start(Arc::new(audit.unwrap()).begin(LOCAL, None));
    let clearance = started.clearance;
    wait(clearance.begin()).unwrap();
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

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn questions_of_all_servers_have_one_limit() {
    let redis = RedisServer::start();
    let rules = "prompts = { max = 2, window = \"minute\" }\n[grants.other]\n[grants.local]\n";
    let servers = [0; 3].map(|_| server(&redis, rules));
    let ask = |place: usize, grant| {
        let group = json!({ "group": format!("1203630000000{place}@g.us") });
        servers[place].verdict_for(grant, "leave_group", &group)
    };
    let asked = [0, 1, 2, 0].map(|place| ask(place, LOCAL));
    let no_more = "prompts-exhausted";
    assert_eq!(asked, ["asked", "asked", no_more, no_more]);
    assert_eq!(ask(2, "other"), "asked");
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_recipient_and_a_pause_are_known_to_all_servers() {
    let redis = RedisServer::start();
    let rules = "[recipients]\nnew = { action = \"allow\", max = 1, window = \"day\" }\n\
                 [health]\npause_on = [\"FAILED\"]\n";
    let [here, there] = [0; 2].map(|_| server(&redis, rules));
    assert_eq!(send(&here, MUM), "allowed");
    assert_eq!(send(&there, MUM), "allowed", "it is not new");
    assert_eq!(send(&there, SAM), "rate-limited", "it is new");
    here.apply(Resolved {
        states: vec!["FAILED".to_owned()],
        ..Resolved::default()
    });
    assert_eq!(send(&there, MUM), "account-paused");
}

const MUM: &str = "15552220001@c.us";
const SAM: &str = "15552220003@c.us";
const FLOW: &str = "[flow]\ncross_chat = \"deny\"\n";

fn send(at: &GateFixture, chat: &str) -> &'static str {
    at.verdict(
        "send_message",
        &json!({ "chat": chat, "text": "hi", "allow_repeat": true }),
    )
}

fn read(at: &GateFixture, chat: &str) -> &'static str {
    at.verdict("list_messages", &json!({ "chat": chat }))
}

/// An answer that shows messages of a chat that the call did not name.
fn preview(chat: &str) -> Answer {
    Answer {
        structured: json!({}),
        text: String::new(),
        attachments: Vec::new(),
        failed: false,
        lost: false,
        reading: Reading {
            messages: 1,
            chats: vec![ChatId::parse(chat).unwrap()],
        },
        account_state: None,
    }
}

/// The refusal with which a list of chats ends that shows this chat.
fn list(at: &GateFixture, chat: &str) -> Option<&'static str> {
    let Verdict::Permit(permit) = at.authorize("list_chats", &json!({}), LOCAL) else {
        panic!("it is not allowed");
    };
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::new(Some(folder.path().join("audit.jsonl")), Clock::real());
    let started = permit.start(Arc::new(audit.unwrap()).begin(LOCAL, None));
    let refusal = wait(started.obligations.refusal(&Ok(preview(chat))));
    refusal.map(|refusal| refusal.code.name())
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn what_was_read_at_one_server_stays_in_its_chat_at_another() {
    let redis = RedisServer::start();
    let [here, there] = [0; 2].map(|_| server(&redis, FLOW));
    assert_eq!(send(&there, SAM), "allowed");
    assert_eq!(read(&here, MUM), "allowed");
    assert_eq!(send(&there, SAM), "cross-chat");
    assert_eq!(send(&there, MUM), "allowed");
    // What an answer shows counts before it is given.
    assert_eq!(list(&here, SAM), None);
    assert_eq!([send(&there, MUM), send(&here, MUM)], ["cross-chat"; 2]);
    let sent = there.authorize("send_message", &message("hi"), "local");
    assert!(matches!(sent, Verdict::Deny(_)));
    // It outlives the servers, for a while, and other accounts know it.
    assert_eq!(send(&server_of(&redis, "home", FLOW), MUM), "cross-chat");
    let later = server(&redis, FLOW);
    assert_eq!(send(&later, MUM), "cross-chat");
    let left = redis.command(&["PTTL", "wg:read:local"]);
    assert!(left.starts_with(":86"), "a day: {left}");
    // Beyond the window it does not count any more.
    let an_hour_ago = jiff::Timestamp::now().as_microsecond() - 3_700_000_000;
    for chat in [MUM, SAM] {
        redis.command(&["ZADD", "wg:read:local", &an_hour_ago.to_string(), chat]);
    }
    assert_eq!(send(&later, MUM), "allowed");
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn nothing_is_shown_that_other_servers_cannot_be_told() {
    let mut redis = RedisServer::start();
    let [flow, none] = [FLOW, ""].map(|rules| server(&redis, rules));
    assert_eq!([read(&flow, MUM), read(&none, MUM)], ["allowed"; 2]);
    redis.kill();
    // What was recorded before may be read again.
    assert_eq!([read(&flow, MUM), read(&none, SAM)], ["allowed"; 2]);
    assert_eq!(list(&flow, SAM), Some("ledger-unavailable"));
    assert_eq!(list(&none, SAM), None);
    assert_eq!(read(&flow, SAM), "ledger-unavailable");
}

const KEY: &str = "7f3a9c1e5b2d804f6a7c3e91d5b80f2a4c6e8d1b3f5a79c0e2d4b6f8a1c3e5d7";

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn an_answer_that_is_too_fast_is_so_at_another_server_and_uses_its_ticket_up_everywhere() {
    let redis = RedisServer::start();
    let [here, there] = [0; 2].map(|_| {
        let key = ApprovalKey::new(&KEY.into(), "account").unwrap();
        server(&redis, "min_answer_ms = 1000").changed(|gate| gate.sealing_with(key))
    });
    let leave = json!({ "group": "120363000000000001@g.us" });
    let question = || match here.authorize("leave_group", &leave, LOCAL) {
        Verdict::Confirm(question) => question,
        _ => panic!("it is not asked about"),
    };
    let advance = |milliseconds| {
        for server in [&here, &there] {
            server.hand.advance(Duration::from_millis(milliseconds));
        }
    };
    let answered = |at: &GateFixture, ticket: &str| {
        let (caller, call) = (GateFixture::caller(LOCAL), question().into_call());
        match wait(
            at.gate
                .authorize_with_reply(call, &caller, ticket, Reply::Yes),
        ) {
            Verdict::Deny(refusal) => refusal.code.name(),
            _ => "allowed",
        }
    };
    let ticket = here.gate.ticket(&question());
    advance(999);
    assert_eq!(answered(&there, &ticket), "too-fast");
    advance(1000);
    assert_eq!(answered(&here, &ticket), "approval-used");
    assert_eq!(answered(&there, &ticket), "approval-used");
    let ticket = here.gate.ticket(&question());
    advance(1000);
    assert_eq!(answered(&there, &ticket), "allowed");
}
