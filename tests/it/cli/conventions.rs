//! What every command-line user expects: pipes, empty variables, obvious spellings.

use std::{
    io::{BufRead, BufReader, PipeWriter, pipe},
    process::Stdio,
};

use serde_json::Value;
use whatsapp_guard::policy::DEFAULT;

use crate::app::command::{program, run, run_with_files};

/// A policy with a warning.
const WARNING: &str = "version = \"1\"\n[lists]\nunused = [\"+4915112345678\"]\n";
const CASES: &str = "[[case]]\nname = \"a\"\ntool = \"get_session\"\nexpect = \"allow\"\n";
const INTERCEPT: &str =
    "version: \"1\"\ntools:\n  get_session:\n    rules:\n      - name: a\n        nonsense: true\n";

/// A pipe that nobody reads, as after `| head`.
fn closed() -> PipeWriter {
    pipe().unwrap().1
}

/// Runs a command in a folder with a policy; exit code and standard error.
fn run_closed(arguments: &[&str], out: Stdio, err: Stdio) -> (i32, String) {
    let (mut command, home) = program();
    for (name, text) in [
        ("policy.toml", DEFAULT),
        ("warning.toml", WARNING),
        ("cases.toml", CASES),
        ("intercept.yaml", INTERCEPT),
    ] {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let child = command
        .args(arguments)
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), err)
}

#[test]
fn a_closed_standard_output_ends_every_command_silently() {
    for arguments in [
        &["--help"][..],
        &["help", "check"],
        &["help", "send_message"],
        &["check"],
        &["check", "--json"],
        &["tools"],
        &["tools", "--json"],
        &["tools", "send_message"],
        &["explain", "get_session"],
        &["explain", "get_session", "--json"],
        &["test", "cases.toml"],
        &["test", "cases.toml", "--json"],
        &["diff", "policy.toml", "policy.toml"],
        &["diff", "policy.toml", "warning.toml", "--json"],
        &["limits"],
        &["limits", "--json"],
        &["init", "-"],
        &["schema"],
        &["init", "new.toml"],
        &["import", "intercept.yaml", "--json"],
        &["panic", "--status"],
        &["panic", "--json"],
        &["grant", "new", "alice"],
        &["grant", "list", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["completions", "bash"],
        &["demo", "--answer", "accept"],
        &["serve"],
    ] {
        let ran = run_closed(arguments, closed().into(), Stdio::piped());
        assert_eq!(ran, (0, String::new()), "{arguments:?}");
    }
}

#[test]
fn a_closed_standard_error_changes_no_exit_code() {
    for (arguments, code) in [
        (&["check", "warning.toml"][..], 0),
        (&["import", "intercept.yaml"], 0),
        (&["serve", "--policy", "warning.toml"], 0),
        (&["demo", "--answer", "accept"], 0),
        (&["check", "nowhere.toml"], 2),
        (&["nonsense"], 2),
        (&["check", "--as", "nobody"], 2),
    ] {
        let (came, _) = run_closed(arguments, Stdio::piped(), closed().into());
        assert_eq!(came, code, "{arguments:?}");
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let empty = [
        "WHATSAPP_GUARD_ACCOUNT",
        "WHATSAPP_GUARD_APPROVAL_KEY",
        "WHATSAPP_GUARD_APPROVAL_KEY_FILE",
        "WHATSAPP_GUARD_AUDIT",
        "WHATSAPP_GUARD_GRANT",
        "WHATSAPP_GUARD_HTTP",
        "WHATSAPP_GUARD_INBOX",
        "WHATSAPP_GUARD_LOG",
        "WHATSAPP_GUARD_MAX_MEDIA_BYTES",
        "WHATSAPP_GUARD_MAX_RESULT_BYTES",
        "WHATSAPP_GUARD_OUTBOX",
        "WHATSAPP_GUARD_POLICY",
        "WHATSAPP_GUARD_STATE",
        "WHATSAPP_GUARD_STATE_PASSWORD",
        "WHATSAPP_GUARD_STATE_PASSWORD_FILE",
        "WHATSAPP_GUARD_TIMEOUT",
        "WAHA_BASE_URL",
        "WAHA_API_KEY_FILE",
        "GREENAPI_ID_INSTANCE",
        "GREENAPI_API_TOKEN",
    ]
    .map(|name| (name, ""));
    for arguments in [
        &["serve"][..],
        &["check"],
        &["explain", "get_session"],
        &["limits"],
        &["panic", "--status"],
        &["grant", "list"],
    ] {
        let ran = run(arguments, &empty);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
    }
    let ran = run(&["doctor", "--json"], &empty);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["findings"][0]["found"], "back end: sandbox");
}

#[test]
fn init_creates_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/deep/policy.toml");
    let ran = run(&["init", file.to_str().unwrap()], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DEFAULT);
    let folder = format!("{}/other/", folder.path().display());
    let ran = run(&["init", &folder], &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("name a file in it"), "{}", ran.err);
}

#[test]
fn http_takes_a_bare_port_on_the_loopback_interface() {
    for address in ["0", ":0", "localhost:0", "127.0.0.1:0"] {
        let (mut command, _home) = program();
        let mut child = command
            .args(["serve", "--http", address])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(first.starts_with("serving http://127.0.0.1:"), "{first}");
    }
    for address in ["x", "localhost", "example.com:80", ":99999", "-1"] {
        let ran = run(&["serve", &format!("--http={address}")], &[]);
        assert_eq!(ran.code, 2, "{address}");
        assert!(ran.err.contains("a port such as 8788"), "{}", ran.err);
    }
}

#[test]
fn check_takes_the_file_as_an_argument() {
    let files = [("policy.toml", DEFAULT), ("warning.toml", WARNING)];
    let ran = run_with_files(&files, &["check", "warning.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("warning.toml: valid, with 2 warnings"));
    let both = ["check", "warning.toml", "--policy", "policy.toml"];
    let ran = run_with_files(&files, &both);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("given twice"), "{}", ran.err);
    let ran = run(
        &["check", "nowhere.toml"],
        &[("WHATSAPP_GUARD_POLICY", "other.toml")],
    );
    assert!(ran.err.contains("nowhere.toml"), "{}", ran.err);
    let ran = run(&["check", "--as", ""], &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("a value is required for '--as <GRANT>'"),
        "{}",
        ran.err
    );
}

#[test]
fn tools_and_help_describe_one_tool() {
    let ran = run(&["tools", "send_message"], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out);
    assert_eq!(run(&["help", "send_message"], &[]).out, ran.out);
    let report = run(&["tools", "send_message", "--json"], &[]).out;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["name"], "send_message");
    assert_eq!(report["arguments"]["properties"]["text"]["type"], "string");
    let ran = run(&["tools", "get_session"], &[]);
    assert!(ran.out.ends_with("Arguments: none\n"), "{}", ran.out);
    let ran = run(&["tools", "send_mesage"], &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean `send_message`?"));
    let ran = run(&["help", "check"], &[]);
    assert!(ran.out.contains("Usage: whatsapp-guard check"));
    assert_eq!(run(&["help", "nonsense"], &[]).code, 2);
}
