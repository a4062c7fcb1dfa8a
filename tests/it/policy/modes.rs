//! Policies that are tried out, and those that allow reading alone.

use serde_json::json;

use crate::{
    app::gate::{GateFixture, open},
    app::{self, BOTH, Person, code},
};

const MUM: &str = "15552220001@c.us";
const SHADOW: &str = "[mode]\nvalue = \"shadow\"\n";

#[tokio::test]
async fn in_the_shadow_calls_pass_and_are_written_down() {
    let rules = open(&format!(
        "{SHADOW}[tools.send_message]\naction = \"deny\"\n[tools.archive_chat]\naction = \"confirm\"\n\
         [tools.get_session]\nlimits = [{{ max = 1, window = \"hour\" }}]\n\
         [tools.list_groups]\nlimits = [{{ max = 1, window = \"minute\" }}]\n"
    ));
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(&rules).linked().await;
        for (tool, arguments, shadowed) in [
            (
                "send_message",
                json!({ "chat": MUM, "text": "hi" }),
                "denied-by-rule",
            ),
            ("archive_chat", json!({ "chat": MUM }), "cannot-ask"),
            ("get_session", json!({}), ""),
            ("get_session", json!({}), "rate-limited"),
            ("list_groups", json!({}), ""),
            ("list_groups", json!({}), "rate-limited"),
        ] {
            let result = app.call(tool, arguments).await;
            assert_eq!(result["isError"], false, "{tool}: {result}");
            let line = app.audit().pop().unwrap();
            if shadowed.is_empty() {
                assert_eq!(line["code"], "allowed", "{line}");
            } else {
                assert_eq!(
                    (&line["code"], &line["shadowed"]),
                    (&json!("shadow"), &json!(shadowed))
                );
            }
        }
        assert!(app.questions.is_empty());
        // What cannot be undone is judged as ever.
        app.set_person(Person::Declines);
        let leave = json!({ "group": "120363000000000001@g.us" });
        assert_eq!(code(&app.call("leave_group", leave).await), "declined");
    }
}

#[tokio::test]
async fn a_pause_is_tried_out_like_the_rest() {
    let rules = open(&format!("{SHADOW}[health]\npause_on = [\"STOPPED\"]\n"));
    let mut app = app::sandbox().policy(&rules).linked().await;
    app.call("stop_session", json!({})).await;
    app.call("get_session", json!({})).await;
    app.call("archive_chat", json!({ "chat": MUM })).await;
    let line = app.audit().pop().unwrap();
    assert_eq!(line["shadowed"], "account-paused", "{line}");
    let leave = json!({ "group": "120363000000000001@g.us" });
    assert_eq!(
        code(&app.call("leave_group", leave).await),
        "account-paused"
    );
}

#[tokio::test]
async fn reading_alone_is_no_matter_of_trying_out() {
    for more in ["", "value = \"shadow\"\n", "value = \"enforce\"\n"] {
        for hidden in ["", "hide = [\"send_message\"]\n"] {
            let text = open(&format!("[mode]\nread_only = true\n{more}"));
            let text = text.replacen("default", &format!("{hidden}default"), 1);
            let mut app = app::sandbox().policy(&text).start().await;
            let send = json!({ "chat": MUM, "text": "hi" });
            let refused = app.call("send_message", send).await;
            let wanted = if hidden.is_empty() {
                "read-only"
            } else {
                "hidden"
            };
            assert_eq!(code(&refused), wanted, "{text}");
            for tool in ["open_session", "logout_instance", "leave_group"] {
                let arguments = match tool {
                    "leave_group" => json!({ "group": "120363000000000001@g.us" }),
                    _ => json!({}),
                };
                assert_eq!(
                    code(&app.call(tool, arguments).await),
                    "read-only",
                    "{text}"
                );
            }
            assert_eq!(app.call("get_session", json!({})).await["isError"], false);
            assert!(app.questions.is_empty());
        }
    }
}

#[test]
fn where_only_reading_is_allowed_nothing_is_looked_up_for_a_call_that_writes() {
    let named = open("[recipients]\nallow = [\"group:Us\"]\n");
    let send = json!({ "chat": "120363000000000001@g.us", "text": "hi" });
    assert!(GateFixture::new(&named).pending_lookups("send_message", &send));
    let read_only = format!("{named}[mode]\nread_only = true\n");
    assert!(!GateFixture::new(&read_only).pending_lookups("send_message", &send));
}

#[test]
fn reading_that_is_denied_is_tried_out_too() {
    let text = open(
        "[mode]\nvalue = \"shadow\"\nread_only = true\n[tools.get_session]\naction = \"deny\"\n",
    );
    let desk = GateFixture::new(&text);
    assert_eq!(desk.verdict("get_session", &json!({})), "shadow");
    assert_eq!(desk.verdict("open_session", &json!({})), "read-only");
}
