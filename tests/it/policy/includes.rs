//! Policies of several files, and what holds for single callers.

use std::{fs, path::Path};

use serde_json::json;
use tempfile::TempDir;
use whatsapp_guard::{
    backend::specs,
    clock::Clock,
    ledger::Ledger,
    op::Risk,
    policy::{Diagnostics, Policy},
};

use crate::app::gate::{GateFixture, open};

const MUM: &str = "15552220001@c.us";

/// Files below a folder; the first is the policy.
fn files(all: &[(&str, &str)]) -> (TempDir, Result<Policy, Diagnostics>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in all {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let policy = Policy::load(specs(), &folder.path().join(all[0].0));
    (folder, policy)
}

fn including(names: &str, rules: &str) -> String {
    open(rules).replacen("default", &format!("include = [{names}]\ndefault"), 1)
}

fn desk(policy: Policy) -> GateFixture {
    let (clock, hand) = Clock::manual();
    let ledger = Ledger::in_memory(clock.clone());
    GateFixture::at(policy, &clock, hand, ledger)
}

fn problems(found: &Diagnostics, folder: &Path) -> String {
    found
        .to_string()
        .replace(&format!("{}/", folder.display()), "")
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("main.toml");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    std::os::unix::fs::symlink(&pipe, folder.path().join("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    for (name, says) in [
        ("pipe", "a pipe, a socket or a device"),
        ("link", "a pipe, a socket or a device"),
        ("socket", "a pipe, a socket or a device"),
        ("/dev/zero", "a pipe, a socket or a device"),
        (".", "a folder"),
    ] {
        fs::write(&main, including(&format!("{name:?}"), "")).unwrap();
        // Opening the pipe would wait for a writer.
        let (sender, answer) = std::sync::mpsc::channel();
        let path = main.clone();
        std::thread::spawn(move || {
            let found = Policy::load(specs(), &path);
            sender.send(found.unwrap_err().to_string()).ok();
        });
        let found = answer.recv_timeout(std::time::Duration::from_secs(20));
        let found = found.expect("reading the file waits");
        assert!(
            found.contains("error[unreadable]") && found.contains(says),
            "{name}: {found}"
        );
    }
    let found = Policy::load(specs(), &pipe).unwrap_err().to_string();
    assert!(found.contains("a pipe"), "{found}");
}

#[test]
fn paths_are_relative_to_the_file_that_includes() {
    let (_folder, policy) = files(&[
        ("main.toml", &including("\"parts/one.toml\"", "")),
        (
            "parts/one.toml",
            "version = \"1\"\ninclude = [\"two.toml\", \"../main.toml\", \"one.toml\"]\n",
        ),
        (
            "parts/two.toml",
            "version = \"1\"\n[tools.get_session]\naction = \"deny\"\nreason = \"two\"\n",
        ),
    ]);
    let policy = policy.unwrap();
    assert_eq!(
        policy.files.len(),
        3,
        "each file once, though they include each other"
    );
    let desk = desk(policy);
    assert_eq!(desk.verdict("get_session", &json!({})), "denied-by-rule");
    assert_eq!(desk.verdict("list_groups", &json!({})), "allowed");
}

#[test]
fn what_cannot_be_included_stops_the_start() {
    let (folder, policy) = files(&[
        (
            "main.toml",
            &including("\"missing.toml\", \"broken.toml\", 5", ""),
        ),
        ("broken.toml", "version = \"1\"\nhide = [\"leave_gruop\"]\n"),
    ]);
    let said = problems(&policy.unwrap_err(), folder.path());
    assert!(said.contains("missing.toml` cannot be read"), "{said}");
    assert!(said.contains("broken.toml:2"), "{said}");
    assert!(said.contains("did you mean `leave_group`"), "{said}");
    assert!(
        said.contains("an entry of include must be text, got 5"),
        "{said}"
    );
    // Text without a file has no place to look for others.
    let text = including("\"base.toml\"", "");
    let wrong = Policy::from_toml(specs(), "policy.toml", &text).unwrap_err();
    assert!(
        wrong
            .to_string()
            .contains("include works only in a policy that is in a file"),
        "{wrong}"
    );
    let wrong = Policy::from_json(specs(), "policy.json", r#"{"version":"1","include":["x"]}"#);
    assert!(wrong.is_err());
}

#[test]
fn an_include_turns_nothing_on() {
    let silent = "version = \"1\"\ninclude = [\"base.toml\"]\ndefault = \"allow\"\n";
    let (_folder, policy) = files(&[
        ("main.toml", silent),
        (
            "base.toml",
            "version = \"1\"\ndefault = \"allow\"\n[mode]\nvalue = \"shadow\"\n[confirmation]\nenabled = true\nexpires = \"1h\"\nprompts = { max = 1000, window = \"minute\" }\n",
        ),
    ]);
    let policy = policy.unwrap();
    assert_eq!(policy.mode.shadow, None);
    assert!(!policy.confirmation.enabled);
    assert_eq!(
        policy
            .effect("leave_group", Risk::Destructive, "local")
            .name(),
        "hidden"
    );
    assert_eq!(policy.confirmation.expires.as_secs(), 300);
    assert_eq!(policy.confirmation.prompt_max.get(), 20);
    assert_eq!(policy.confirmation.prompt_window.as_secs(), 3600);
}

#[test]
fn an_include_turns_things_off() {
    let loose = "version = \"1\"\ninclude = [\"base.toml\"]\ndefault = \"allow\"\n[mode]\nvalue = \"shadow\"\n[confirmation]\nenabled = true\nexpires = \"10m\"\nprompts = { max = 100, window = \"minute\" }\n";
    let load = |base: &str| {
        files(&[("main.toml", loose), ("base.toml", base)])
            .1
            .unwrap()
    };
    let policy = load("version = \"1\"\n");
    assert!(policy.mode.shadow.is_some() && policy.confirmation.enabled);
    assert_eq!(policy.confirmation.expires.as_secs(), 600);
    assert_eq!(policy.confirmation.prompt_max.get(), 100);
    let policy = load(
        "version = \"1\"\n[mode]\nvalue = \"enforce\"\nread_only = true\n[confirmation]\nenabled = false\nexpires = \"1m\"\nprompts = { max = 3, window = \"hour\" }\n",
    );
    assert_eq!(policy.mode.shadow, None);
    assert!(policy.mode.read_only.is_some() && !policy.confirmation.enabled);
    assert_eq!(
        policy
            .effect("leave_group", Risk::Destructive, "local")
            .name(),
        "hidden"
    );
    assert_eq!(policy.confirmation.expires.as_secs(), 60);
    assert_eq!(policy.confirmation.prompt_max.get(), 3);
    assert!(policy.confirmation.prompt_rule.contains("base.toml"));
}

#[test]
fn limits_of_several_files_all_count() {
    let limited = |max: u32| {
        format!("[tools.get_session]\nlimits = [{{ max = {max}, window = \"hour\" }}]\n")
    };
    let (_folder, policy) = files(&[
        ("main.toml", &including("\"base.toml\"", &limited(5))),
        ("base.toml", &format!("version = \"1\"\n{}", limited(2))),
    ]);
    let desk = desk(policy.unwrap());
    let says = || desk.verdict("get_session", &json!({}));
    assert_eq!(
        [says(), says(), says()],
        ["allowed", "allowed", "rate-limited"]
    );
}

#[test]
fn recipients_of_several_files_all_have_to_agree() {
    let (_folder, policy) = files(&[
        (
            "main.toml",
            &including(
                "\"base.toml\"",
                "[recipients]\nallow = [\"@all\"]\n[lists]\nall = [\"+15552220001\", \"+15552220003\"]\n",
            ),
        ),
        (
            "base.toml",
            "version = \"1\"\n[recipients]\nallow = [\"+15552220001\", \"+15552220002\"]\n",
        ),
    ]);
    let desk = desk(policy.unwrap());
    let says = |chat: &str| desk.verdict("send_message", &json!({ "chat": chat, "text": "hi" }));
    assert_eq!(says(MUM), "allowed");
    assert_eq!(says("+15552220002"), "recipient-unlisted");
    assert_eq!(says("+15552220003"), "recipient-unlisted");
}

#[test]
fn a_grant_narrows_and_never_widens() {
    let desk = GateFixture::new(
        "version = \"1\"\ndefault = \"deny\"\n[tools.get_session]\n[tools.send_message]\n\
         [grants.wide]\ndefault = \"allow\"\n[grants.wide.tools.list_groups]\naction = \"allow\"\n\
         [grants.wide.recipients]\nallow = [\"*\"]\n\
         [grants.narrow]\ndefault = \"deny\"\n[grants.narrow.tools.get_session]\n\
         [grants.other.tools.get_session]\nlimits = [{ max = 1, window = \"minute\" }]\n",
    );
    let session = |grant| desk.verdict_for(grant, "get_session", &json!({}));
    let groups = |grant| desk.verdict_for(grant, "list_groups", &json!({}));
    let send = |grant| {
        desk.verdict_for(
            grant,
            "send_message",
            &json!({ "chat": MUM, "text": grant }),
        )
    };
    assert_eq!(session("unheard-of"), "unknown-grant");
    for grant in ["local", "wide", "narrow", "other"] {
        assert_eq!(session(grant), "allowed", "{grant}");
        assert_eq!(groups(grant), "not-admitted", "{grant}");
        let wanted = if grant == "narrow" {
            "not-admitted"
        } else {
            "allowed"
        };
        assert_eq!(send(grant), wanted, "{grant}");
    }
    assert_eq!(session("other"), "rate-limited");
    assert_eq!(session("local"), "allowed");
}

#[test]
fn no_grant_is_left_out_in_silence() {
    let grants = (0..1001).map(|number| format!("[grants.g{number}]\ndefault = \"deny\"\n"));
    let text = open(&grants.collect::<String>());
    let wrong = Policy::from_toml(specs(), "policy.toml", &text).unwrap_err();
    assert!(wrong.to_string().contains("at most 1000 grants"), "{wrong}");
}
