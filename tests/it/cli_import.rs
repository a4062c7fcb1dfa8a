//! `import`: what is carried over, what is told, and what hostile files do.

use std::fs;

use proptest::prelude::*;
use serde_json::Value;
use whatsapp_guard::{
    backend::Backend,
    config::{Config, Kind},
    import::{Imported, Unreadable, import},
    policy::{Effect, Policy},
};

use crate::program::{Ran, program, run};

const INTERCEPT: &str = include_str!("fixtures/intercept.yaml");
const POLICYLAYER: &str = include_str!("fixtures/policylayer.json");

fn imported(text: &str) -> Result<Imported, Unreadable> {
    let config = Config::read(Some(Kind::Sandbox), &|_| None).unwrap();
    import("policy", text, &Backend::new(&config).tools())
}

fn fine(text: &str) -> Imported {
    imported(text).unwrap_or_else(|wrong| panic!("{wrong}: {text}"))
}

/// The policy as our own reader understands it; today's knows no conditions.
fn policy(text: &str) -> Policy {
    Policy::from_toml("policy.toml", &fine(text).policy).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn effect(policy: &Policy, tool: &str) -> &'static str {
    let entry = whatsapp_guard::op::catalogue()
        .iter()
        .find(|entry| entry.name == tool);
    match policy.effect(tool, entry.unwrap().risk, "local") {
        Effect::Allow => "allow",
        Effect::Confirm(_) => "confirm",
        Effect::Deny(_) => "deny",
        Effect::Hidden(_) => "hidden",
    }
}

/// Runs `import` on a file of this text.
fn ran(text: &[u8], arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("theirs");
    fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let mut ran = run(&[&["import", path], arguments].concat(), &[]);
    ran.err = ran.err.replace(path, "theirs");
    ran
}

#[test]
fn intercept_reads_like_this() {
    let ran = ran(INTERCEPT.as_bytes(), &[]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(format!("{}\n---\n{}", ran.out, ran.err));
}

#[test]
fn policylayer_reads_like_this() {
    let ran = ran(POLICYLAYER.as_bytes(), &[]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(format!("{}\n---\n{}", ran.out, ran.err));
}

#[test]
fn all_of_it_carried_is_0_and_nothing_to_say() {
    let text = "version: '1'\ndefault: deny\nhide: [waha_leave_group]\ntools:\n  list_groups:\n    rules: []\n";
    let ran = ran(text.as_bytes(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let read = Policy::from_toml("policy.toml", &ran.out).unwrap();
    assert_eq!(effect(&read, "list_groups"), "allow");
    assert_eq!(effect(&read, "leave_group"), "hidden");
    assert_eq!(effect(&read, "send_message"), "deny");
}

#[test]
fn a_script_is_told_in_json() {
    let ran = ran(b"version: '1'\nhide:\n  - nonsense\n", &["--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let lost = &report["not_carried"][0];
    assert_eq!((&lost["line"], &lost["column"]), (&3.into(), &5.into()));
    assert_eq!(lost["key"], "hide[0]");
    assert!(lost["why"].as_str().unwrap().contains("no tool `nonsense`"));
    assert!(
        report["policy"]
            .as_str()
            .unwrap()
            .contains("default = \"allow\"")
    );
}

#[test]
fn standard_input_will_do() {
    let (mut command, home) = program();
    let file = home.path().join("theirs");
    fs::write(&file, "\u{feff}version: '1'\r\nhide: [logout]\r\n").unwrap();
    let done = command
        .args(["import", "-"])
        .stdin(fs::File::open(file).unwrap())
        .output()
        .unwrap();
    assert!(done.status.success());
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(out.starts_with("# Imported from standard input."), "{out}");
    assert!(
        out.contains("\"delete_session\", # line 2: logout"),
        "{out}"
    );
}

#[test]
fn the_output_is_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("policy.toml");
    let path = output.to_str().unwrap();
    let text = b"version: '1'\ntools: {}\n";
    let first = ran(text, &["--output", path]);
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{}", first.err);
    assert!(first.err.contains("check --policy"), "{}", first.err);
    assert!(
        fs::read_to_string(&output)
            .unwrap()
            .contains("version = \"1\"")
    );
    fs::write(&output, "mine").unwrap();
    assert_eq!(ran(text, &["--output", path]).code, 2);
    assert_eq!(fs::read_to_string(&output).unwrap(), "mine");
    assert_eq!(ran(text, &["--output", path, "--force"]).code, 0);
    assert_ne!(fs::read_to_string(&output).unwrap(), "mine");
}

#[test]
fn what_is_no_policy_exits_with_2() {
    for (text, said) in [
        (&b""[..], "theirs:1:1: the file is empty"),
        (b"version = \"1\"\n", "this is no policy"),
        (b"a: 1\n", "this is no policy"),
        (b"- 1\n", "this is no policy"),
        (b"version: '2'\n", "theirs:1:10: only version"),
        (b"version: '1'\ntools: [x]\n", "`tools` is a list"),
        (
            b"version: '1'\nversion: '1'\n",
            "theirs:2:1: `version` is written twice",
        ),
        (
            b"version: '1'\n---\nversion: '1'\n",
            "more than one document",
        ),
        (b"{\"version\":\"1\",}", "theirs:1:"),
        (
            b"{\"version\":\"1\",\"hide\":[],\"hide\":[]}",
            "`hide` is written twice",
        ),
        (b"{\"version\":\"1\",\"risk\":{}}", "`risk` is ours"),
        (b"version: '1'\nhide: [\n", "theirs:"),
        (b"\xff\xfe", "cannot be read"),
    ] {
        let ran = ran(text, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text:?}");
        assert!(ran.err.contains(said), "{text:?}: {}", ran.err);
    }
    assert_eq!(run(&["import", "/nowhere/theirs.yaml"], &[]).code, 2);
    assert_eq!(run(&["import"], &[]).code, 2);
}

#[test]
fn what_is_lost_never_loosens() {
    // Each says something of `list_groups` that is not carried over.
    for rule in [
        "{ rules: [{ name: x, conditions: [{ path: args.nothing, op: eq, value: 1 }] }] }",
        "{ rules: [{ name: x, conditions: [{ path: args.limit, op: regex, value: x }] }] }",
        "{ rules: [{ name: x, conditions: [{ path: args.limit, op: like, value: 1 }] }] }",
        "{ rules: [{ name: x, conditions: [{ path: args.limit, op: in, value: [] }] }] }",
        "{ rules: [{ name: x, conditions: [{ path: args.limit, op: eq, value: '1' }] }] }",
        "{ rules: [{ name: x, conditions: [{ path: state.other.n, op: lte, value: 1 }] }] }",
        "{ rules: [{ name: x, conditions: [{ path: state.list_groups.n, op: lte, value: 1 }], state: { counter: n, window: day, increment_from: args.limit } }] }",
        "{ rules: [{ name: x, conditions: [{ path: state.list_groups.n, op: gt, value: 1 }], state: { counter: n, window: day } }] }",
        "{ rules: [{ name: x, conditions: [{ path: state.list_groups.n, op: lt, value: 1 }], state: { counter: n, window: day } }] }",
        "{ rules: [{ name: x, rate_limit: 5/week }] }",
        "{ rules: [{ name: x, rate_limit: 0/day }] }",
        "{ rules: [{ name: x, action: ask }] }",
        "{ rules: [{ name: x, only_if: y }] }",
        "{ rules: x }",
        "{ action: maybe }",
        "{ deny_if: [{ path: args.nothing, op: eq, value: 1 }] }",
        "{ limits: [{ max: 1 }] }",
        "{ limits: [{ max: 1, window: week }] }",
        "{ limits: [{ max: 1, window: minute, counter: c }, { max: 2, window: minute, counter: c }] }",
        "[x]",
        "*alias",
    ] {
        for default in ["deny", "allow"] {
            let text = format!(
                "version: '1'\ndefault: {default}\ndescription: &alias x\ntools:\n  list_groups: {rule}\n"
            );
            let imported = fine(&text);
            assert!(
                imported
                    .policy
                    .contains("[tools.list_groups]\naction = \"deny\""),
                "{text}"
            );
        }
    }
    for hide in ["{}", "x", "[[x]]", "[1]"] {
        let policy = policy(&format!("version: '1'\nhide: {hide}\n"));
        assert_eq!(effect(&policy, "list_groups"), "hidden", "{hide}");
    }
    let policy = policy("version: '1'\ndefault: maybe\n");
    assert_eq!(effect(&policy, "list_groups"), "deny");
}

#[test]
fn a_rule_for_all_admits_none_that_is_not_named() {
    let rules = "{ rules: [{ name: a, rate_limit: 60/minute }] }";
    let deny = policy(&format!(
        "version: '1'\ndefault: deny\ntools: {{ '*': {rules}, list_groups: , get_group: , delete_chat: }}\n"
    ));
    let of = |tool| {
        deny.limits_of(tool, "local")
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(effect(&deny, "list_groups"), "allow");
    assert_eq!(effect(&deny, "send_message"), "deny");
    assert_eq!(effect(&deny, "delete_chat"), "hidden");
    assert_eq!((of("list_groups"), deny.limits.len()), (of("get_group"), 1));
    let allow = policy(&format!("version: '1'\ntools: {{ '*': {rules} }}\n"));
    assert_eq!(effect(&allow, "send_message"), "allow");
    assert_eq!(allow.limits.len(), 1, "counted together");
    let denied = policy("version: '1'\ntools: { '*': { rules: [{ action: deny }] } }\n");
    assert_eq!(effect(&denied, "list_groups"), "deny");
    let lost = fine(
        "version: '1'\ntools: { '*': { rules: [{ conditions: [{ path: args.chat, op: eq, value: x }] }] } }\n",
    );
    assert_eq!(lost.not_carried.len(), 1);
    assert!(
        lost.policy.contains("[tools.\"*\"]\naction = \"deny\""),
        "{}",
        lost.policy
    );
}

#[test]
fn conditions_that_we_would_not_take_are_not_written() {
    let long = "x".repeat(1_001);
    for (path, op, value, carried) in [
        ("text", "regex", "a+", true),
        ("text", "regex", "''", false),
        ("text", "regex", long.as_str(), false),
        ("text", "contains", long.as_str(), true),
        ("text", "contains", "''", false),
        ("text", "in", "[a, b]", true),
        ("text", "in", "[a, 1]", false),
        ("text", "lt", "5", false),
        ("link_preview", "eq", "true", true),
        ("link_preview", "eq", "false", false),
        ("link_preview", "exists", "false", true),
        ("link_preview", "exists", "maybe", false),
        ("mentions", "contains", "x", true),
        ("mentions", "eq", "x", false),
    ] {
        let text = format!(
            "version: '1'\ntools: {{ send_message: {{ rules: [{{ conditions: [{{ path: args.{path}, op: {op}, value: {value} }}] }}] }} }}\n"
        );
        let imported = fine(&text);
        assert_eq!(
            imported.not_carried.is_empty(),
            carried,
            "{path} {op} {value}"
        );
        let refused = imported.policy.contains("action = \"deny\"");
        assert_eq!(refused, !carried, "{path} {op} {value}");
    }
}

#[test]
fn two_names_of_one_tool_become_one_rule() {
    let both = policy(
        "version: '1'\ndefault: deny\ntools:\n  waha_send_message: { rules: [{ rate_limit: 5/minute }] }\n  send_text: { rules: [{ rate_limit: 7/minute }] }\n",
    );
    assert_eq!(effect(&both, "send_message"), "allow");
    assert_eq!(both.limits_of("send_message", "local").len(), 1);
    let denied = policy(
        "version: '1'\ndefault: deny\ntools:\n  waha_send_message: { rules: [{ action: deny }] }\n  send_text: {}\n",
    );
    assert_eq!(effect(&denied, "send_message"), "deny");
}

#[test]
fn our_json_means_the_same_when_it_is_imported() {
    let text = r#"{ "version": "1", "default": "deny", "hide": ["logout"], "tools": {
        "list_groups": {}, "send_text": { "action": "confirm", "reason": "ask" },
        "get_session": { "limits": [{ "max": 3, "window": 30, "burst": 2, "scope": "chat" }],
                         "rate_limit": { "max": 9, "window": "5m" } } } }"#;
    let (before, after) = (Policy::from_json("a", text).unwrap(), policy(text));
    let words = |policy: &Policy| -> Vec<String> {
        policy.limits.iter().map(ToString::to_string).collect()
    };
    assert_eq!(words(&before), words(&after));
    for entry in whatsapp_guard::op::catalogue() {
        let name = entry.name;
        assert_eq!(effect(&before, name), effect(&after, name), "{name}");
    }
}

#[test]
fn hostile_files_are_refused_or_escaped() {
    for bomb in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        format!("version: '1'\nhide: {}", "[".repeat(33)),
        format!(
            "version: '1'\ntools: {{ '*': {{ limits: [{}] }} }}",
            "{max: 1, window: day},".repeat(501)
        ),
    ] {
        assert!(imported(&bomb).is_err());
    }
    let laughs: String = ('b'..='z')
        .map(|letter| {
            let before = char::from(letter as u8 - 1);
            format!("{letter}: &{letter} [*{before}, *{before}, *{before}]\n")
        })
        .collect();
    let laughs = fine(&format!("version: '1'\na: &a [x]\n{laughs}"));
    assert!(laughs.policy.len() < 100);
    let odd = fine(
        "version: '1'\ndescription: \"a\\nhide = []\\r\\u202e\\e\\0\"\ntools:\n  list_groups:\n    rules:\n      - { name: \"]\\n[x]\", action: deny, on_deny: \"\\\"\\n'''\\\\ \\x7f\" }\n",
    );
    assert_eq!(odd.policy.matches("hide").count(), 1, "in a comment");
    let table: toml::Table = odd.policy.parse().unwrap();
    assert_eq!(
        table["tools"]["list_groups"]["reason"].as_str(),
        Some("\"\n'''\\ \u{7f}")
    );
    assert!(
        !odd.policy
            .contains(['\u{202e}', '\u{1b}', '\u{0}', '\u{7f}', '\r'])
    );
    let large = vec![b'#'; 1024 * 1024 + 1];
    assert!(ran(&large, &[]).err.contains("larger than 1 MiB"));
}

/// A piece of a policy, likely or odd.
fn piece() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
        "\\PC{0,12}|[\\x00-\\x7f]{0,12}".prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(word(), inner, 0..6)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// A word that the reader looks for.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "1",
        "allow",
        "deny",
        "confirm",
        "version",
        "default",
        "hide",
        "tools",
        "all_tools",
        "rules",
        "name",
        "action",
        "rate_limit",
        "conditions",
        "on_deny",
        "state",
        "counter",
        "window",
        "increment",
        "path",
        "op",
        "value",
        "limits",
        "max",
        "burst",
        "scope",
        "require",
        "deny_if",
        "reason",
        "description",
        "send_message",
        "send_text",
        "get_messages",
        "list_messages",
        "*",
        "args.text",
        "args.limit",
        "args.chat",
        "eq",
        "in",
        "lte",
        "regex",
        "contains",
        "exists",
        "state._global.n",
        "state.send_message.n",
        "n",
        "minute",
        "hour",
        "day",
        "5/minute",
        "30s",
    ])
    .prop_map(str::to_owned)
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    if let Ok(imported) = imported(text) {
        let table = imported.policy.parse::<toml::Table>();
        prop_assert!(table.is_ok(), "{}\n{:?}", imported.policy, table);
        for lost in imported.not_carried {
            prop_assert!(lost.line > 0 && lost.column > 0);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_gives_toml_or_an_error(text in "\\PC{0,80}|[ -~\n\t]{0,200}|[\\[\\]{}:,&*!|>'\"#?%@` a1\n-]{0,120}") {
        holds(&text)?;
        holds(&format!("version: \"1\"\ntools:\n  send_message:\n    {text}"))?;
        holds(&format!("{{\"version\":\"1\",\"tools\":{text}"))?;
    }

    #[test]
    fn any_document_gives_toml(hide in piece(), default in piece(), tools in prop::collection::hash_map(word(), piece(), 0..6), all in piece()) {
        let mut document = serde_json::json!({ "version": "1", "hide": hide, "default": default, "tools": tools });
        document["all_tools"] = all;
        let text = document.to_string();
        holds(&text)?;
        // The same as YAML, whose reader takes most of JSON.
        holds(&format!("# YAML\n{text}"))?;
    }
}
