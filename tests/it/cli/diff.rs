//! `diff`: what a change loosens and what it tightens.

use serde_json::{Value, json};
use whatsapp_guard::policy::{DEFAULT, Direction, Policy};

use crate::app::command::run_with_files;

const OLD: &str = r#"version = "1"
[lists]
team = ["+4915112345678", "group:Family"]
[recipients]
allow = ["@team"]
unlisted = "confirm"
new = { action = "confirm", max = 10, window = "day" }
[tools.send_message]
limits = [{ max = 5, window = "minute" }, { max = 150, window = "day", scope = "account" }]
when = [{ arg = "text", op = "not_matches", value = '(?i)\biban\b' }]
pace = { min = "3s", max = "8s" }
[tools.list_messages]
when = [{ arg = "limit", op = "lte", value = 20 }]
[tools.get_session]
[read]
chats = { allow = ["@team"] }
budget = { messages = 500, window = "hour" }
[hours]
quiet = "22:00-07:00"
zone = "Europe/Berlin"
[flow]
cross_chat = "confirm"
[health]
pause_on = ["FAILED"]
failures = { max = 5, window = "10m" }
[confirmation]
enabled = true
[grants.reporter]
hide = ["list_messages"]
"#;

const NEW: &str = r#"version = "1"
[lists]
team = ["+4915112345678", "+491701234567"]
[recipients]
allow = ["@team"]
unlisted = "deny"
new = { action = "allow", max = 5, window = "day" }
[tools.send_message]
limits = [{ max = 5, window = "minute" }, { max = 200, window = "day", scope = "account" }]
when = [{ arg = "text", op = "not_matches", value = '(?i)\b(iban|bic)\b' }]
pace = { min = "1s", max = "9s" }
[tools.list_messages]
when = [{ arg = "limit", op = "lte", value = 30 }]
[tools.react]
[read]
chats = { allow = ["@team"], deny = ["group:*"] }
budget = { messages = 600, window = "hour" }
[hours]
quiet = "23:00-07:30"
zone = "Europe/Berlin"
[flow]
cross_chat = "allow"
[health]
pause_on = ["suspended"]
failures = { max = 6, window = "10m" }
[mode]
value = "shadow"
[confirmation]
enabled = true
expires = "10m"
[grants.reporter]
flow = { cross_chat = "deny" }
"#;

fn diff(old: &str, new: &str, more: &[&str]) -> crate::app::command::CommandOutput {
    let files = [("old.toml", old), ("new.toml", new)];
    run_with_files(&files, &[&["diff", "old.toml", "new.toml"], more].concat())
}

#[test]
fn a_change_reads_like_this() {
    let ran = diff(OLD, NEW, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    insta::assert_snapshot!(ran.out);
    let ran = diff(OLD, NEW, &["--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["looser"]), (1, &json!(true)));
    assert_eq!(report["changes"][0]["direction"], "looser");
}

#[test]
fn what_stays_is_no_change() {
    for text in [OLD, NEW, DEFAULT] {
        let moved = format!("# A comment\n\n{text}");
        let ran = diff(text, &moved, &[]);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (0, "no call is looser or tighter\n")
        );
    }
}

#[test]
fn a_policy_that_is_wrong_is_told() {
    let ran = diff(OLD, "version = 2\n", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("new.toml:1:11"), "{}", ran.err);
}

/// Which ways a change goes.
fn ways(old: &str, new: &str) -> Vec<Direction> {
    let [old, new] = [old, new].map(|text| {
        let text = format!("version = \"1\"\n{text}\n");
        Policy::from_toml("policy.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"))
    });
    let mut ways: Vec<Direction> = old.changes(&new).iter().map(|one| one.direction).collect();
    ways.dedup();
    ways
}

#[test]
fn each_part_goes_one_way_and_back() {
    let send = "[tools.send_message]\n";
    let when = |rest: &str| format!("{send}when = [{{ arg = {rest} }}]");
    for (loose, tight) in [
        ("default = \"allow\"", "default = \"deny\""),
        (
            "default = \"confirm\"",
            "default = \"confirm\"\nhide = [\"get_session\"]",
        ),
        (
            "default = \"allow\"",
            "default = \"allow\"\ntoolsets = [\"groups\"]",
        ),
        (
            "default = \"allow\"",
            "default = \"allow\"\n[mode]\nread_only = true",
        ),
        (
            "default = \"allow\"\n[mode]\nvalue = \"shadow\"",
            "default = \"allow\"",
        ),
        (
            "[risk.destructive]\n[confirmation]\nenabled = true",
            "[risk.destructive]",
        ),
        (send, &when("\"text\", op = \"neq\", value = \"a\"")),
        (send, &when("\"text\", op = \"matches\", value = \"a\"")),
        (
            &when("\"text\", op = \"in\", value = [\"a\", \"b\"]"),
            &when("\"text\", op = \"eq\", value = \"a\""),
        ),
        (
            "[tools.list_chats]\nwhen = [{ arg = \"limit\", op = \"lte\", value = 20 }]",
            "[tools.list_chats]\nwhen = [{ arg = \"limit\", op = \"lt\", value = 20 }]",
        ),
        (
            "[tools.create_group]\nwhen = [{ arg = \"people\", op = \"in\", value = [\"+4915112345678\", \"+4915112345679\"] }]",
            "[tools.create_group]\nwhen = [{ arg = \"people\", op = \"in\", value = [\"+4915112345678\"] }]",
        ),
        (
            "default = \"allow\"",
            "default = \"allow\"\n[[tools.send_message]]\naction = \"deny\"\nwhen = [{ arg = \"text\", op = \"contains\", value = \"a\" }]",
        ),
        (
            // A rule that asks under a condition admits what nothing else does.
            "[tools.send_message]\naction = \"confirm\"\nwhen = [{ arg = \"text\", op = \"eq\", value = \"a\" }]",
            "",
        ),
        (
            "[tools.send_message]\nlimits = [{ max = 6, window = \"minute\" }]",
            "[tools.send_message]\nlimits = [{ max = 5, window = \"minute\" }]",
        ),
        (
            "[tools.send_message]\nlimits = [{ max = 6, window = \"hour\" }]",
            "[tools.send_message]\nlimits = [{ max = 6, window = \"hour\", scope = \"account\" }]",
        ),
        (
            "[tools.send_message]\nlimits = [{ max = 6, window = \"hour\" }]\n[tools.send_media]\nlimits = [{ max = 6, window = \"hour\" }]",
            "[tools.send_message]\nlimits = [{ max = 6, window = \"hour\", counter = \"c\" }]\n[tools.send_media]\nlimits = [{ max = 6, window = \"hour\", counter = \"c\" }]",
        ),
        (
            "[tools.send_message]\npace = { min = \"1s\", max = \"8s\" }",
            "[tools.send_message]\npace = { min = \"3s\", max = \"8s\" }",
        ),
        (
            "[recipients]\nallow = [\"*\"]",
            "[recipients]\nallow = [\"group:*\"]",
        ),
        (
            "[recipients]\nallow = [\"group:A\", \"group:B\"]",
            "[recipients]\nallow = [\"group:A\"]",
        ),
        ("[recipients]", "[recipients]\ndeny = [\"+4915112345678\"]"),
        ("[recipients]", "[recipients]\nunlisted = \"confirm\""),
        (
            "[recipients]",
            "[recipients]\nnew = { action = \"confirm\" }",
        ),
        (
            "[recipients]",
            "[recipients]\nnew = { max = 5, window = \"day\" }",
        ),
        ("[read]", "[read]\nchats = { deny = [\"group:*\"] }"),
        (
            "[read]",
            "[read]\nbudget = { messages = 5, window = \"hour\" }",
        ),
        (
            "[hours]\nquiet = \"23:00-07:00\"\nzone = \"Europe/Berlin\"",
            "[hours]\nquiet = \"23:00-07:01\"\nzone = \"Europe/Berlin\"",
        ),
        (
            "",
            "[hours]\nquiet = \"23:00-07:00\"\nzone = \"Europe/Berlin\"\naction = \"confirm\"",
        ),
        ("", "[flow]\ncross_chat = \"confirm\""),
        ("", "[health]\npause_on = [\"suspended\"]"),
        (
            "[health]\npause_on = [\"suspended\"]\ncooldown = \"30m\"",
            "[health]\npause_on = [\"suspended\"]\ncooldown = \"40m\"",
        ),
        ("", "[health]\nfailures = { max = 5, window = \"10m\" }"),
        (
            "default = \"allow\"\n[grants.reporter]\ndefault = \"allow\"",
            "default = \"allow\"\n[grants.reporter]\ndefault = \"deny\"",
        ),
    ] {
        assert_eq!(
            ways(tight, loose),
            [Direction::Looser],
            "{tight} -> {loose}"
        );
        assert_eq!(
            ways(loose, tight),
            [Direction::Tighter],
            "{loose} -> {tight}"
        );
        assert_eq!(ways(loose, loose), [], "{loose}");
        assert_eq!(ways(tight, tight), [], "{tight}");
    }
}

#[test]
fn what_is_written_otherwise_is_no_change() {
    for (one, other) in [
        (
            "[lists]\nteam = [\"+4915112345678\"]\n[recipients]\nallow = [\"@team\"]",
            "[recipients]\nallow = [\"4915112345678@c.us\"]\nunlisted = \"deny\"",
        ),
        (
            "[tools.send_message]\nlimits = [{ max = 5, window = \"hour\", counter = \"a\" }]",
            "[tools.send_message]\nlimits = [{ max = 5, window = 3600 }]",
        ),
        (
            "default = \"allow\"\nhide = [\"get_session\"]",
            "default = \"allow\"\n[tools.get_session]\naction = \"deny\"",
        ),
    ] {
        assert_eq!(ways(one, other), [], "{one} -> {other}");
        assert_eq!(ways(other, one), [], "{other} -> {one}");
    }
}

#[test]
fn accounts_that_are_gained_and_lost_are_told() {
    let policy = |more: &str, alice: &str| {
        let text = format!(
            "version = \"1\"\n[accounts]\nwork = {{ backend = \"sandbox\" }}\n{more}\n[grants.alice]\naccounts = {alice}\n"
        );
        Policy::from_toml("policy.toml", &text).unwrap()
    };
    let home = "home = { backend = \"sandbox\" }";
    let told = |old: &Policy, new: &Policy| -> Vec<(Direction, Option<String>, String)> {
        let all = old.changes(new).into_iter();
        all.map(|one| (one.direction, one.grant, one.about))
            .collect()
    };
    let (both, work) = (
        policy(home, "[\"work\", \"home\"]"),
        policy(home, "[\"work\"]"),
    );
    let about = || (Some("alice".to_owned()), "account home".to_owned());
    let (grant, home) = about();
    assert_eq!(told(&work, &both), [(Direction::Looser, grant, home)]);
    let (grant, home) = about();
    assert_eq!(told(&both, &work), [(Direction::Tighter, grant, home)]);
    let other = policy(
        "home = { backend = \"waha\", url = \"http://h\" }",
        "[\"work\"]",
    );
    assert_eq!(
        told(&work, &other),
        [(Direction::Looser, None, "account home".to_owned())]
    );
    assert_eq!(told(&work, &work), []);
}
