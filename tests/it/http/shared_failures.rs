//! Servers whose Redis is away, full, demoted, emptied or slow.

use std::time::Instant;

use whatsapp_guard::kill_switch::SHARED_LEASE;

use super::{
    shared_state::{code, join_all, limited, open, refusal, site},
    status::probe,
    *,
};
use crate::app::{command::run, redis::RedisServer};

/// Longer than the role of a server goes unchecked.
const CHECK: Duration = Duration::from_millis(1100);

/// Longer than a breaker answers in place of Redis, and than a check of the server is due.
const RECOVERY: Duration = Duration::from_millis(2200);

async fn panic(redis: &RedisServer, words: &[&str]) {
    let url = redis.url();
    let ran = run(&[&["panic", "--state", &url], words].concat(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

async fn list_chats(site: &HttpServer) -> Value {
    code(site, "list_chats", json!({})).await
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_server_that_has_not_heard_of_the_switch_allows_nothing() {
    let mut redis = RedisServer::start();
    panic(&redis, &["--all"]).await;
    redis.kill();
    let site = site(&redis, &two()).await;
    for _ in 0..2 {
        assert_eq!(open(&site).await, "ledger-unavailable");
        assert_eq!(list_chats(&site).await, "ledger-unavailable");
    }
    redis.restart();
    tokio::time::sleep(RECOVERY).await;
    assert_eq!(list_chats(&site).await, "panic");
    panic(&redis, &["--off"]).await;
    assert_eq!(list_chats(&site).await, Value::Null);
    // Nobody knows for longer than a moment whether it is on again.
    redis.kill();
    tokio::time::sleep(SHARED_LEASE).await;
    assert_eq!(list_chats(&site).await, "ledger-unavailable");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_call_waits_for_a_redis_that_hangs_for_a_second_altogether() {
    let flow = "[flow]\ncross_chat = \"deny\"\n";
    for (tool, arguments) in [
        ("list_chats", json!({})),
        ("open_session", json!({})),
        ("list_messages", json!({ "chat": "15550000001@c.us" })),
        (
            "send_message",
            json!({ "chat": "15550000001@c.us", "text": "hi" }),
        ),
    ] {
        let redis = RedisServer::start();
        let site = site(&redis, &format!("{}{flow}", two())).await;
        assert_eq!(list_chats(&site).await, Value::Null);
        redis.stop(true);
        let began = Instant::now();
        let code = code(&site, tool, arguments).await;
        let took = began.elapsed();
        assert!(
            took < Duration::from_millis(1800),
            "{tool}: {took:?} {code}"
        );
        redis.stop(false);
    }
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_server_that_loses_counts_is_noticed_by_reads() {
    for (changes, named) in [
        (&[&["REPLICAOF", "127.0.0.1", "1"][..]][..], "a replica"),
        (
            &[
                &["CONFIG", "SET", "maxmemory", "100mb"],
                &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"],
            ],
            "evict",
        ),
    ] {
        let redis = RedisServer::start();
        let site = site(&redis, &two()).await;
        assert_eq!(list_chats(&site).await, Value::Null);
        for change in changes {
            assert_eq!(redis.command(change), "+OK\r\n");
        }
        tokio::time::sleep(CHECK).await;
        let call = json!({ "name": "list_chats", "arguments": {} });
        let (_, answer) = site
            .modern(ALICE, "tools/call", call, Some("list_chats"))
            .await;
        assert_eq!(refusal(&answer), "ledger-unavailable", "{named}");
        assert!(answer.to_string().contains("ledger-unfit"), "{answer}");
        let (status, text) = probe(&site.server, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("ledger-unfit"), "{text}");
    }
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn an_emptied_redis_gives_nothing_back() {
    let redis = RedisServer::start();
    let site = site(&redis, &two()).await;
    let call = site.ask_modern(ALICE).await;
    let answer = site.answer_modern(ALICE, &call, "yes").await;
    assert_eq!(refusal(&answer), Value::Null);
    redis.command(&["FLUSHALL"]);
    // A server with the same key, which has not seen the earlier answer.
    let there = super::shared_state::site(&redis, &two()).await;
    assert_eq!(open(&site).await, "ledger-unavailable");
    let answer = site.answer_modern(ALICE, &call, "yes").await;
    assert_ne!(refusal(&answer), Value::Null, "a used approval");
    let (status, _) = probe(&site.server, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    // The switch may have been on.
    assert_eq!(list_chats(&site).await, "ledger-unavailable");
    assert_eq!(open(&there).await, Value::Null, "a first start");
    assert_eq!(open(&site).await, "ledger-unavailable");
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn an_emptied_redis_does_not_lift_the_switch() {
    let redis = RedisServer::start();
    let site = site(&redis, &two()).await;
    panic(&redis, &["--all"]).await;
    assert_eq!(list_chats(&site).await, "panic");
    redis.command(&["FLUSHALL"]);
    assert_eq!(list_chats(&site).await, "ledger-unavailable");
    assert_eq!(open(&site).await, "ledger-unavailable");
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_server_is_not_ready_while_changes_are_refused() {
    for refusing in [
        &["CONFIG", "SET", "maxmemory", "1"][..],
        &["CONFIG", "SET", "min-replicas-to-write", "1"],
        &["REPLICAOF", "127.0.0.1", "1"],
    ] {
        let redis = RedisServer::start();
        let site = site(&redis, &limited()).await;
        assert_eq!(open(&site).await, Value::Null);
        redis.command(refusing);
        let (status, text) = probe(&site.server, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{refusing:?}");
        assert!(text.contains("the ledger"), "{text}");
        assert_eq!(open(&site).await, "ledger-unavailable", "{refusing:?}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn calls_in_flight_while_redis_hangs_are_refused_and_counted_at_most_once() {
    let redis = RedisServer::start();
    let site = site(&redis, &limited()).await;
    assert_eq!(open(&site).await, Value::Null);
    let calls = join_all((0..8).map(|_| open(&site)));
    let hang = async {
        redis.stop(true);
        // Health is answered and the policy is replaced meanwhile.
        let began = Instant::now();
        assert_eq!(probe(&site.server, "/healthz").await.0, StatusCode::OK);
        assert!(began.elapsed() < Duration::from_millis(500));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        redis.stop(false);
    };
    let (codes, ()) = tokio::join!(calls, hang);
    let refused = codes.iter().filter(|code| *code == "ledger-unavailable");
    let passed = codes.iter().filter(|code| code.is_null()).count();
    assert_eq!(refused.count() + passed, 8, "{codes:?}");
    tokio::time::sleep(RECOVERY).await;
    // 15 fit into an hour; a call that was refused may have been counted all the same.
    let rest = join_all((0..20).map(|_| open(&site))).await;
    let more = rest.iter().filter(|code| code.is_null()).count();
    assert!((6..=14).contains(&(more + passed)), "{rest:?}");
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn no_key_holds_the_id_of_a_session() {
    let redis = RedisServer::start();
    let limit =
        "[tools.list_groups]\nlimits = [{ max = 9, window = \"hour\", scope = \"session\" }]\n";
    let site = site(&redis, &format!("{}{limit}", two())).await;
    let session = site.open(ALICE).await;
    site.call(ALICE, &session, "list_groups", json!({})).await;
    let index = ["ZRANGE", "wg:{account}:index", "0", "-1"];
    for keys in [redis.command(&["KEYS", "*"]), redis.command(&index)] {
        assert!(keys.contains("session:"), "{keys}");
        assert!(!keys.contains(&session), "{keys}");
    }
}
