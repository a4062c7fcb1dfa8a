//! Many clients over HTTP: latency of a read at a steady rate, memory of idle sessions, and
//! reads and sends as fast as a few clients can call.
//!
//! `cargo bench --bench load`, with `-- --seconds 60` for the duration of the steady rate
//! (default 10). The part with Redis needs `redis-server` in the path.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark fails by panicking and prints its results"
)]

mod connection;
mod http_server;
mod program;
mod redis;
mod stub;

use std::{
    env, thread,
    time::{Duration, Instant},
};

use connection::Connection;
use http_server::HttpServer;
use redis::Redis;

const CLIENTS: u32 = 64;
const RATE: u32 = 2_000;
/// The limit of a server.
const SESSIONS: usize = 2_000;

/// Clients that call as fast as they are answered.
const BUSY_CLIENTS: usize = 16;
const READS: usize = 1_000;
/// Of all clients fewer than the sends that are remembered for 30 seconds.
const SENDS: usize = 200;

const CHAT: &str = "4915112345678@c.us";

const POLICY: &str = r#"
version = "1"
[risk.read]
action = "allow"
"#;

/// Counts each call in the ledger.
const COUNTED: &str = r#"
version = "1"
default = "deny"
[risk.read]
action = "allow"
limits = [{ max = 1000000000, window = "day" }]
[risk.execute]
action = "allow"
limits = [{ max = 1000000000, window = "day" }]
"#;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // `cargo test --all-targets` runs this file too, without `--bench`.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    if !cfg!(target_os = "linux") {
        println!("this benchmark needs Linux");
        return;
    }
    let wanted = arguments
        .iter()
        .position(|argument| argument == "--seconds");
    let seconds = wanted.map_or(10, |at| arguments[at + 1].parse().unwrap());
    at_a_steady_rate(seconds);
    let local = HttpServer::start(COUNTED, None);
    full_speed("reads, ledger in a file", &local, READS, &read);
    full_speed(
        "sends, ledger in a file (p99: goal 5)",
        &local,
        SENDS,
        &send,
    );
    drop(local);
    match Redis::start() {
        Some(redis) => {
            let shared = HttpServer::start(COUNTED, Some(&redis.url));
            full_speed("reads, ledger in Redis", &shared, READS, &read);
        }
        None => println!("reads, ledger in Redis: there is no redis-server"),
    }
}

fn at_a_steady_rate(seconds: u64) {
    let server = HttpServer::start(POLICY, None);
    let calls = load(&server, Duration::from_secs(seconds));
    let (early, late) = (calls.early, server.resident());
    let rate = calls.times.len() as f64 / calls.took.as_secs_f64();
    println!("{CLIENTS} clients, {seconds} s, get_session against a stub");
    println!("  calls per second  {rate:>8.0}    target {RATE}");
    print_times(calls.times);
    println!("  memory            {early:>8} KiB after a third, {late} at the end");
    let before = server.resident();
    let sessions = open_sessions(&server);
    let after = server.resident();
    let (grown, whole) = ((after - before) / 1024, after / 1024);
    // The first session is still open, so none was ended for another.
    let answer = Connection::open(&server.address).send(&sessions[0], PING);
    assert!(answer.contains("result"), "{answer}");
    println!("{SESSIONS} idle sessions of 2025-11-25");
    println!("  memory            {grown:>8} MiB goal 200, {whole} with the server itself");
}

fn print_times(mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| times[(times.len() as f64 * part) as usize].as_secs_f64() * 1000.0;
    println!("  p50               {:>8.2} ms", at(0.5));
    println!("  p99               {:>8.2} ms  goal 5", at(0.99));
    println!("  longest           {:>8.2} ms", at(0.9999));
}

/// Calls of several clients, each as soon as its last one is answered.
fn full_speed(
    what: &str,
    server: &HttpServer,
    calls: usize,
    call: &(dyn Fn(&mut Connection, usize) + Sync),
) {
    let started = Instant::now();
    let times: Vec<Duration> = thread::scope(|scope| {
        let clients: Vec<_> = (0..BUSY_CLIENTS)
            .map(|client| {
                scope.spawn(move || {
                    let mut connection = Connection::open(&server.address);
                    let time = |number| {
                        let started = Instant::now();
                        call(&mut connection, client * calls + number);
                        started.elapsed()
                    };
                    (0..calls).map(time).collect::<Vec<_>>()
                })
            })
            .collect();
        let ended = clients.into_iter().map(|client| client.join().unwrap());
        ended.flatten().collect()
    });
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    println!("{BUSY_CLIENTS} clients at full speed: {what}");
    println!("  calls per second  {rate:>8.0}");
    print_times(times);
}

fn read(connection: &mut Connection, _number: usize) {
    let answer = connection.send(&modern("get_session"), CALL);
    assert!(answer.contains("4915112345678"), "{answer}");
}

fn send(connection: &mut Connection, number: usize) {
    let arguments = format!(r#"{{"chat":"{CHAT}","text":"{number}"}}"#);
    let call = CALL
        .replace("get_session", "send_message")
        .replace("{},", &format!("{arguments},"));
    let answer = connection.send(&modern("send_message"), &call);
    assert!(answer.contains("BENCH"), "{answer}");
}

struct Calls {
    times: Vec<Duration>,
    took: Duration,
    /// Memory after a third of the calls, in KiB.
    early: u64,
}

/// Calls at a steady rate. The latency of a call counts from when it was due.
fn load(server: &HttpServer, time: Duration) -> Calls {
    let gap = Duration::from_secs(1) * CLIENTS / RATE;
    let started = Instant::now() + Duration::from_millis(200);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let mut connection = Connection::open(&server.address);
            let first = started + gap * client / CLIENTS;
            thread::spawn(move || {
                let mut times = Vec::new();
                let mut due = first;
                while due < started + time {
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let answer = connection.send(&modern("get_session"), CALL);
                    times.push(due.elapsed());
                    assert!(answer.contains("4915112345678"), "{answer}");
                    due += gap;
                }
                times
            })
        })
        .collect();
    thread::sleep(time / 3);
    let early = server.resident();
    let times = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    Calls {
        times,
        took: started.elapsed(),
        early,
    }
}

/// Opens sessions; returns the headers with the id of each.
fn open_sessions(server: &HttpServer) -> Vec<String> {
    let mut connection = Connection::open(&server.address);
    let mut open = || {
        let answer = connection.send("", HELLO);
        assert!(answer.contains("serverInfo"), "{answer}");
        let named = format!(
            "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {}\r\n",
            connection.session
        );
        connection.send(&named, READY);
        named
    };
    (0..SESSIONS).map(|_| open()).collect()
}

fn modern(tool: &str) -> String {
    format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n")
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_session","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;

const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
