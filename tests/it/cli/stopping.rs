//! SIGTERM and SIGINT stop a server in order, however it is served.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use crate::{
    app::process::{ServerProcess, serve},
    app::{Era, OPEN, ends},
    http::{client, last},
};

const CHAT: &str = "15552223333@c.us";
const PACE: &str = "[tools.send_message]\npace = { min = \"5s\", max = \"5s\" }\n";

/// Standard input and output alone, or beside HTTP.
const MODES: [&[&str]; 2] = [&[], &["--http", "127.0.0.1:0", "--no-auth", "--stdio"]];

struct Site {
    home: TempDir,
    mock: MockServer,
    running: ServerProcess,
}

impl Site {
    /// A server that paces sends, and whose back end answers a send after this time.
    async fn start(arguments: &[&str], answer: Duration) -> Self {
        Self::start_with(&format!("{OPEN}{PACE}"), arguments, answer).await
    }

    async fn start_with(rules: &str, arguments: &[&str], answer: Duration) -> Self {
        let mock = MockServer::start().await;
        let sent = json!({ "id": format!("true_{CHAT}_3EB042AD7933EC545A31D6"), "ack": 1 });
        let sent = ResponseTemplate::new(201).set_body_json(sent);
        Mock::given(path("/api/sendText"))
            .respond_with(sent.set_delay(answer))
            .mount(&mock)
            .await;
        let home = tempfile::tempdir().unwrap();
        let policy = home.path().join("policy.toml");
        fs::write(&policy, rules).unwrap();
        let mut command = serve(home.path());
        command
            .env("WAHA_BASE_URL", mock.uri())
            .env("WAHA_API_KEY", "key")
            .arg("--policy")
            .arg(policy)
            .args(arguments);
        let running = match arguments.contains(&"--stdio") || arguments.is_empty() {
            true => ServerProcess::start(command, Era::Legacy),
            false => ServerProcess::spawn(command, Era::Modern),
        };
        Self {
            home,
            mock,
            running,
        }
    }

    fn call(&mut self, tool: &str, arguments: Value) -> u64 {
        let call = json!({ "name": tool, "arguments": arguments });
        self.running.begin("tools/call", call)
    }

    fn send(&mut self, text: &str) -> u64 {
        self.call("send_message", json!({ "chat": CHAT, "text": text }))
    }

    async fn until_received(&self, count: usize) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.received().await < count {
            assert!(Instant::now() < until, "{count} requests did not come");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn received(&self) -> usize {
        self.mock.received_requests().await.unwrap().len()
    }

    /// The codes of these calls, or "done".
    fn codes(&mut self, calls: &[u64]) -> Vec<String> {
        let mut codes = vec![None; calls.len()];
        while codes.contains(&None) {
            let message = self.running.receive();
            let index = calls.iter().position(|id| message["id"] == *id);
            if let (Some(index), None) = (index, message.get("method")) {
                let code = &message["result"]["structuredContent"]["error"]["code"];
                codes[index] = Some(code.as_str().unwrap_or("done").to_owned());
            }
        }
        codes.into_iter().map(Option::unwrap).collect()
    }

    fn audit(&self) -> Vec<Value> {
        let file: PathBuf = self.home.path().join("whatsapp-guard/audit.jsonl");
        ends(&file)
    }
}

#[tokio::test]
async fn what_was_sent_is_awaited_and_everything_else_refused() {
    for arguments in MODES {
        for signal in [Signal::TERM, Signal::INT] {
            let mut site = Site::start(arguments, Duration::from_secs(3)).await;
            let sent = site.send("1");
            site.until_received(1).await;
            let waits = site.send("2");
            let asks = site.call("leave_group", json!({ "group": "12345678@g.us" }));
            site.running.notification("elicitation/create");
            // The question was looked up too.
            let before = site.received().await;
            site.running.signal(signal);
            std::thread::sleep(Duration::from_millis(300));
            let late = site.send("3");
            let codes = site.codes(&[sent, waits, asks, late]);
            assert_eq!(codes, ["done", "stopping", "stopping", "stopping"]);
            assert_eq!(site.running.wait(), Some(0), "{arguments:?}");
            assert_eq!(site.received().await, before);
            let lines = site.audit();
            let of = |code: &str| lines.iter().filter(|line| line["code"] == code).count();
            assert_eq!((of("allowed"), of("stopping")), (1, 3), "{lines:?}");
            assert!(lines.iter().all(|line| line["outcome"] != "abandoned"));
        }
    }
}

#[tokio::test]
async fn it_is_awaited_too_where_the_client_has_hung_up() {
    for arguments in MODES {
        let mut site = Site::start(arguments, Duration::from_secs(2)).await;
        site.send("1");
        site.until_received(1).await;
        site.running.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(100));
        site.running.hang_up();
        assert_eq!(site.running.wait(), Some(0), "{arguments:?}");
        let lines = site.audit();
        assert_eq!(lines.last().unwrap()["outcome"], "ok", "{lines:?}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    for arguments in MODES {
        let mut site = Site::start(arguments, Duration::from_secs(60)).await;
        site.send("1");
        site.until_received(1).await;
        site.running.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(300));
        let second = Instant::now();
        site.running.signal(Signal::INT);
        assert_eq!(site.running.wait(), Some(1), "{arguments:?}");
        assert!(second.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn what_was_sent_is_awaited_for_ten_seconds_and_no_longer() {
    let mut site = Site::start(&[], Duration::from_secs(60)).await;
    site.send("1");
    site.until_received(1).await;
    let signalled = Instant::now();
    site.running.signal(Signal::TERM);
    assert_eq!(site.running.wait(), Some(0));
    let took = signalled.elapsed();
    assert!(took >= Duration::from_secs(10), "{took:?}");
    let lines = site.audit();
    assert_eq!(lines.last().unwrap()["outcome"], "abandoned", "{lines:?}");
}

#[test]
fn a_server_without_a_session_ends_at_once() {
    for arguments in MODES {
        let home = tempfile::tempdir().unwrap();
        let mut command = serve(home.path());
        command.args(arguments);
        let mut running = ServerProcess::spawn(command, Era::Legacy);
        // By then the signals are handled.
        std::thread::sleep(Duration::from_millis(500));
        running.signal(Signal::TERM);
        assert_eq!(running.wait(), Some(0), "{arguments:?}");
    }
}

/// Sends a message over HTTP; returns the response.
fn send_to(url: &str, text: &str) -> JoinHandle<Value> {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "send_message", "arguments": { "chat": CHAT, "text": text },
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    } });
    let request = client()
        .post(url)
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "send_message")
        .json(&message);
    tokio::spawn(async move { last(request.send().await.unwrap()).await })
}

#[tokio::test]
async fn over_http_every_answer_of_what_was_sent_is_given() {
    let arguments = ["--http", "127.0.0.1:0", "--no-auth"];
    for _ in 0..3 {
        let mut site = Site::start_with(OPEN, &arguments, Duration::from_millis(400)).await;
        let said = site.running.stderr_until("serving http");
        let url = said.trim().trim_start_matches("serving ").to_owned();
        let sent: Vec<_> = (0..8)
            .map(|text| send_to(&url, &text.to_string()))
            .collect();
        site.until_received(8).await;
        site.running.signal(Signal::TERM);
        for call in sent {
            let answer = call.await.unwrap();
            assert_eq!(
                answer["result"]["structuredContent"]["delivery"], "sent",
                "{answer}"
            );
        }
        assert_eq!(site.running.wait(), Some(0));
    }
}

#[tokio::test]
async fn over_http_it_is_the_same() {
    let arguments = ["--http", "127.0.0.1:0", "--no-auth"];
    let mut site = Site::start(&arguments, Duration::from_secs(2)).await;
    let said = site.running.stderr_until("serving http");
    let url = said.trim().trim_start_matches("serving ").to_owned();
    let send = |text: &str| send_to(&url, text);
    let sent = send("1");
    site.until_received(1).await;
    let waits = send("2");
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.running.signal(Signal::TERM);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let late = send("3");
    let mut codes = Vec::new();
    for call in [sent, waits, late] {
        let answer = call.await.unwrap();
        let code = &answer["result"]["structuredContent"]["error"]["code"];
        codes.push(code.as_str().unwrap_or("done").to_owned());
    }
    assert_eq!(codes, ["done", "stopping", "stopping"]);
    assert_eq!(site.running.wait(), Some(0));
    assert_eq!(site.received().await, 1);
}

/// A server on pipes, of which only the input is used here, with an open session.
fn piped(home: &TempDir) -> Child {
    let mut command = serve(home.path());
    let mut running = command
        .env("WHATSAPP_GUARD_LOG", "info")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let client = json!({ "name": "tests", "version": "1" });
    let hello =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    write(
        &mut running,
        &json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello }),
    );
    write(
        &mut running,
        &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
    );
    running
}

fn write(running: &mut Child, message: &Value) {
    writeln!(running.stdin.as_mut().unwrap(), "{message}").unwrap();
}

fn terminate(mut running: Child) {
    let asked = Instant::now();
    let pid = rustix::process::Pid::from_child(&running);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
}

#[test]
fn answers_that_nobody_reads_do_not_keep_it() {
    let home = tempfile::tempdir().unwrap();
    let mut running = piped(&home);
    // Together they are larger than a pipe.
    for id in 1..4 {
        write(
            &mut running,
            &json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list" }),
        );
    }
    let mut first = [0; 1];
    running
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    thread::sleep(Duration::from_millis(200));
    terminate(running);
}

#[test]
fn a_log_that_nobody_reads_stops_no_call() {
    let home = tempfile::tempdir().unwrap();
    let mut running = piped(&home);
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    for id in 1..1000 {
        let call = json!({ "name": "get_session", "arguments": {} });
        write(
            &mut running,
            &json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call }),
        );
        line.clear();
        output.read_line(&mut line).unwrap();
        assert!(line.contains("\"result\""), "{line}");
    }
    terminate(running);
}
