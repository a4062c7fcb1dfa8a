//! `limits`: what is left; and only a person gives anything back.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use whatsapp_guard::{kill_switch, ledger::Ledger};

use crate::{
    app::{
        command::{CommandOutput, program, run_with_files},
        wait,
    },
    cli::explain::{ACCOUNT, count, state},
};

const POLICY: &str = r#"version = "1"
[recipients]
new = { max = 10, window = "day" }
[tools.send_message]
limits = [
  { max = 5, window = "minute" },
  { max = 150, window = "day", scope = "account", counter = "sends" },
  { max = 6, window = "hour", scope = "chat" },
]
[health]
failures = { max = 5, window = "10m" }
"#;

fn filled() -> tempfile::TempDir {
    state(|ledger| {
        count(ledger, "sends", "account:", 3);
        count(ledger, "sends", "account:", 1);
        count(
            ledger,
            "tools.send_message/chat",
            "chat:15552220001@c.us",
            6,
        );
        count(
            ledger,
            "tools.send_message/chat",
            "chat:15552220002@c.us",
            1,
        );
        count(ledger, "older", "grant:local", 2);
        count(ledger, "health.failures", "account", 2);
        wait(ledger.pause(Duration::from_secs(600), "its state is suspended")).unwrap();
    })
}

fn limits(state: &tempfile::TempDir, arguments: &[&str]) -> CommandOutput {
    let (mut command, home) = program();
    fs::write(home.path().join("policy.toml"), POLICY).unwrap();
    let output = command
        .envs(ACCOUNT)
        .current_dir(home.path())
        .arg("limits")
        .args(arguments)
        .arg("--state")
        .arg(state.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    CommandOutput {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The lines without what depends on the time and the place.
fn steady(out: &str) -> String {
    let steady = |line: &str| match (line.split_once(", the first"), line.split_once(": /")) {
        (Some((before, _)), _) => format!("{before}, the first comes back in …"),
        (_, Some((before, _))) => format!("{before}: …"),
        _ => line.replace("for another 9m 59s", "for another 10m"),
    };
    out.lines().map(steady).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_counter_is_shown() {
    let state = filled();
    let switch = kill_switch::Switch::at(state.path());
    wait(switch.set(whatsapp_guard::ledger::SwitchState::ReadsOnly)).unwrap();
    let ran = limits(&state, &["--policy", "policy.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(steady(&ran.out));
    let ran = limits(&state, &["--policy", "policy.toml", "--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["panic"], "reads");
    assert_eq!(report["pause"]["why"], "its state is suspended");
    let counters = report["counters"].as_array().unwrap();
    let sends = counters
        .iter()
        .find(|one| one["counter"] == "sends")
        .unwrap();
    assert_eq!((&sends["used"], &sends["left"]), (&json!(4), &json!(146)));
    let back = sends["all_back_s"].as_u64().unwrap();
    assert!((86_300..=86_400).contains(&back), "{back}");
}

#[test]
fn without_a_ledger_all_is_left() {
    let empty = tempfile::tempdir().unwrap();
    let ran = limits(&empty, &["--policy", "policy.toml"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("ledger: none yet"), "{}", ran.out);
    assert!(ran.out.contains("0 used, 150 left"), "{}", ran.out);
    assert_eq!(
        fs::read_dir(empty.path()).unwrap().count(),
        0,
        "looking makes no file"
    );
    let ran = run_with_files(&[], &["limits"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.contains("the sandbox counts in memory"),
        "{}",
        ran.out
    );
    let ran = limits(&empty, &["reset", "sends"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("nothing to reset"), "{}", ran.err);
}

#[test]
fn what_cannot_be_read_fails() {
    let state = filled();
    let folder = fs::read_dir(state.path()).unwrap().next().unwrap().unwrap();
    fs::write(folder.path().join("ledger.sqlite"), "nonsense".repeat(1000)).unwrap();
    for arguments in [&["--policy", "policy.toml"][..], &["reset", "sends"]] {
        let ran = limits(&state, arguments);
        assert_eq!(ran.code, 1, "{}", ran.out);
        assert!(ran.err.contains("ledger.sqlite"), "{}", ran.err);
    }
}

#[cfg(target_os = "linux")]
mod reset {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };

    use super::*;

    /// Runs it in a session of its own, with a terminal that answers, or without any.
    fn reset(state: &tempfile::TempDir, counter: &str, answer: Option<&str>) -> (i32, String) {
        let program = env!("CARGO_BIN_EXE_whatsapp-guard");
        let path = state.path().display();
        let line = format!("{program} limits reset {counter} --state {path}");
        let mut command = match answer {
            Some(_) => {
                let mut command = Command::new("script");
                command.args(["-qec", &line, "/dev/null"]);
                command
            }
            None => {
                let mut command = Command::new("setsid");
                command.arg("-w").args(line.split(' '));
                command
            }
        };
        let mut child = command
            .envs(ACCOUNT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(answer.unwrap_or("y\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(said).unwrap(),
        )
    }

    fn ledger(state: &tempfile::TempDir) -> Ledger {
        let folder = fs::read_dir(state.path()).unwrap().next().unwrap().unwrap();
        let path = folder.path().join("ledger.sqlite");
        Ledger::at(path, whatsapp_guard::clock::Clock::real())
    }

    fn holds(state: &tempfile::TempDir, counter: &str) -> bool {
        let usages = wait(ledger(state).usages(Vec::new())).unwrap();
        usages.iter().any(|one| one.counter == counter)
    }

    #[test]
    fn a_person_gives_back_one_counter() {
        let state = filled();
        for answer in ["n\n", "\n", "yo\n"] {
            let (code, said) = reset(&state, "sends", Some(answer));
            assert_eq!(code, 1, "{said}");
            assert!(said.contains("has counted 4 within a day"), "{said}");
            assert!(holds(&state, "sends"));
        }
        let (code, said) = reset(&state, "sends", Some("y\n"));
        assert_eq!(code, 0, "{said}");
        assert!(!holds(&state, "sends"));
        assert!(holds(&state, "older"));
    }

    #[test]
    fn a_person_ends_a_pause() {
        let state = filled();
        let (code, said) = reset(&state, "pause", Some("yes\n"));
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("suspended"), "{said}");
        assert_eq!(wait(ledger(&state).paused()).unwrap(), None);
        let (code, said) = reset(&state, "pause", Some("y\n"));
        assert_eq!(code, 2);
        assert!(said.contains("there is no pause"), "{said}");
    }

    #[test]
    fn without_a_terminal_nothing_is_given_back() {
        let state = filled();
        for counter in ["sends", "pause"] {
            let (code, said) = reset(&state, counter, None);
            assert_eq!(code, 2, "{said}");
            assert!(said.contains("in a terminal"), "{said}");
        }
        assert!(holds(&state, "sends"));
        assert!(wait(ledger(&state).paused()).unwrap().is_some());
        let (code, said) = reset(&state, "send", None);
        assert_eq!(code, 2);
        assert!(said.contains("did you mean `sends`?"), "{said}");
    }
}
