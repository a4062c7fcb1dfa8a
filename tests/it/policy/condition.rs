//! Conditions, and several rules for one tool.

use serde_json::json;

use crate::{
    app::gate::{GateFixture, open},
    app::{self, BOTH, Person, code},
};

const MUM: &str = "15552220001@c.us";

#[tokio::test]
async fn what_a_condition_forbids_is_not_sent() {
    let rules = open(
        "[tools.send_message]\nwhen = [\n  { arg = \"text\", op = \"not_matches\", value = '(?i)\\biban\\b', reason = \"bank details go by hand\" },\n]\n",
    );
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(&rules).linked().await;
        for text in ["my IBAN is", "ib\u{ad}an", "ＩＢＡＮ"] {
            let refused = app
                .call("send_message", json!({ "chat": MUM, "text": text }))
                .await;
            assert_eq!(code(&refused), "condition-not-met", "{text}");
            let error = &refused["structuredContent"]["error"];
            assert!(
                error["reason"]
                    .as_str()
                    .unwrap()
                    .contains("bank details go by hand")
            );
            assert_eq!(
                error["rule"],
                "policy.toml:7:3 (tools.send_message.when[0])"
            );
        }
        let sent = app
            .call("send_message", json!({ "chat": MUM, "text": "hi" }))
            .await;
        assert_eq!(sent["isError"], false);
    }
}

const SEVERAL: &str = r#"
version = "1"
[confirmation]
enabled = true
[[tools.send_message]]
action = "confirm"
reason = "it speaks of money"
when = [{ arg = "text", op = "matches", value = "(?i)money" }]
[[tools.send_message]]
action = "deny"
when = [{ arg = "text", op = "contains", value = "password" }]
[[tools.send_message]]
action = "allow"
when = [{ arg = "chat", op = "neq", value = "+15552220003" }]
"#;

#[tokio::test]
async fn of_several_rules_the_strictest_wins() {
    for era in BOTH {
        let rules = SEVERAL.replace("version", "default = \"allow\"\nversion");
        let mut app = app::sandbox().era(era).policy(&rules).linked().await;
        let send = |text: &str| json!({ "chat": MUM, "text": text });
        assert_eq!(app.call("send_message", send("hi")).await["isError"], false);
        assert!(app.questions.is_empty());
        assert_eq!(
            app.call("send_message", send("Money")).await["isError"],
            false
        );
        let asked = app::shown(&app.questions[0]);
        assert!(
            asked.contains("You are asked because it speaks of money."),
            "{asked}"
        );
        app.set_person(Person::Declines);
        let refused = app.call("send_message", send("money and password")).await;
        assert_eq!(code(&refused), "denied-by-rule");
        assert_eq!(app.questions.len(), 1);
        let sam = json!({ "chat": "15552220003@c.us", "text": "hi" });
        assert_eq!(
            code(&app.call("send_message", sam).await),
            "condition-not-met"
        );
    }
}

#[test]
fn a_rule_for_some_arguments_admits_those_alone() {
    let desk = GateFixture::new(
        "version = \"1\"\n[[tools.send_message]]\naction = \"confirm\"\nwhen = [{ arg = \"text\", op = \"eq\", value = \"hi\" }]\n\
         [recipients]\ndeny = [\"group:Us\", \"+15552220003\"]\n",
    );
    let send = |chat: &str, text: &str| json!({ "chat": chat, "text": text });
    assert_eq!(desk.verdict("send_message", &send(MUM, "hi")), "asked");
    assert_eq!(
        desk.verdict("send_message", &send(MUM, "ho")),
        "not-admitted"
    );
    // What it may admit has to be found out about before.
    assert!(desk.pending_lookups("send_message", &send("120363000000000001@g.us", "hi")));
    assert!(desk.pending_lookups("send_message", &send("777000111222@lid", "hi")));
}
