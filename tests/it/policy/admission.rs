//! What admits a tool that `default` refuses.

use serde_json::json;
use whatsapp_guard::{backend::specs, policy::Policy};
use wiremock::MockServer;

use crate::app::{self, code, gate::GateFixture};

const MUM: &str = "15552220001@c.us";

/// The verdict on a message under a policy that refuses by default.
fn verdict(rules: &str) -> &'static str {
    let policy = format!("version = \"1\"\ndefault = \"deny\"\n{rules}\n");
    let fixture = GateFixture::new(&policy);
    fixture.verdict("send_message", &json!({ "chat": MUM, "text": "Hi" }))
}

#[test]
fn a_rule_for_many_tools_admits_none_without_saying_so() {
    for rule in [
        "",
        "limits = [{ max = 5, window = \"minute\" }]",
        "rate_limit = { max = 5, window = \"day\" }",
        "pace = { min = \"1s\", max = \"2s\" }",
        "reason = \"so\"",
        "action = \"confirm\"",
    ] {
        for heading in [
            "[risk.write]",
            "[[risk.write]]",
            "[tools.\"*\"]",
            "[[tools.\"*\"]]",
        ] {
            assert_eq!(
                verdict(&format!("{heading}\n{rule}")),
                "not-admitted",
                "{heading} {rule}"
            );
        }
        // A grant's own default is held in the same way.
        for heading in ["risk.write", "tools.\"*\""] {
            let grant = format!(
                "[tools.send_message]\n[grants.local]\ndefault = \"deny\"\n[grants.local.{heading}]\n{rule}"
            );
            assert_eq!(verdict(&grant), "not-admitted", "{grant}");
        }
    }
    for heading in ["[risk.write]", "[tools.\"*\"]"] {
        assert_eq!(
            verdict(&format!("{heading}\naction = \"allow\"")),
            "allowed"
        );
    }
    // Its requirements still hold, and a default that asks still asks.
    let text = "[tools.send_message]\n[risk.write]\nlimits = [{ max = 1, window = \"day\" }]";
    assert_eq!(verdict(text), "allowed");
    let asks = "version = \"1\"\ndefault = \"confirm\"\n[risk.write]\nlimits = [{ max = 1, window = \"day\" }]\n";
    let fixture = GateFixture::new(asks);
    let message = json!({ "chat": MUM, "text": "Hi" });
    assert_eq!(fixture.verdict("send_message", &message), "asked");
}

#[test]
fn a_class_that_is_allowed_and_asked_about_takes_two_rules() {
    let both = "[[risk.write]]\naction = \"allow\"\n[[risk.write]]\naction = \"confirm\"";
    assert_eq!(verdict(both), "asked");
}

#[test]
fn a_rule_for_a_single_tool_admits_it() {
    for (rule, wanted) in [
        ("", "allowed"),
        ("limits = [{ max = 5, window = \"minute\" }]", "allowed"),
        ("action = \"allow\"", "allowed"),
        ("action = \"confirm\"", "asked"),
        ("action = \"deny\"", "denied-by-rule"),
    ] {
        for name in ["send_message", "waha_send_message", "send_text"] {
            assert_eq!(
                verdict(&format!("[tools.{name}]\n{rule}")),
                wanted,
                "{name} {rule}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_admitted_is_not_sent() {
    let mock = MockServer::start().await;
    let policy = "version = \"1\"\ndefault = \"deny\"\n[risk.write]\nlimits = [{ max = 20, window = \"minute\" }]\n\
                  [tools.\"*\"]\npace = { min = \"1s\", max = \"2s\" }\n";
    let mut app = app::waha(&mock).policy(policy).start().await;
    let message = json!({ "chat": MUM, "text": "Hi" });
    assert_eq!(
        code(&app.call("send_message", message).await),
        "not-admitted"
    );
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[test]
fn a_rule_that_admitted_tools_before_is_pointed_at() {
    let warnings = |text: &str| {
        let text = format!("version = \"1\"\n{text}\n");
        let policy = Policy::from_toml(specs(), "policy.toml", &text);
        policy
            .unwrap_or_else(|wrong| panic!("{wrong}"))
            .warnings
            .to_string()
    };
    for (text, place) in [
        (
            "[risk.write]\nlimits = [{ max = 5, window = \"day\" }]",
            "policy.toml:2:7",
        ),
        (
            "[risk.read]\npace = { min = \"1s\", max = \"2s\" }\n[tools.get_session]",
            "policy.toml:2:7",
        ),
        (
            "[tools.\"*\"]\nrate_limit = { max = 5, window = 60 }",
            "policy.toml:2:8",
        ),
        ("[risk.write]\naction = \"confirm\"", "policy.toml:3:1"),
        (
            "default = \"confirm\"\n[risk.write]\nlimits = [{ max = 5, window = \"day\" }]",
            "policy.toml:3:7",
        ),
        (
            "default = \"allow\"\n[grants.a]\ndefault = \"deny\"\n[grants.a.risk.read]\nreason = \"so\"",
            "policy.toml:5:16",
        ),
    ] {
        let found = warnings(text);
        assert!(found.contains("admits-nothing"), "{text}\n{found}");
        assert!(found.contains(place), "{text}\n{found}");
    }
    for text in [
        "[risk.write]\naction = \"allow\"\nlimits = [{ max = 5, window = \"day\" }]",
        "default = \"allow\"\n[risk.write]\nlimits = [{ max = 5, window = \"day\" }]",
        "[risk.write]\naction = \"deny\"",
        "[risk.destructive]\naction = \"confirm\"",
        "default = \"confirm\"\n[risk.write]\naction = \"confirm\"",
    ] {
        assert_eq!(warnings(text), "", "{text}");
    }
}
