//! A policy that is only tried out: what it lets pass, what it does not, and what is
//! written down.

use serde_json::{Value, json};

use crate::app::{self, BOTH, Person, TestServer, code};

const SHADOW: &str = r#"
version = "1"
default = "deny"
[mode]
value = "shadow"
[confirmation]
enabled = true
[tools.get_session]
action = "allow"
limits = [{ max = 1, window = "minute" }]
[tools.list_groups]
action = "deny"
reason = "not yet"
[tools.archive_chat]
action = "confirm"
[tools.list_chats]
action = "allow"
limits = [{ max = 1, window = "hour" }]
[recipients]
allow = ["+15552220002", "120363000000000002@g.us"]
[tools.send_message]
action = "allow"
"#;

const CHAT: &str = "15552220001@c.us";
const FLATMATES: &str = "120363000000000002@g.us";

fn last(app: &TestServer) -> (Value, Value, Value) {
    let line = app.audit().last().unwrap().clone();
    let part = |name: &str| line[name].clone();
    (part("verdict"), part("code"), part("shadowed"))
}

#[tokio::test]
async fn what_would_be_refused_passes_and_is_written_down() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(SHADOW).linked().await;
        let message = json!({ "chat": CHAT, "text": "Hello" });
        for (tool, arguments, shadowed) in [
            ("get_session", json!({}), Value::Null),
            ("get_session", json!({}), json!("rate-limited")),
            ("list_groups", json!({}), json!("denied-by-rule")),
            ("get_profile", json!({}), json!("not-admitted")),
            ("list_chats", json!({}), Value::Null),
            ("list_chats", json!({}), json!("rate-limited")),
            ("send_message", message, json!("recipient-unlisted")),
        ] {
            let result = app.call(tool, arguments).await;
            assert_eq!(result["isError"], false, "{tool}: {result}");
            let code = if shadowed.is_null() {
                "allowed"
            } else {
                "shadow"
            };
            assert_eq!(
                last(&app),
                (json!("allowed"), json!(code), shadowed),
                "{tool}"
            );
        }
        assert!(app.questions.is_empty(), "nobody is asked");
    }
}

#[tokio::test]
async fn what_a_person_would_be_asked_about_passes_unasked() {
    let mut app = app::sandbox().policy(SHADOW).linked().await;
    let result = app.call("archive_chat", json!({ "chat": CHAT })).await;
    assert_eq!(result["isError"], false, "{result}");
    assert!(app.questions.is_empty());
    assert_eq!(last(&app).1, "shadow");
}

#[tokio::test]
async fn what_cannot_be_undone_is_asked_about_or_refused_all_the_same() {
    let group = json!({ "group": FLATMATES });
    for era in BOTH {
        let asking = format!("{SHADOW}[tools.leave_group]\naction = \"allow\"\n");
        let setup = app::sandbox().era(era).person(Person::Declines);
        let mut app = setup.policy(&asking).linked().await;
        let result = app.call("leave_group", group.clone()).await;
        assert_eq!((code(&result), app.questions.len()), ("declined", 1));
        app.set_person(Person::Accepts);
        let result = app.call("leave_group", group.clone()).await;
        assert_eq!(result["structuredContent"]["outcome"], "left", "{result}");
        assert_eq!(
            last(&app),
            (json!("allowed"), json!("confirmed"), Value::Null)
        );
        for (changed, wanted) in [
            (
                asking.replace("enabled = true", "enabled = false"),
                "confirmation-off",
            ),
            (
                format!("{SHADOW}[tools.leave_group]\naction = \"deny\"\n"),
                "denied-by-rule",
            ),
        ] {
            let mut app = app::sandbox().era(era).policy(&changed).linked().await;
            let result = app.call("leave_group", group.clone()).await;
            assert_eq!(code(&result), wanted, "{result}");
            assert_eq!(last(&app), (json!("refused"), json!(wanted), Value::Null));
        }
    }
}

#[tokio::test]
async fn reading_alone_stays_reading_alone() {
    let policy = SHADOW.replace("value = \"shadow\"", "value = \"shadow\"\nread_only = true");
    let mut app = app::sandbox().policy(&policy).start().await;
    let result = app.call("open_session", json!({})).await;
    assert_eq!(code(&result), "read-only");
    let result = app.call("list_groups", json!({})).await;
    assert!(result["structuredContent"]["error"]["code"] != "denied-by-rule");
}
