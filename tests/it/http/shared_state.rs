//! Several servers that share their state in Redis, as behind a load balancer.

use std::time::Instant;

use whatsapp_guard::{gate::ApprovalKey, kill_switch::SHARED_LEASE, ledger::Shared};

use super::{status::probe, *};
use crate::{
    app::command::{program, run},
    app::redis::RedisServer,
};

const KEY: &str = "7f3a9c1e5b2d804f6a7c3e91d5b80f2a4c6e8d1b3f5a79c0e2d4b6f8a1c3e5d7";

/// A policy with limits in a short and in a long window.
pub(super) fn limited() -> String {
    let limits = "[tools.open_session]\nlimits = [{ max = 20, window = \"minute\" }, { max = 15, window = \"hour\", scope = \"account\" }]\n";
    let reads = "[tools.get_session]\nlimits = [{ max = 3, window = \"minute\" }]\n";
    let counted = "[tools.list_groups]\nlimits = [{ max = 9, window = \"hour\" }]\n";
    format!("{}{limits}{reads}{counted}", two())
}

pub(super) async fn site(redis: &RedisServer, policy: &str) -> HttpServer {
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    let key = ApprovalKey::new(&KEY.into(), "account").unwrap();
    let config = app::sandbox_config();
    let ledger = |_| shared.ledger("account");
    HttpServer::counting(config, policy, ledger, |gate| gate.sealing_with(key)).await
}

/// Calls a tool; returns the code of the refusal, or null.
pub(super) async fn code(site: &HttpServer, tool: &str, arguments: Value) -> Value {
    let call = json!({ "name": tool, "arguments": arguments });
    let (_, answer) = site.modern(ALICE, "tools/call", call, Some(tool)).await;
    refusal(&answer)
}

/// The code of a refusal by the gate, or null. The sandbox itself may refuse because its
/// session is closed.
pub(super) fn refusal(answer: &Value) -> Value {
    match &answer["result"]["structuredContent"]["error"]["code"] {
        code if code == "backend-refused" => Value::Null,
        code => code.clone(),
    }
}

pub(super) async fn open(site: &HttpServer) -> Value {
    code(site, "open_session", json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn two_servers_share_one_quota() {
    let redis = RedisServer::start();
    let sites = [
        site(&redis, &limited()).await,
        site(&redis, &limited()).await,
    ];
    let calls = (0..40).map(|number| open(&sites[number % 2]));
    let codes = join_all(calls).await;
    let passed = codes.iter().filter(|code| code.is_null()).count();
    let limited = codes.iter().filter(|code| *code == "rate-limited").count();
    assert_eq!((passed, limited), (15, 25), "{codes:?}");
    // A short window is shared as well, for reads too.
    let mut passed = 0;
    for number in 0..8 {
        let code = code(&sites[number % 2], "get_session", json!({})).await;
        passed += usize::from(code.is_null());
    }
    assert_eq!(passed, 3);
}

/// Polls all futures at once; returns their outputs.
pub(super) async fn join_all<T: Future>(all: impl Iterator<Item = T>) -> Vec<T::Output> {
    let mut all: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|cx| {
        let mut ready = true;
        for (one, done) in &mut all {
            if done.is_none() {
                match one.as_mut().poll(cx) {
                    std::task::Poll::Ready(output) => *done = Some(output),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        match ready {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    all.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn an_approval_is_valid_at_every_server_but_once() {
    let redis = RedisServer::start();
    let (here, there) = (site(&redis, &two()).await, site(&redis, &two()).await);
    for (decision, expected) in [("yes", Value::Null), ("no", json!("declined"))] {
        let call = here.ask_modern(ALICE).await;
        let mut codes = Vec::new();
        for site in [&there, &here, &there] {
            let answer = site.answer_modern(ALICE, &call, decision).await;
            codes.push(refusal(&answer));
        }
        let used = json!("approval-used");
        assert_eq!(codes, [expected, used.clone(), used], "{decision}");
    }
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn an_approval_from_before_a_stop_is_valid_at_no_server() {
    let redis = RedisServer::start();
    let (here, there) = (site(&redis, &two()).await, site(&redis, &two()).await);
    let calls = [here.ask_modern(ALICE).await, here.ask_modern(ALICE).await];
    // As by a `panic` that is killed while it waits.
    redis.command(&["SET", "wg:panic", "reads"]);
    let ran = run(&["panic", "--off", "--state", &redis.url()], &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for (site, call) in [(&there, &calls[0]), (&here, &calls[1])] {
        let answer = site.answer_modern(ALICE, call, "yes").await;
        assert_eq!(refusal(&answer), "panic");
    }
    let call = here.ask_modern(ALICE).await;
    let answer = there.answer_modern(ALICE, &call, "yes").await;
    assert_eq!(refusal(&answer), Value::Null);
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn servers_with_different_keys_reject_each_others_approvals() {
    let redis = RedisServer::start();
    let here = site(&redis, &two()).await;
    let there = {
        let shared = Shared::at(&redis.url().into(), None).unwrap();
        let key = ApprovalKey::new(&KEY.into(), "another").unwrap();
        let config = app::sandbox_config();
        let made = |gate: Gate| gate.sealing_with(key);
        HttpServer::counting(config, &two(), |_| shared.ledger("account"), made).await
    };
    let call = here.ask_modern(ALICE).await;
    let answer = there.answer_modern(ALICE, &call, "yes").await;
    assert_eq!(app::error_code(&answer), "approval-invalid");
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn an_approval_in_a_session_is_recorded_in_redis() {
    let redis = RedisServer::start();
    let site = site(&redis, &two()).await;
    let session = site.open(ALICE).await;
    let (response, question) = site.ask(ALICE, &session).await;
    assert_eq!(redis.command(&["KEYS", "*:used:*"]), "*0\r\n");
    let answered = site.answer(ALICE, &session, &question, "yes").await;
    assert_eq!(answered, StatusCode::ACCEPTED);
    let result = last(response).await;
    assert_eq!(refusal(&result), Value::Null, "{result}");
    assert!(redis.command(&["KEYS", "*:used:*"]).starts_with("*1\r\n"));
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn without_redis_only_reads_pass_for_a_moment_until_it_is_back() {
    let mut redis = RedisServer::start();
    let site = site(&redis, &limited()).await;
    assert_eq!(probe(&site.server, "/readyz").await.0, StatusCode::OK);
    for _ in 0..13 {
        assert_eq!(open(&site).await, Value::Null);
    }
    let heard = Instant::now();
    assert_eq!(open(&site).await, Value::Null);
    redis.kill();
    // What was heard of the switch last is good for a moment.
    let codes = [
        code(&site, "get_session", json!({})).await,
        code(&site, "list_chats", json!({})).await,
    ];
    if heard.elapsed() < SHARED_LEASE {
        assert_eq!(codes, [Value::Null, Value::Null]);
    }
    let (status, _) = probe(&site.server, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(open(&site).await, "ledger-unavailable");
    let groups = code(&site, "list_groups", json!({})).await;
    assert_eq!(groups, "ledger-unavailable", "it is counted in Redis");
    tokio::time::sleep(SHARED_LEASE).await;
    assert_eq!(
        code(&site, "list_chats", json!({})).await,
        "ledger-unavailable"
    );
    redis.restart();
    // After several failures in a row it is not asked again at once.
    assert_eq!(open(&site).await, "ledger-unavailable");
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(open(&site).await, Value::Null);
    assert_eq!(open(&site).await, "rate-limited", "the counts are durable");
    assert_eq!(code(&site, "list_groups", json!({})).await, Value::Null);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_redis_that_hangs_delays_calls_only_briefly() {
    let redis = RedisServer::start();
    let site = site(&redis, &two()).await;
    let heard = Instant::now();
    assert_eq!(open(&site).await, Value::Null);
    redis.stop(true);
    let began = Instant::now();
    let calls = (0..12).map(|number| {
        let tool = ["open_session", "list_chats"][number % 2];
        code(&site, tool, json!({}))
    });
    let codes = join_all(calls).await;
    let took = began.elapsed();
    for pair in codes.chunks(2) {
        assert_eq!(pair[0], "ledger-unavailable");
        if heard.elapsed() < SHARED_LEASE {
            assert_eq!(pair[1], Value::Null);
        }
    }
    // Each waits for it once, and all of them at the same time.
    assert!(took < Duration::from_millis(1800), "{took:?}");
    redis.stop(false);
    assert_eq!(open(&site).await, Value::Null);
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn panic_stops_every_server_of_a_redis() {
    let mut redis = RedisServer::start();
    let sites = [site(&redis, &two()).await, site(&redis, &two()).await];
    let panic = |words: &[&str]| {
        let url = redis.url();
        let ran = run(&[&["panic", "--state", &url], words].concat(), &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.contains(&url), "{}", ran.out);
    };
    for (words, writes, reads) in [
        (&[][..], json!("panic"), Value::Null),
        (&["--all"], json!("panic"), json!("panic")),
        (&["--off"], Value::Null, Value::Null),
        (&["--all"], json!("panic"), json!("panic")),
    ] {
        panic(words);
        for site in &sites {
            assert_eq!(open(site).await, writes, "{words:?}");
            assert_eq!(code(site, "list_chats", json!({})).await, reads);
        }
    }
    redis.kill();
    assert_eq!(open(&sites[0]).await, "ledger-unavailable");
    assert_ne!(code(&sites[0], "list_chats", json!({})).await, Value::Null);
    let ran = run(&["panic", "--state", &redis.url()], &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("end the servers"), "{}", ran.err);
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn limits_and_explain_show_the_shared_counts() {
    let redis = RedisServer::start();
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    let config = app::sandbox_config();
    let site = HttpServer::counting(
        config,
        &limited(),
        |_| shared.ledger("sandbox"),
        |gate| gate,
    )
    .await;
    for _ in 0..2 {
        assert_eq!(code(&site, "get_session", json!({})).await, Value::Null);
    }
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(&file, limited()).unwrap();
    let (url, file) = (redis.url(), file.path().display().to_string());
    let account = [
        "--backend",
        "sandbox",
        "--state",
        &url,
        "--policy",
        &file,
        "--json",
    ];
    let ran = run(&[&["limits"], &account[..]].concat(), &[]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["ledger"], url.as_str());
    let mut counters = report["counters"].as_array().unwrap().iter();
    let counter = counters
        .find(|one| {
            one["counter"]
                .as_str()
                .is_some_and(|name| name.starts_with("tools.get_session"))
        })
        .unwrap_or_else(|| panic!("{report}"));
    assert_eq!(counter["left"], 1, "{counter}");
    let ran = run(
        &[
            &["explain", "get_session", "{}", "--as", "alice"],
            &account[..],
        ]
        .concat(),
        &[],
    );
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(
        report.to_string().contains("\"used\":2") || report.to_string().contains("\"left\":1"),
        "{report}"
    );
}

#[test]
fn errors_about_shared_state_reveal_no_secret() {
    let url = "redis://user:s3cret@127.0.0.1:1/0";
    let ran = run(&["serve", "--state", url], &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("openssl rand -base64 32"), "{}", ran.err);
    let short = [("WHATSAPP_GUARD_APPROVAL_KEY", "s3cret")];
    let ran = run(&["serve", "--state", url], &short);
    assert_eq!(ran.code, 2);
    assert!(!ran.err.contains("s3cret"), "{}", ran.err);
    for url in [
        "http://s3cret@host",
        "redis://s3cret@host/x",
        "rediss://:s3cret@",
    ] {
        let ran = run(&["panic", "--state", url], &[]);
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains("redis://host:6379/0"), "{}", ran.err);
        assert!(!ran.err.contains("s3cret"), "{}", ran.err);
    }
    let ran = run(&["panic", "--help"], &[("WHATSAPP_GUARD_STATE", url)]);
    assert!(!ran.out.contains("s3cret"), "{}", ran.out);
    let ran = run(&["panic"], &[("WHATSAPP_GUARD_STATE", url)]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("redis://127.0.0.1:1/0"), "{}", ran.err);
    assert!(!ran.err.contains("s3cret"), "{}", ran.err);
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn the_password_comes_from_a_file() {
    let redis = RedisServer::start();
    redis.command(&["CONFIG", "SET", "requirepass", "s3cret"]);
    let (mut command, home) = program();
    let file = home.path().join("password");
    std::fs::write(&file, "s3cret\n").unwrap();
    let ran = command
        .args(["panic", "--status", "--state", &redis.url()])
        .env("WHATSAPP_GUARD_STATE_PASSWORD_FILE", &file)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let without = run(&["panic", "--status", "--state", &redis.url()], &[]);
    assert_eq!(without.code, 1);
    assert!(without.err.contains("NOAUTH"), "{}", without.err);
}
