//! `serve` as a process: its end, its output, its secrets.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{
    app::command::{program, run},
    app::{self, SECRET},
};

/// `serve` with its pipes.
struct Serving {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    home: TempDir,
}

impl Serving {
    fn start(environment: &[(&str, &str)]) -> Self {
        let (mut command, home) = program();
        let mut child = command
            .arg("serve")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, home }
    }

    fn send(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn receive(&mut self) -> Value {
        let line = self.lines.next().expect("a line").unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not the protocol: {line}"))
    }

    fn initialize(&mut self) -> Value {
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" },
        });
        self.send(
            &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello })
                .to_string(),
        );
        self.receive()
    }

    fn call(&mut self, tool: &str) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": tool, "arguments": {} } }).to_string());
        self.receive()
    }

    /// Ends the input; the exit code, the rest of the output and what was logged.
    fn finish(mut self) -> (i32, Vec<String>, String, Duration) {
        let ended = Instant::now();
        drop(self.child.stdin.take());
        let rest = self.lines.map(Result::unwrap).collect();
        let output = self.child.wait_with_output().unwrap();
        let took = ended.elapsed();
        drop(self.home);
        (
            output.status.code().unwrap(),
            rest,
            String::from_utf8(output.stderr).unwrap(),
            took,
        )
    }
}

#[test]
fn the_end_of_the_input_ends_the_program() {
    // Before anything, and after a session was begun.
    let (code, rest, _, took) = Serving::start(&[]).finish();
    assert_eq!((code, rest.len()), (0, 0));
    assert!(took < Duration::from_secs(1), "{took:?}");
    let mut serving = Serving::start(&[]);
    serving.initialize();
    let (code, rest, log, took) = serving.finish();
    assert_eq!((code, rest.len(), log.as_str()), (0, 0, ""));
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn the_end_of_the_input_does_not_wait_for_a_slow_back_end() {
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(30)))
        .mount(&mock)
        .await;
    let mut serving = Serving::start(&[("WAHA_BASE_URL", &mock.uri())]);
    serving.initialize();
    serving.send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "logout_instance" } }).to_string());
    while mock.received_requests().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let audit = serving.home.path().join("whatsapp-guard/audit.jsonl");
    let kept = tempfile::tempdir().unwrap().keep();
    let home = std::mem::replace(&mut serving.home, TempDir::new_in(&kept).unwrap());
    let (code, _, _, took) = serving.finish();
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(1), "{took:?}");
    let lines: Vec<_> = app::ends(&audit)
        .iter()
        .map(|line| (line["tool"].clone(), line["outcome"].clone()))
        .collect();
    assert_eq!(lines, [(json!("logout_instance"), json!("abandoned"))]);
    drop(home);
    std::fs::remove_dir_all(kept).unwrap();
}

#[tokio::test]
async fn standard_output_belongs_to_the_protocol_and_no_secret_comes_out() {
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(500).set_body_json(json!({
            "statusCode": 500,
            "exception": { "message": format!("boom {SECRET}"), "stack": "4915112345678" },
            "request": { "body": { "text": "4915112345678", "key": SECRET } },
        })))
        .mount(&mock)
        .await;
    let mut serving = Serving::start(&[
        ("WAHA_BASE_URL", &mock.uri()),
        ("WAHA_API_KEY", SECRET),
        ("WHATSAPP_GUARD_LOG", "trace"),
        ("RUST_LOG", "trace"),
    ]);
    serving.initialize();
    serving.send("no JSON");
    let unreadable = serving.receive();
    assert_eq!(unreadable["error"]["code"], -32700, "{unreadable}");
    let mut seen = String::new();
    for tool in [
        "get_session",
        "open_session",
        "logout_instance",
        "list_groups",
    ] {
        let answer = serving.call(tool);
        assert_eq!(answer["result"]["isError"], true, "{tool}: {answer}");
        seen += &answer.to_string();
    }
    let answer = serving.call("nonsense");
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    seen += &answer.to_string();
    let audit =
        std::fs::read_to_string(serving.home.path().join("whatsapp-guard/audit.jsonl")).unwrap();
    let (code, rest, log, _) = serving.finish();
    assert_eq!((code, rest.len()), (0, 0));
    assert!(log.contains("answered"), "{log}");
    for text in [&seen, &log, &audit] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.contains("4915112345678"), "{text}");
    }
}

#[test]
fn secrets_are_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let (url, key) = (folder.path().join("url"), folder.path().join("key"));
    std::fs::write(&url, "http://127.0.0.1:9\n").unwrap();
    std::fs::write(&key, format!("{SECRET}\n")).unwrap();
    let ran = run(
        &["doctor"],
        &[
            ("WAHA_BASE_URL_FILE", url.to_str().unwrap()),
            ("WAHA_API_KEY_FILE", key.to_str().unwrap()),
        ],
    );
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("http://127.0.0.1:9"), "{}", ran.out);
}

#[tokio::test]
async fn plain_http_needs_no_certificates() {
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "version": "2026.7.1", "name": "default", "status": "WORKING",
        })))
        .mount(&mock)
        .await;
    let uri = mock.uri();
    for account in [
        [
            ("WAHA_BASE_URL", uri.as_str()),
            ("WAHA_API_KEY", SECRET),
            ("WAHA_SESSION", "default"),
        ],
        [
            ("GREENAPI_API_URL", uri.as_str()),
            ("GREENAPI_API_TOKEN", SECRET),
            ("GREENAPI_ID_INSTANCE", "1"),
        ],
    ] {
        let nowhere = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/nowhere")];
        let ran = run(&["doctor"], &[account.as_slice(), &nowhere].concat());
        assert!(
            !ran.out.contains("certificate") && !ran.out.contains("internal"),
            "{}",
            ran.out
        );
    }
    assert!(mock.received_requests().await.unwrap().len() >= 2);
}

#[test]
fn two_can_run_at_once() {
    let (mut one, mut two) = (Serving::start(&[]), Serving::start(&[]));
    for serving in [&mut one, &mut two] {
        serving.initialize();
        assert_eq!(serving.call("open_session")["result"]["isError"], false);
    }
    assert_eq!((one.finish().0, two.finish().0), (0, 0));
}
