//! `has_link` and `has_no_link`, in each text that can be sent.

use serde_json::{Value, json};
use whatsapp_guard::{backend::specs, policy::Policy};
use wiremock::MockServer;

use crate::app::{self, code, gate::GateFixture};

const MUM: &str = "15552220001@c.us";
const GROUP: &str = "120363000000000001@g.us";

/// The verdict on a call under a rule for one argument.
fn verdict(tool: &str, rule: &str, arguments: &Value) -> &'static str {
    let text = format!("version = \"1\"\ndefault = \"allow\"\n[tools.{tool}]\n{rule}\n");
    GateFixture::new(&text).verdict(tool, arguments)
}

#[test]
fn each_text_that_is_sent_can_be_held_to_it() {
    let message = format!("true_{MUM}_3EB0C767D26A1B2E5C");
    let (clean, link) = ("see you at six", "see example.com/x");
    let media = json!({ "path": "plan.pdf" });
    for (tool, arg, call) in [
        ("send_message", "text", json!({ "chat": MUM })),
        (
            "edit_message",
            "text",
            json!({ "chat": MUM, "message": message }),
        ),
        (
            "send_media",
            "caption",
            json!({ "chat": MUM, "media": media }),
        ),
        (
            "send_poll",
            "question",
            json!({ "chat": MUM, "options": ["a", "b"] }),
        ),
        (
            "send_contact",
            "name",
            json!({ "chat": MUM, "number": "+15552220002" }),
        ),
        (
            "send_contact",
            "organization",
            json!({ "chat": MUM, "name": "Bob", "number": "+15552220002" }),
        ),
        (
            "send_location",
            "name",
            json!({ "chat": MUM, "latitude": 1.5, "longitude": 1.5 }),
        ),
        (
            "send_location",
            "address",
            json!({ "chat": MUM, "latitude": 1.5, "longitude": 1.5 }),
        ),
        ("set_group_subject", "name", json!({ "group": GROUP })),
        (
            "set_group_description",
            "description",
            json!({ "group": GROUP }),
        ),
        (
            "create_group",
            "name",
            json!({ "people": ["+15552220002"] }),
        ),
        ("update_profile", "about", json!({})),
    ] {
        let with = |text: &str| {
            let mut call = call.clone();
            call[arg] = json!(text);
            call
        };
        let requires = format!("when = [{{ arg = \"{arg}\", op = \"has_no_link\" }}]");
        let refuses =
            format!("action = \"deny\"\nwhen = [{{ arg = \"{arg}\", op = \"has_link\" }}]");
        for (rule, code) in [(requires, "condition-not-met"), (refuses, "denied-by-rule")] {
            assert_ne!(verdict(tool, &rule, &with(clean)), code, "{tool} {rule}");
            for text in [
                link,
                "see ex\u{200b}ample\u{200b}.com",
                "ｅｘａｍｐｌｅ．ｃｏｍ",
            ] {
                assert_eq!(
                    verdict(tool, &rule, &with(text)),
                    code,
                    "{tool} {rule} {text}"
                );
            }
        }
    }
}

#[test]
fn each_option_of_a_poll_is_held_to_it() {
    let poll =
        |option: &str| json!({ "chat": MUM, "question": "When?", "options": ["now", option] });
    let rule = "when = [{ arg = \"options\", op = \"has_no_link\" }]";
    assert_eq!(verdict("send_poll", rule, &poll("then")), "allowed");
    assert_eq!(
        verdict("send_poll", rule, &poll("t.me/x")),
        "condition-not-met"
    );
    let rule = "action = \"confirm\"\nwhen = [{ arg = \"options\", op = \"has_link\" }]";
    assert_eq!(verdict("send_poll", rule, &poll("then")), "allowed");
    assert_eq!(verdict("send_poll", rule, &poll("t.me/x")), "asked");
}

#[test]
fn a_text_that_is_not_there_has_no_link() {
    let call = json!({ "chat": MUM, "latitude": 1.5, "longitude": 1.5 });
    for (op, wanted) in [
        ("has_no_link", "allowed"),
        ("has_link", "condition-not-met"),
    ] {
        let rule = format!("when = [{{ arg = \"address\", op = \"{op}\" }}]");
        assert_eq!(verdict("send_location", &rule, &call), wanted, "{op}");
    }
}

#[test]
fn mistakes_are_pointed_at() {
    for (when, wanted) in [
        (
            "{ arg = \"text\", op = \"has_link\", value = true }",
            "take no value",
        ),
        (
            "{ arg = \"text\", op = \"has_links\" }",
            "did you mean `has_link`?",
        ),
        ("{ arg = \"text\", op = \"contains\" }", "needs `value`"),
        (
            "{ arg = \"link_preview\", op = \"has_no_link\" }",
            "bad-operator",
        ),
    ] {
        let text = format!("version = \"1\"\n[tools.send_message]\nwhen = [{when}]\n");
        let wrong = Policy::from_toml(specs(), "policy.toml", &text).unwrap_err();
        assert!(wrong.to_string().contains(wanted), "{when}\n{wrong}");
    }
    let both = "version = \"1\"\n[tools.send_message]\n\
                when = [{ arg = \"text\", op = \"has_link\" }, { arg = \"text\", op = \"has_no_link\" }]\n";
    let policy = Policy::from_toml(specs(), "policy.toml", both).unwrap();
    let warnings = policy.warnings.to_string();
    assert!(
        warnings.contains("contradiction") && warnings.contains("`text` has no link"),
        "{warnings}"
    );
}

#[test]
fn a_change_of_it_is_seen() {
    let load = |rule: &str| {
        let text = format!("version = \"1\"\n[tools.send_message]\n{rule}\n");
        Policy::from_toml(specs(), "policy.toml", &text).unwrap()
    };
    let (open, held) = (
        load(""),
        load("when = [{ arg = \"text\", op = \"has_no_link\" }]"),
    );
    let changes = open.changes(&held);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(
        changes[0].direction,
        whatsapp_guard::policy::Direction::Tighter
    );
    assert_eq!(held.changes(&held), []);
}

#[tokio::test]
async fn a_link_is_not_sent() {
    let mock = MockServer::start().await;
    let policy = "version = \"1\"\n[tools.send_message]\n\
                  when = [{ arg = \"text\", op = \"has_no_link\", reason = \"no links\" }]\n";
    let mut app = app::waha(&mock).policy(policy).start().await;
    for text in [
        "see https://example.com",
        "see пример.рф",
        "call tel:+15550001111",
    ] {
        let refused = app
            .call("send_message", json!({ "chat": MUM, "text": text }))
            .await;
        assert_eq!(code(&refused), "condition-not-met", "{text}");
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}
