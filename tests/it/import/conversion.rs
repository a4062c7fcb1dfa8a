//! What an imported policy permits: the same as its source, or less.

use whatsapp_guard::{
    backend::specs,
    import::{Imported, Unreadable, import},
    policy::{Effect, Policy},
};

pub(super) fn imported(text: &str) -> Result<Imported, Unreadable> {
    import("policy", text, &crate::app::sandbox_toolset().0)
}

pub(super) fn fine(text: &str) -> Imported {
    imported(text).unwrap_or_else(|wrong| panic!("{wrong}: {text}"))
}

/// The policy as our own reader understands it; today's knows no conditions.
fn policy(text: &str) -> Policy {
    Policy::from_toml(specs(), "policy.toml", &fine(text).policy)
        .unwrap_or_else(|wrong| panic!("{wrong}"))
}

pub fn effect(policy: &Policy, tool: &str) -> &'static str {
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
    let (before, after) = (Policy::from_json(specs(), "a", text).unwrap(), policy(text));
    let words = |policy: &Policy| -> Vec<String> {
        policy.limits.iter().map(ToString::to_string).collect()
    };
    assert_eq!(words(&before), words(&after));
    for entry in whatsapp_guard::op::catalogue() {
        let name = entry.name;
        assert_eq!(effect(&before, name), effect(&after, name), "{name}");
    }
}
