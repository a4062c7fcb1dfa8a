//! `check`: what never matters is told, and only that.

use serde_json::{Value, json};
use whatsapp_guard::{
    backend::specs,
    op,
    policy::{DEFAULT, Policy},
};

use crate::app::command::{run, run_with_files};

/// A policy in which many things never matter.
const VAIN: &str = r#"version = "1"
hide = ["get_chat"]
[lists]
team = ["+4915112345678", "group:Family"]
nobody = ["+4915112345679"]
[recipients]
allow = ["@team", "group:Work", "+491701234567", "+491701234568"]
deny = ["group:*", "+4915112345678", "+491701234567"]
[read.chats]
allow = ["*"]
deny = ["*"]
[risk.read]
[risk.write]
action = "confirm"
limits = [{ max = 10, window = "hour" }]
[tools.react]
action = "allow"
[tools.get_chat]
action = "deny"
[tools.send_message]
limits = [{ max = 20, window = "minute" }, { max = 100, window = "day", scope = "account" }]
when = [{ arg = "text", op = "eq", value = "a" }, { arg = "text", op = "in", value = ["b", "c"] }]
[[tools.send_media]]
when = [{ arg = "chat", op = "eq", value = "+4915112345678" }]
[[tools.send_media]]
when = [{ arg = "chat", op = "eq", value = "+4915112345679" }]
[tools.list_chats]
when = [{ arg = "limit", op = "lt", value = 5 }, { arg = "limit", op = "gte", value = 5 }]
[hours]
quiet = "22:00-07:00"
zone = "Europe/Berlin"
applies_to = []
[grants.reporter.tools.send_poll]
action = "deny"
[grants.reporter.tools.get_chat]
action = "allow"
[tools.leave_group]
action = "confirm"
"#;

#[test]
fn what_never_matters_is_told_at_once() {
    let ran = run_with_files(&[("vain.toml", VAIN)], &["check", "--policy", "vain.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    insta::assert_snapshot!(ran.err);
    let first = ran.out.lines().next().unwrap();
    assert_eq!(first, "vain.toml: valid, with 18 warnings");
}

#[test]
fn warnings_can_be_taken_for_errors() {
    let files = [("vain.toml", VAIN), ("good.toml", DEFAULT)];
    for (file, code, ok) in [("vain.toml", 2, false), ("good.toml", 0, true)] {
        let arguments = ["check", "--deny-warnings", "--json", "--policy", file];
        let ran = run_with_files(&files, &arguments);
        assert_eq!(ran.code, code, "{}", ran.out);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["ok"], ok);
        assert_eq!(report["problems"].as_array().unwrap().is_empty(), ok);
        assert!(report["tools"].as_array().unwrap().len() > 50);
        let ran = run_with_files(&files, &["check", "--deny-warnings", "--policy", file]);
        assert_eq!(ran.code, code);
    }
    let ran = run_with_files(&files, &["check", "--json", "--policy", "vain.toml"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["ok"]), (0, &json!(true)));
    assert_eq!(report["problems"][0]["severity"], "warning");
}

#[test]
fn nothing_is_said_against_the_built_in_policy() {
    assert!(Policy::built_in(specs()).unwrap().warnings.is_empty());
}

#[test]
fn what_matters_is_not_told() {
    for text in [
        // It admits what nothing else does.
        "[tools.send_message]\naction = \"confirm\"",
        "[tools.send_message]\naction = \"allow\"\nlimits = [{ max = 5, window = \"day\" }]\n[[risk.write]]\naction = \"allow\"\n[[risk.write]]\naction = \"confirm\"",
        "[tools.send_message]\nwhen = [{ arg = \"text\", op = \"eq\", value = \"a\" }]\n[[risk.write]]\naction = \"allow\"\n[[risk.write]]\naction = \"confirm\"",
        // Different entries may fulfil both.
        "[tools.create_group]\nwhen = [{ arg = \"people\", op = \"contains\", value = \"+4915112345678\" }, { arg = \"people\", op = \"contains\", value = \"+4915112345679\" }]",
        "[tools.list_chats]\nwhen = [{ arg = \"limit\", op = \"lte\", value = 5 }, { arg = \"limit\", op = \"gte\", value = 5 }]",
        "[tools.send_message]\nwhen = [{ arg = \"text\", op = \"neq\", value = \"a\" }, { arg = \"text\", op = \"neq\", value = \"b\" }]",
        "[tools.send_message]\nwhen = [{ arg = \"text\", op = \"in\", value = [\"a\", \"b\"] }, { arg = \"text\", op = \"in\", value = [\"b\", \"c\"] }]",
        // A rule that refuses speaks only where its conditions hold.
        "[[tools.send_message]]\naction = \"deny\"\nwhen = [{ arg = \"text\", op = \"eq\", value = \"a\" }]\n[[tools.send_message]]\nwhen = [{ arg = \"text\", op = \"eq\", value = \"b\" }]",
        // Two groups may have one name, and a person may be in `deny` by name alone.
        "[recipients]\nallow = [\"group:Family\"]\ndeny = [\"12345678@g.us\"]",
        "[recipients]\nallow = [\"12345678@g.us\"]\ndeny = [\"group:Family\"]",
        "[recipients]\nallow = [\"group:*\", \"*\"]\ndeny = [\"+4915112345678\"]",
        // Each counts something else.
        "[risk.write]\naction = \"allow\"\nlimits = [{ max = 5, window = \"minute\" }]\n[tools.send_message]\nlimits = [{ max = 5, window = \"minute\", scope = \"account\" }]",
        "[risk.write]\naction = \"allow\"\nlimits = [{ max = 5, window = \"minute\" }]\n[tools.send_message]\nlimits = [{ max = 100, window = \"hour\" }]",
        "[risk.write]\naction = \"allow\"\nlimits = [{ max = 5, window = \"hour\" }]\n[tools.send_message]\nlimits = [{ max = 9, window = \"day\" }]",
        "[tools.leave_group]\naction = \"confirm\"\n[confirmation]\nenabled = true",
        "[tools.leave_group]\naction = \"deny\"",
        "[tools.leave_group]\nlimits = [{ max = 5, window = \"day\" }]",
        // A grant narrows.
        "[risk.write]\naction = \"allow\"\n[grants.reporter]\ndefault = \"deny\"\n[grants.reporter.tools.send_message]\naction = \"confirm\"",
    ] {
        let policy = Policy::from_toml(
            specs(),
            "policy.toml",
            &format!("version = \"1\"\n{text}\n"),
        );
        let policy = policy.unwrap_or_else(|wrong| panic!("{text}\n{wrong}"));
        assert!(policy.warnings.is_empty(), "{text}\n{}", policy.warnings);
    }
}

#[test]
fn rows_say_under_which_terms() {
    let policy = r#"version = "1"
[tools.send_message]
when = [{ arg = "text", op = "not_matches", value = "iban" }]
pace = { min = "3s", max = "8s" }
limits = [{ max = 5, window = "minute" }]
[tools.list_messages]
[recipients]
allow = ["group:*"]
unlisted = "confirm"
new = { action = "confirm", max = 10, window = "day" }
[read]
chats = { deny = ["+4915112345678"] }
budget = { messages = 500, window = "hour" }
[hours]
quiet = "22:00-07:00"
zone = "Europe/Berlin"
[flow]
cross_chat = "confirm"
[health]
pause_on = ["suspended"]
failures = { max = 5, window = "10m" }
[mode]
value = "shadow"
[grants.reporter]
hide = ["send_message"]
"#;
    let files = [("policy.toml", policy)];
    let ran = run_with_files(&files, &["check", "--all", "policy.toml"]);
    assert_eq!(ran.code, 0);
    let told: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| !line.contains("(no rule)"))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    let arguments = [
        "check",
        "--as",
        "reporter",
        "--json",
        "--policy",
        "policy.toml",
    ];
    let report: Value = serde_json::from_str(&run_with_files(&files, &arguments).out).unwrap();
    let rows = report["tools"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["tool"] == "send_message")
        .unwrap();
    assert_eq!(row["standing"], "hidden");
}

#[test]
fn check_prints_one_line_for_each_tool() {
    let ran = run(&["check", "--all"], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let is_of = |line: &str, tool: &str| line.split(' ').next() == Some(tool);
    for entry in op::catalogue() {
        let lines = ran.out.lines().filter(|line| is_of(line, entry.name));
        assert_eq!(lines.count(), 1, "{}", entry.name);
    }
    // A few of them; the others change with the catalogue.
    let some = [
        "check_number",
        "create_group",
        "get_chat",
        "join_group",
        "leave_group",
        "send_message",
    ];
    let lines = ran.out.lines().filter(|line| {
        let tool = op::catalogue().iter().any(|entry| is_of(line, entry.name));
        !tool || some.iter().any(|tool| is_of(line, tool))
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
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

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    for (name, text) in [
        ("policy.json", r#"{ "version": "1", "default": "allow" }"#),
        ("policy.toml", "version = \"1\"\ndefault = \"allow\"\n"),
    ] {
        let text = format!("\u{feff}{text}");
        let checked = run_with_files(&[(name, &text)], &["check", "--policy", name]);
        assert_eq!(checked.code, 0, "{name}: {}", checked.err);
    }
}
