//! Rules for several tools: patterns, lists of names, and exceptions.

use serde_json::{Value, json};
use whatsapp_guard::{backend::specs, op, policy::Policy};
use wiremock::MockServer;

use crate::app::{
    self, code,
    gate::{GateFixture, policy},
};

const MUM: &str = "15552220001@c.us";

fn message() -> Value {
    json!({ "chat": MUM, "text": "Hi" })
}

fn place() -> Value {
    json!({ "chat": MUM, "latitude": 52.5, "longitude": 13.4 })
}

/// The verdict on a message, under a policy that refuses by default.
fn verdict(rules: &str) -> &'static str {
    let text = format!("version = \"1\"\ndefault = \"deny\"\n{rules}\n");
    GateFixture::new(&text).verdict("send_message", &message())
}

/// The tools that a rule is for: those that it refuses.
fn refused(heading: &str) -> Vec<&'static str> {
    let text = format!("version = \"1\"\ndefault = \"allow\"\n{heading}\naction = \"deny\"\n");
    let policy = policy(&text);
    let entries = op::catalogue().iter();
    let entries = entries.filter(|entry| entry.risk != op::Risk::Destructive);
    let refused = entries.filter(|entry| !policy.effect(entry.name, entry.risk, "local").admits());
    refused.map(|entry| entry.name).collect()
}

fn problems(text: &str) -> String {
    let text = format!("version = \"1\"\n{text}\n");
    match Policy::from_toml(specs(), "policy.toml", &text) {
        Ok(policy) => policy.warnings.to_string(),
        Err(wrong) => wrong.to_string(),
    }
}

#[test]
fn a_pattern_is_for_all_tools_with_such_a_name() {
    let sends = [
        "send_message",
        "send_media",
        "send_voice",
        "send_location",
        "send_contact",
        "send_poll",
    ];
    assert_eq!(refused("[tools.\"send_*\"]"), sends);
    assert_eq!(refused("[[tools.\"send_*\"]]"), sends);
    assert_eq!(refused("[[rules]]\ntools = [\"send_*\"]"), sends);
    assert_eq!(refused("[rules]\ntools = [\"s*d_*\"]"), sends);
    assert_eq!(
        refused("[[rules]]\ntools = [\"send_poll\", \"*_location\", \"react\", \"react\"]"),
        ["send_location", "send_poll", "react"]
    );
    assert_eq!(
        refused("[[rules]]\ntools = [\"*\"]"),
        refused("[tools.\"*\"]")
    );
    // Names of other servers, where none of ours is like that.
    assert_eq!(refused("[tools.\"waha_send_*\"]"), sends);
    assert_eq!(
        refused("[[rules]]\ntools = [\"send_text\"]"),
        ["send_message"]
    );
}

#[test]
fn hide_takes_patterns() {
    let policy = policy("version = \"1\"\ndefault = \"allow\"\nhide = [\"*_group\"]\n");
    let effect = |tool: &str| {
        let entry = op::named(tool)[0];
        policy.effect(tool, entry.risk, "local").name()
    };
    assert_eq!(effect("create_group"), "hidden");
    assert_eq!(effect("join_group"), "hidden");
    assert_eq!(effect("list_groups"), "allow");
}

#[test]
fn an_exception_is_left_to_the_other_rules() {
    for heading in [
        "[tools.\"send_*\"]\nexcept = [\"send_message\", \"send_p*\"]",
        "[[rules]]\ntools = [\"send_*\"]\nexcept = [\"send_text\", \"send_poll\"]",
    ] {
        assert_eq!(
            refused(heading),
            ["send_media", "send_voice", "send_location", "send_contact"],
            "{heading}"
        );
    }
    let writes = refused("[risk.write]");
    let others = refused("[risk.write]\nexcept = [\"react\"]");
    assert!(writes.contains(&"react") && !others.contains(&"react"));
    assert_eq!(writes.len(), others.len() + 1);
}

#[test]
fn only_names_admit_without_saying_so() {
    for (rule, wanted) in [
        ("[tools.\"send_*\"]", "not-admitted"),
        (
            "[tools.\"send_*\"]\nlimits = [{ max = 5, window = \"day\" }]",
            "not-admitted",
        ),
        ("[tools.\"send_*\"]\naction = \"confirm\"", "not-admitted"),
        ("[tools.\"send_*\"]\naction = \"allow\"", "allowed"),
        (
            "[[rules]]\ntools = [\"send_message\", \"send_poll\"]",
            "allowed",
        ),
        (
            "[[rules]]\ntools = [\"send_text\"]\naction = \"confirm\"",
            "asked",
        ),
        (
            "[[rules]]\ntools = [\"send_message\", \"send_po*\"]",
            "not-admitted",
        ),
        (
            "[[rules]]\ntools = [\"send_message\", \"get_*\"]\naction = \"allow\"",
            "allowed",
        ),
        (
            "[[rules]]\ntools = [\"send_message\"]\naction = \"deny\"",
            "denied-by-rule",
        ),
    ] {
        assert_eq!(verdict(rule), wanted, "{rule}");
    }
}

#[test]
fn a_limit_of_several_tools_is_one_counter() {
    for heading in [
        "[tools.\"send_*\"]",
        "[[rules]]\ntools = [\"send_message\", \"send_location\"]",
    ] {
        for window in ["minute", "day"] {
            let text = format!(
                "version = \"1\"\ndefault = \"allow\"\n{heading}\nlimits = [{{ max = 2, window = \"{window}\" }}]\n"
            );
            let fixture = GateFixture::new(&text);
            assert!(fixture.pass("send_message", &message()).is_some(), "{text}");
            assert!(fixture.pass("send_location", &place()).is_some(), "{text}");
            let other = json!({ "chat": MUM, "text": "Hello" });
            assert_eq!(fixture.verdict("send_message", &other), "rate-limited");
        }
    }
    // Other tools, other counter: an exception does not tighten the rule without it.
    let text = "version = \"1\"\ndefault = \"allow\"\n[[risk.write]]\nlimits = [{ max = 3, window = \"day\" }]\n\
                [[risk.write]]\nexcept = [\"send_message\"]\nlimits = [{ max = 1, window = \"day\" }]\n";
    assert_eq!(problems(text.trim_start_matches("version = \"1\"\n")), "");
    let fixture = GateFixture::new(text);
    assert!(fixture.pass("send_location", &place()).is_some());
    assert!(fixture.pass("send_message", &message()).is_some());
    let other = json!({ "chat": MUM, "text": "Hello" });
    assert!(fixture.pass("send_message", &other).is_some());
}

#[test]
fn a_list_of_one_name_is_the_rule_for_that_tool() {
    let counters = |heading: &str| {
        let text = format!(
            "version = \"1\"\ndefault = \"allow\"\n{heading}\nlimits = [{{ max = 2, window = \"day\" }}]\n"
        );
        let policy = policy(&text);
        let limits = policy.limits.iter();
        limits
            .map(|limit| limit.counter.clone())
            .collect::<Vec<_>>()
    };
    let own = counters("[tools.send_message]");
    assert_eq!(own, ["tools.send_message/grant"]);
    assert_eq!(counters("[[rules]]\ntools = [\"send_message\"]"), own);
    assert_eq!(counters("[[rules]]\ntools = [\"waha_send_message\"]"), own);
    assert_eq!(
        counters("[[rules]]\ntools = [\"*\"]"),
        counters("[tools.\"*\"]")
    );
    assert_eq!(
        counters("[[rules]]\ntools = [\"send_*\", \"react\"]"),
        counters("[[rules]]\ntools = [\"react\", \"send_*\", \"react\"]")
    );
}

#[test]
fn mistakes_are_pointed_at() {
    for (text, wanted) in [
        ("[tools.\"sned_*\"]", "unknown-tool"),
        ("[tools.\"sned_*\"]", "did you mean `send_*`?"),
        ("hide = [\"*_grop\"]", "did you mean `*_group`?"),
        (
            "[[rules]]\ntools = [\"send_mesage\"]",
            "did you mean `send_message`?",
        ),
        ("[tools.\"send_[ab]\"]", "unknown-tool"),
        ("[[rules]]\naction = \"deny\"", "needs `tools`"),
        (
            "[[rules]]\ntools = \"send_message\"",
            "a list of tool names",
        ),
        ("[[rules]]\ntools = []", "rule-without-effect"),
        ("[tools.react]\ntools = [\"react\"]", "unknown-key"),
        (
            "[tools.react]\nexcept = [\"send_poll\"]",
            "rule-without-effect",
        ),
        (
            "[risk.write]\naction = \"allow\"\nexcept = [\"*\"]",
            "rule-without-effect",
        ),
        (
            "[risk.write]\naction = \"allow\"\nexcept = [\"reacct\"]",
            "did you mean `react`?",
        ),
    ] {
        let found = problems(text);
        assert!(found.contains(wanted), "{text}\n{found}");
    }
}

#[tokio::test]
async fn a_call_that_a_pattern_refuses_is_not_sent() {
    let mock = MockServer::start().await;
    let policy = "version = \"1\"\ndefault = \"allow\"\n[[rules]]\ntools = [\"send_*\", \"forward_message\"]\n\
                  action = \"deny\"\nreason = \"drafts only\"\n";
    let mut app = app::waha(&mock).policy(policy).start().await;
    for (tool, arguments) in [("send_message", message()), ("send_location", place())] {
        let refused = app.call(tool, arguments).await;
        assert_eq!(code(&refused), "denied-by-rule");
        let rule = &refused["structuredContent"]["error"]["rule"];
        assert_eq!(rule, "policy.toml:5:1 (rules[0].action)", "{refused}");
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[test]
fn a_grant_has_rules_for_several_tools() {
    let text = "version = \"1\"\ndefault = \"allow\"\n[[grants.local.rules]]\ntools = [\"send_*\"]\n\
                limits = [{ max = 1, window = \"day\" }]\n[grants.other]\n";
    let fixture = GateFixture::new(text);
    assert!(fixture.pass("send_location", &place()).is_some());
    assert_eq!(fixture.verdict("send_message", &message()), "rate-limited");
    assert_eq!(
        fixture.verdict_for("other", "send_message", &message()),
        "allowed"
    );
}
