//! The real binary: its commands, its exit codes, and its standard output.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::app::SECRET;

/// The program without anything from this environment that it would read.
pub fn program() -> (Command, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_whatsapp-guard"));
    command
        .env_clear()
        .env("XDG_STATE_HOME", home.path())
        .env("HOME", home.path());
    (command, home)
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let (mut command, home) = program();
    run_with(
        command.envs(environment.iter().copied()),
        home.path(),
        arguments,
    )
}

/// Runs it in a folder that holds these files, which its messages then name shortly.
pub fn run_with_files(files: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let (mut command, home) = program();
    for (name, text) in files {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    run_with(&mut command, home.path(), arguments)
}

fn run_with(command: &mut Command, folder: &std::path::Path, arguments: &[&str]) -> Ran {
    let output = command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_help_reads_like_this() {
    let mut said = String::new();
    for command in [
        &[][..],
        &["serve"],
        &["demo"],
        &["check"],
        &["explain"],
        &["test"],
        &["diff"],
        &["limits"],
        &["limits", "reset"],
        &["init"],
        &["import"],
        &["panic"],
        &["grant"],
        &["tools"],
        &["doctor"],
        &["completions"],
    ] {
        let ran = run(&[command, &["--help"]].concat(), &[]);
        assert_eq!(ran.code, 0);
        said += &format!(
            "$ whatsapp-guard {} --help\n{}\n",
            command.join(" "),
            ran.out
        );
    }
    insta::assert_snapshot!(said);
}

#[test]
fn completions_are_there_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell], &[]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("whatsapp-guard"), "{shell}");
    }
}

#[test]
fn check_prints_one_line_for_each_tool() {
    let ran = run(&["check"], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn check_tells_a_broken_policy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, "version = \"1\"\nhide = [\"leave_grup\"]\n").unwrap();
    let path = file.to_str().unwrap();
    for command in ["check", "serve"] {
        let ran = run(&[command, "--policy", path], &[]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command}");
        assert!(ran.err.contains(&format!("{path}:2:9")), "{}", ran.err);
        assert!(
            ran.err.contains("did you mean `leave_group`?"),
            "{}",
            ran.err
        );
    }
    let ran = run(&["check", "--json", "--policy", path], &[]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, 2);
    assert_eq!(
        (&report["ok"], &report["problems"][0]["line"]),
        (&json!(false), &json!(2))
    );
    let ran = run(&["check", "--policy", "/nowhere/policy.toml"], &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("/nowhere/policy.toml"), "{}", ran.err);
}

#[test]
fn check_knows_json_by_its_look() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy");
    std::fs::write(
        &file,
        r#"{"version":"1","default":"deny","hide":["logout"]}"#,
    )
    .unwrap();
    let ran = run(
        &["check", "--json", "--policy", file.to_str().unwrap()],
        &[],
    );
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let standing = |name: &str| {
        let rows = report["tools"].as_array().unwrap();
        rows.iter().find(|row| row["tool"] == name).unwrap()["standing"].clone()
    };
    assert_eq!(standing("delete_session"), "hidden");
    assert_eq!(standing("get_session"), "refused");
}

/// Arguments, environment, and what has to be said.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn wrong_usage_and_configuration_exit_with_2() {
    let secret = SECRET;
    let both = [
        ("WAHA_BASE_URL", "http://localhost:1"),
        ("GREENAPI_ID_INSTANCE", "1"),
    ];
    let cases: &[Case<'_>] = &[
        (&["nonsense"], &[], "unrecognized subcommand"),
        (&["serve", "--backend", "telegram"], &[], "invalid value"),
        (
            &["serve"],
            &both,
            "choose one with --backend waha or --backend green-api",
        ),
        (&["serve", "--backend", "waha"], &[], "`WAHA_BASE_URL`"),
        (&["serve"], &[("WAHA_API_KEY", secret)], "`WAHA_BASE_URL`"),
        (
            &["serve"],
            &[("GREENAPI_API_TOKEN", secret)],
            "`GREENAPI_ID_INSTANCE`",
        ),
        (
            &["serve"],
            &[("GREENAPI_ID_INSTANCE", "1101")],
            "`GREENAPI_API_TOKEN`",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", secret)],
            "`WAHA_BASE_URL` is not a URL",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", "http://user:s3cretT0ken4711@host")],
            "without user, password",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", "ftp://host")],
            "http:// or https://",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", "http://h"), ("WAHA_SESSION", "../x")],
            "`WAHA_SESSION`",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL_FILE", "/nowhere/url")],
            "`WAHA_BASE_URL_FILE` names a file",
        ),
        (
            &["serve"],
            &[
                ("GREENAPI_ID_INSTANCE", "1"),
                ("GREENAPI_API_TOKEN", secret),
                ("GREENAPI_API_URL", "http://example.org"),
            ],
            "https://",
        ),
        (
            &["serve"],
            &[
                ("GREENAPI_ID_INSTANCE", "1"),
                ("GREENAPI_API_TOKEN", secret),
                ("GREENAPI_MEDIA_URL", "http://example.org"),
            ],
            "`GREENAPI_MEDIA_URL` has to start with https://",
        ),
        (
            &["serve"],
            &[
                ("GREENAPI_ID_INSTANCE", "1/../2"),
                ("GREENAPI_API_TOKEN", secret),
            ],
            "`GREENAPI_ID_INSTANCE`",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_TIMEOUT", "never")],
            "`WHATSAPP_GUARD_TIMEOUT`",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_OUTBOX", "outbox")],
            "`WHATSAPP_GUARD_OUTBOX` takes the whole path",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_OUTBOX", "/nowhere/outbox")],
            "`WHATSAPP_GUARD_OUTBOX` names no folder",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_INBOX", "inbox")],
            "`WHATSAPP_GUARD_INBOX` takes the whole path",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_INBOX", "/nowhere/inbox")],
            "`WHATSAPP_GUARD_INBOX` names no folder",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_MAX_MEDIA_BYTES", "0")],
            "`WHATSAPP_GUARD_MAX_MEDIA_BYTES` takes bytes from 1 to 33554432",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_MAX_RESULT_BYTES", "100")],
            "`WHATSAPP_GUARD_MAX_RESULT_BYTES` takes bytes from 8192 to 1048576",
        ),
    ];
    for (arguments, environment, wanted) in cases {
        let ran = run(arguments, environment);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{environment:?}: {}",
            ran.err
        );
        assert!(ran.err.contains(wanted), "{environment:?}: {}", ran.err);
        assert!(!ran.err.contains(SECRET), "{environment:?}: {}", ran.err);
    }
}

#[test]
fn doctor_says_what_is_wrong() {
    let ran = run(
        &["doctor"],
        &[
            ("WAHA_BASE_URL", "http://127.0.0.1:9"),
            ("WAHA_API_KEY", SECRET),
        ],
    );
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .contains("no  WAHA could not be reached at http://127.0.0.1:9"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains(SECRET) && ran.err.is_empty());
    let ran = run(&["doctor", "--json"], &[]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["ok"]), (1, &json!(false)));
    assert_eq!(report["findings"][0]["found"], "back end: sandbox");
}

#[test]
fn the_demo_goes_as_told() {
    for (answer, wanted) in [
        ("accept", "the group is left"),
        ("decline", "the group is left alone"),
    ] {
        let ran = run(&["demo", "--answer", answer], &[]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(wanted), "{}", ran.out);
        assert!(!ran.out.contains("not as told"), "{}", ran.out);
        assert!(!ran.out.contains('\u{1b}'), "colours without a terminal");
    }
    let ran = run(&["demo"], &[]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.contains("n (no terminal; --answer says otherwise)"),
        "{}",
        ran.out
    );
}

#[test]
fn the_demo_asks_before_it_touches_a_real_account() {
    let ran = run(
        &["demo", "--backend", "waha"],
        &[("WAHA_BASE_URL", "http://127.0.0.1:9")],
    );
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("real WhatsApp account"), "{}", ran.out);
}

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
    let line: Value = serde_json::from_str(&std::fs::read_to_string(audit).unwrap()).unwrap();
    assert_eq!(
        (&line["tool"], &line["outcome"]),
        (&json!("logout_instance"), &json!("abandoned"))
    );
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
