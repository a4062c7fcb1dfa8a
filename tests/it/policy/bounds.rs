//! Policies at the border of what they may be, and what is named where two rules say the same.

use std::fs;

use whatsapp_guard::policy::{Diagnostics, Policy};

use crate::app::gate::{open, policy};

fn wrong(text: &str) -> Diagnostics {
    Policy::from_toml("policy.toml", text).expect_err(text)
}

#[test]
fn a_list_has_a_hundred_thousand_entries_at_most() {
    let list = |entries: usize| {
        let entries = "\"*\",".repeat(entries);
        open(&format!("[recipients]\nallow = [{entries}]\n"))
    };
    policy(&list(100_000));
    let said = wrong(&list(100_001)).to_string();
    assert!(
        said.contains("at most 100000 entries, got 100001"),
        "{said:.200}"
    );
}

#[test]
fn the_looser_of_two_limits_of_a_counter_is_told() {
    let (loose, tight) = (
        "{ max = 9, window = \"minute\", counter = \"c\" }",
        "{ max = 9, window = \"hour\", counter = \"c\" }",
    );
    for (one, other) in [(loose, tight), (tight, loose)] {
        let rules = format!("[tools.send_message]\nlimits = [{one}, {other}]\n");
        let said = policy(&open(&rules)).warnings.to_string();
        let wanted = "`9 per minute per caller` has no effect: `9 per hour per caller` is stricter";
        assert!(said.contains(wanted), "{said}");
    }
    let more = "{ max = 10, window = \"hour\", counter = \"c\" }";
    let minute = "{ max = 9, window = \"minute\", counter = \"c\" }";
    let rules = format!("[tools.send_message]\nlimits = [{minute}, {more}]\n");
    assert_eq!(policy(&open(&rules)).warnings.to_string(), "");
}

#[test]
fn examples_are_not_tried_where_the_policy_is_wrong() {
    let fails = "[tools.get_session]\nexamples = { refuses = [{}] }\n";
    assert!(wrong(&open(fails)).to_string().contains("example-fails"));
    let said = wrong(&open(&format!("hied = []\n{fails}"))).to_string();
    assert!(said.contains("unknown-key"), "{said}");
    assert!(!said.contains("example-fails"), "{said}");
}

#[test]
fn what_admits_a_tool_is_named() {
    let by = |rules: &str, tool: &str| {
        let policy = policy(&open(rules));
        let rule = policy.allowed_by(tool, "local").map(ToString::to_string);
        rule.unwrap_or_default()
    };
    let rule = "[tools.get_session]\naction = \"allow\"\n";
    assert_eq!(by(rule, "list_chats"), "policy.toml:2:1 (default)");
    assert_eq!(
        by(rule, "get_session"),
        "policy.toml:6:1 (tools.get_session.action)"
    );
}

#[test]
fn the_file_with_the_slower_questions_is_named() {
    let asking = |prompts: &str| {
        format!("version = \"1\"\n[confirmation]\nenabled = true\nprompts = {{ {prompts} }}\n")
    };
    for (first, second, named) in [
        ("max = 10, window = \"1h\"", "max = 10, window = \"1h\"", 1),
        ("max = 10, window = \"1h\"", "max = 9, window = \"1h\"", 2),
        ("max = 10, window = \"1h\"", "max = 11, window = \"1h\"", 1),
        // More of them, in a longer time.
        (
            "max = 10, window = \"1h\"",
            "max = 100, window = \"day\"",
            2,
        ),
        (
            "max = 100, window = \"day\"",
            "max = 10, window = \"1h\"",
            1,
        ),
        // Many more, in the longer time.
        (
            "max = 10, window = \"1h\"",
            "max = 1000, window = \"day\"",
            1,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let main = asking(first).replacen('[', "include = [\"2.toml\"]\n[", 1);
        fs::write(at("1.toml"), main).unwrap();
        fs::write(at("2.toml"), asking(second)).unwrap();
        let rule = Policy::load(&at("1.toml"))
            .unwrap()
            .confirmation
            .prompt_rule;
        let file = at(&format!("{named}.toml")).display().to_string();
        assert!(rule.to_string().starts_with(&file), "{second}: {rule}");
    }
}

#[test]
fn what_is_denied_as_a_whole_is_told() {
    for (allow, deny, told) in [
        ("channel:*", "*", true),
        ("group:*", "*", true),
        ("group:Us", "group:*", true),
        ("group:Us", "group:Us", true),
        ("group:Us", "group:Them", false),
        ("group:Us", "@us", true),
        ("group:Them", "@us", false),
        ("group:Us", "channel:*", false),
        ("channel:*", "channel:*", true),
        ("group:*", "channel:*", false),
        ("channel:*", "group:*", false),
        ("*", "channel:*", false),
        ("@us", "group:Us", true),
        ("@us", "group:Them", false),
        ("@ann", "+15552220001", true),
        ("@ann", "+15552220002", false),
        ("@both", "group:Us", false),
        ("@both", "+15552220001", false),
        ("@nobody", "group:Us", false),
    ] {
        let rules = format!(
            "[lists]\nus = [\"group:Us\"]\nann = [\"+15552220001\"]\nnobody = []\n\
             both = [\"group:Us\", \"+15552220001\"]\n\
             [recipients]\nallow = [\"{allow}\"]\ndeny = [\"{deny}\"]\n"
        );
        let said = policy(&open(&rules)).warnings.to_string();
        assert_eq!(
            said.contains("denied-anyway"),
            told,
            "{allow} {deny}: {said}"
        );
    }
}

#[test]
fn a_rule_that_another_one_overrules_is_told() {
    let rule = |action: &str| format!("[tools.react]\naction = \"{action}\"\n");
    let class = |action: &str| format!("[risk.write]\naction = \"{action}\"\n");
    for (own, other, said) in [
        ("allow", class("deny"), "allows what another rule refuses"),
        (
            "allow",
            class("confirm"),
            "allows what another rule confirms",
        ),
        ("allow", class("allow"), ""),
        (
            "confirm",
            class("deny"),
            "confirms what another rule refuses",
        ),
        ("confirm", class("confirm"), ""),
        ("confirm", class("allow"), ""),
        ("deny", class("deny"), ""),
    ] {
        let found = policy(&open(&format!("{other}{}", rule(own)))).warnings;
        let found = found.to_string();
        assert_eq!(found.is_empty(), said.is_empty(), "{own} {other}: {found}");
        assert!(found.contains(said), "{own} {other}: {found}");
    }
}
