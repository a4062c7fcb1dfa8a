//! The real binary: its commands, its exit codes, and its standard output.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

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
    let effect = |name: &str| {
        let rows = report["tools"].as_array().unwrap();
        rows.iter().find(|row| row["tool"] == name).unwrap()["standing"].clone()
    };
    assert_eq!(effect("delete_session"), "hidden");
    assert_eq!(effect("get_session"), "refused");
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
