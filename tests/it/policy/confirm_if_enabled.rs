//! `confirm_if_enabled`: asks while confirmation is enabled, and changes nothing otherwise.

use serde_json::{Value, json};
use whatsapp_guard::{
    backend::specs,
    policy::{DEFAULT, Policy},
};

use crate::app::gate::GateFixture;

const MUM: &str = "15552220001@c.us";

fn message(text: &str) -> Value {
    json!({ "chat": MUM, "text": text })
}

fn with(enabled: bool, rules: &str) -> String {
    format!("version = \"1\"\n{rules}\n[confirmation]\nenabled = {enabled}\n")
}

/// The verdicts on a message, with confirmation off and on.
fn verdicts(rules: &str) -> [&'static str; 2] {
    [false, true].map(|enabled| {
        let fixture = GateFixture::new(&with(enabled, rules));
        fixture.verdict("send_message", &message("Hi"))
    })
}

#[test]
fn it_asks_while_confirmation_is_enabled() {
    for (rules, wanted) in [
        (
            "[tools.send_message]\naction = \"confirm_if_enabled\"",
            ["allowed", "asked"],
        ),
        (
            "[[rules]]\ntools = [\"send_text\"]\naction = \"confirm_if_enabled\"",
            ["allowed", "asked"],
        ),
        // It allows as little as `confirm`: a class is allowed by another rule.
        (
            "[risk.write]\naction = \"confirm_if_enabled\"",
            ["not-admitted", "not-admitted"],
        ),
        (
            "[[risk.write]]\naction = \"allow\"\n[[risk.write]]\naction = \"confirm_if_enabled\"",
            ["allowed", "asked"],
        ),
        (
            "default = \"allow\"\n[recipients]\nunlisted = \"confirm_if_enabled\"",
            ["allowed", "asked"],
        ),
        (
            "default = \"allow\"\n[recipients]\nallow = [\"group:*\"]\nunlisted = \"confirm_if_enabled\"",
            ["allowed", "asked"],
        ),
        (
            "default = \"allow\"\n[recipients]\nnew = { action = \"confirm_if_enabled\" }",
            ["allowed", "asked"],
        ),
        (
            "default = \"allow\"\n[hours]\nquiet = \"00:00-24:00\"\nzone = \"UTC\"\naction = \"confirm_if_enabled\"",
            ["allowed", "asked"],
        ),
        ("default = \"confirm_if_enabled\"", ["allowed", "asked"]),
    ] {
        assert_eq!(verdicts(rules), wanted, "{rules}");
    }
}

#[test]
fn its_conditions_say_when_it_asks() {
    let rule = "default = \"allow\"\n[tools.send_message]\naction = \"confirm_if_enabled\"\n\
                when = [{ arg = \"text\", op = \"contains\", value = \"money\" }]\n";
    for (enabled, text, wanted) in [
        (false, "Hi", "allowed"),
        (false, "money", "allowed"),
        (true, "Hi", "allowed"),
        (true, "money", "asked"),
    ] {
        let fixture = GateFixture::new(&with(enabled, rule));
        assert_eq!(
            fixture.verdict("send_message", &message(text)),
            wanted,
            "{enabled} {text}"
        );
    }
}

#[test]
fn an_included_file_neither_begins_nor_ends_the_asking() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    for (first, second, wanted) in [
        ("enabled = true", "", "confirm"),
        (
            "enabled = true",
            "[confirmation]\nenabled = true",
            "confirm",
        ),
        (
            "enabled = true",
            "[confirmation]\nenabled = false",
            "confirm",
        ),
        ("", "[confirmation]\nenabled = true", "allow"),
    ] {
        file(
            "policy.toml",
            format!(
                "version = \"1\"\ninclude = [\"base.toml\"]\n[tools.react]\naction = \"confirm_if_enabled\"\n[confirmation]\n{first}\n"
            ),
        );
        file("base.toml", format!("version = \"1\"\n{second}\n"));
        let policy = Policy::load(specs(), &folder.path().join("policy.toml")).unwrap();
        let effect = policy.effect("react", whatsapp_guard::op::Risk::Write, "local");
        assert_eq!(effect.name(), wanted, "{first} {second}");
    }
}

#[test]
fn it_is_never_pointed_at_as_a_rule_without_effect() {
    for enabled in [false, true] {
        for rules in [
            "[risk.execute]\naction = \"allow\"\n[tools.logout_instance]\naction = \"confirm_if_enabled\"",
            "[risk.write]\naction = \"allow\"\n[hours]\nquiet = \"22:00-07:00\"\nzone = \"UTC\"\naction = \"confirm_if_enabled\"",
            "[[risk.write]]\naction = \"allow\"\n[[risk.write]]\naction = \"confirm_if_enabled\"",
        ] {
            let text = with(enabled, rules);
            let policy = Policy::from_toml(specs(), "policy.toml", &text).unwrap();
            assert!(policy.warnings.is_empty(), "{text}\n{}", policy.warnings);
        }
    }
}

#[test]
fn the_built_in_policy_asks_before_what_needs_the_phone_and_before_first_messages() {
    let enabled = DEFAULT.replace("\nenabled = false\n", "\nenabled = true\n");
    assert_ne!(enabled, DEFAULT);
    for (text, wanted) in [(DEFAULT, "allowed"), (&*enabled, "asked")] {
        let fixture = GateFixture::new(text);
        for (tool, arguments) in [
            ("logout_instance", json!({})),
            ("send_message", message("Hi")),
        ] {
            assert_eq!(fixture.verdict(tool, &arguments), wanted, "{tool}");
        }
        // Whoever begins needs these.
        for tool in ["open_session", "get_session", "restart_session"] {
            assert_eq!(fixture.verdict(tool, &json!({})), "allowed", "{tool}");
        }
    }
}
