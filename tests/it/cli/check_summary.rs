//! `check`: what a policy does, at a glance, at each width of a terminal.

use crate::app::command::{program, run_with_files};

/// A policy with something in each line.
const FULL: &str = r#"version = "1"
[lists]
team = ["+4915112345678"]
[risk.read]
action = "allow"
limits = [{ max = 60, window = "minute" }]
[risk.execute]
action = "allow"
[tools.logout_instance]
action = "deny"
[tools.send_message]
when = [{ arg = "text", op = "not_matches", value = "iban" }]
pace = { min = "3s", max = "8s" }
limits = [
  { counter = "sends", max = 5, window = "minute" },
  { counter = "sends", max = 100, window = "day", scope = "account" },
]
[tools.send_media]
action = "confirm"
pace = { min = "3s", max = "8s" }
[[tools.send_poll]]
limits = [{ max = 5, window = "hour" }, { max = 2, window = "hour", scope = "chat" }]
[[tools.send_poll]]
action = "confirm"
when = [{ arg = "question", op = "contains", value = "?" }]
[recipients]
allow = ["@team", "group:Family"]
unlisted = "confirm"
new = { action = "confirm", max = 10, window = "day" }
[read]
chats = { deny = ["+4915112345679"] }
budget = { messages = 500, window = "hour" }
[hours]
quiet = "22:00-07:00"
zone = "Europe/Berlin"
[flow]
cross_chat = "confirm"
[mode]
value = "shadow"
[confirmation]
enabled = true
[grants.reporter]
hide = ["send_message"]
"#;

fn check(columns: &str, arguments: &[&str]) -> String {
    let (mut command, home) = program();
    std::fs::write(home.path().join("full.toml"), FULL).unwrap();
    let output = command
        .env("COLUMNS", columns)
        .current_dir(home.path())
        .arg("check")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_built_in_policy_fits_thirty_lines_of_a_hundred_columns() {
    for (columns, most) in [("80", 40), ("100", 30), ("140", 25)] {
        let out = check(columns, &[]);
        let width: usize = columns.parse().unwrap();
        for line in out.lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
        assert!(out.lines().count() <= most, "{out}");
        insta::assert_snapshot!(format!("built_in_at_{columns}_columns"), out);
    }
}

#[test]
fn each_part_of_a_policy_has_a_line() {
    insta::assert_snapshot!(check("100", &["full.toml"]));
    let rules = check("140", &["full.toml", "--rules"]);
    insta::assert_snapshot!("the_rules_that_decide", rules);
}

#[test]
fn a_width_that_is_none_is_not_taken() {
    let usual = check("100", &[]);
    for columns in ["", "0x", "-5", "wide"] {
        assert_eq!(check(columns, &[]), usual, "{columns}");
    }
    assert_eq!(check("0", &[]), check("60", &[]));
}

#[test]
fn each_tool_is_shown_once() {
    let out = run_with_files(&[("full.toml", FULL)], &["check", "full.toml"]).out;
    let (tools, _) = out.split_once("\nlimits").unwrap();
    let words = |c: char| !c.is_ascii_lowercase() && c != '_';
    for entry in whatsapp_guard::op::catalogue() {
        let shown = tools.split(words).filter(|word| *word == entry.name);
        assert_eq!(shown.count(), 1, "{}", entry.name);
    }
}
