//! Whose messages may be read, and how many.

use serde_json::{Value, json};

use crate::{
    app::gate::{GateFixture, open, policy},
    app::{self, BOTH, TestServer, code},
};

const MUM: &str = "15552220001@c.us";
const SAM: &str = "15552220003@c.us";
const FAMILY: &str = "120363000000000001@g.us";
const BOOKS: &str = "120363000000000003@g.us";

const CHOSEN: &str = r#"
[read]
chats = { allow = ["@team", "group:*"], deny = ["group:Book club"] }
[lists]
team = ["+15552220001"]
"#;

async fn with_preview(app: &mut TestServer) -> Vec<String> {
    let result = app.call("list_chats", json!({})).await;
    let chats = result["structuredContent"]["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 5);
    let text = app::text(&result);
    assert!(
        !text.contains("Chapter four") && !text.contains("Friday"),
        "{text}"
    );
    chats
        .iter()
        .filter(|chat| chat.get("last_message").is_some())
        .map(|chat| chat["chat"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn only_the_chats_that_are_listed_are_read() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(&open(CHOSEN)).linked().await;
        // As the very first call too: the names are looked up before.
        let shown = with_preview(&mut app).await;
        assert_eq!(shown, [FAMILY, MUM, "120363000000000002@g.us"]);
        for (chat, message) in [
            (SAM, "true_15552220003@c.us_SANDBOX00000005"),
            (BOOKS, "false_120363000000000003@g.us_SANDBOX00000006"),
        ] {
            for (tool, arguments) in [
                ("list_messages", json!({ "chat": chat })),
                ("get_message", json!({ "chat": chat, "message": message })),
                (
                    "download_media",
                    json!({ "chat": chat, "message": message }),
                ),
                ("get_chat", json!({ "chat": chat })),
                (
                    "forward_message",
                    json!({ "chat": chat, "message": message, "to": MUM }),
                ),
            ] {
                let refused = app.call(tool, arguments).await;
                assert_eq!(code(&refused), "chat-not-readable", "{tool} {chat}");
            }
            let uri = format!("whatsapp://chat/{}/messages", chat.replace('@', "%40"));
            let answer = app.read(&uri).await;
            assert_eq!(
                answer["error"]["data"]["code"], "chat-not-readable",
                "{answer}"
            );
            // It may still be written to.
            let text = json!({ "chat": chat, "text": "hi" });
            assert_eq!(app.call("send_message", text).await["isError"], false);
        }
        for chat in [MUM, FAMILY, "+1 555 222 0001", "915552220001@lid"] {
            let read = app.call("get_chat", json!({ "chat": chat })).await;
            assert_ne!(
                read["structuredContent"]["error"]["code"], "chat-not-readable",
                "{chat}"
            );
        }
        let found = app.call("list_messages", json!({ "chat": MUM })).await;
        assert_eq!(found["isError"], false);
    }
}

#[tokio::test]
async fn the_budget_counts_what_was_read() {
    let rules = open("[read]\nbudget = { messages = 10, window = \"hour\" }\n");
    let mut app = app::sandbox().policy(&rules).linked().await;
    let read = |limit: u32| json!({ "chat": MUM, "limit": limit });
    // Two messages come, so eight are given back each time.
    for _ in 0..3 {
        let result = app.call("list_messages", read(4)).await;
        let messages = result["structuredContent"]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2, "{result}");
    }
    let refused = app.call("list_messages", read(5)).await;
    assert_eq!(code(&refused), "rate-limited");
    insta::assert_snapshot!(app::text(&refused), @"
    [sandbox: a simulated WhatsApp, nothing here is real]
    Refused (rate-limited): `list_messages` is limited to 10 messages per hour per caller; 4 messages are left now. Ask for no more than that, or wait.
    ");
    assert_eq!(refused["structuredContent"]["error"]["retry_after_s"], 3600);
    // Resources and other tools that show messages count too.
    assert_eq!(
        app.call("get_chat", json!({ "chat": MUM })).await["isError"],
        false
    );
    assert_eq!(
        code(&app.call("list_chats", json!({ "limit": 4 })).await),
        "rate-limited"
    );
    let chats = app.call("list_chats", json!({ "limit": 3 })).await;
    assert_eq!(chats["isError"], false, "{chats}");
    let uri = "whatsapp://chat/15552220001%40c.us/messages";
    let answer = app.read(uri).await;
    assert_eq!(answer["error"]["data"]["code"], "rate-limited", "{answer}");
    app.hand.advance(std::time::Duration::from_secs(3600));
    assert_eq!(app.call("list_messages", read(10)).await["isError"], false);
}

#[tokio::test]
async fn what_was_not_answered_was_not_read() {
    let rules = open("[read]\nbudget = { messages = 5, window = \"hour\" }\n");
    let mut app = app::sandbox().policy(&rules).start().await;
    // Nobody is linked, so nothing comes.
    for _ in 0..4 {
        let failed = app
            .call("list_messages", json!({ "chat": MUM, "limit": 5 }))
            .await;
        assert_ne!(code(&failed), "rate-limited", "{failed}");
    }
}

#[test]
fn more_than_the_whole_budget_is_never_left() {
    let desk = GateFixture::new(&open(
        "[read]\nbudget = { messages = 5, window = \"hour\" }\n",
    ));
    let read = |limit: u32| json!({ "chat": MUM, "limit": limit });
    assert_eq!(desk.verdict("list_messages", &read(6)), "rate-limited");
    assert_eq!(desk.verdict("list_messages", &read(5)), "allowed");
    assert_eq!(desk.verdict("list_messages", &read(1)), "rate-limited");
    assert_eq!(
        desk.verdict("get_message", &json!({ "chat": MUM, "message": "ABC" })),
        "rate-limited"
    );
    assert_eq!(desk.verdict("get_session", &json!({})), "allowed");
    desk.hand.advance(std::time::Duration::from_secs(3599));
    assert_eq!(desk.verdict("list_messages", &read(1)), "rate-limited");
    desk.hand.advance(std::time::Duration::from_secs(1));
    assert_eq!(desk.verdict("list_messages", &read(5)), "allowed");
}

#[test]
fn a_budget_that_is_used_up_stops_reading_alone() {
    let budget = |messages: u32| {
        let rules = format!("[read]\nbudget = {{ messages = {messages}, window = \"hour\" }}\n");
        open(&rules)
    };
    let desk = GateFixture::new(&budget(5));
    let read = |limit: u32| json!({ "chat": MUM, "limit": limit });
    assert_eq!(desk.verdict("list_messages", &read(5)), "allowed");
    desk.gate.replace(policy(&budget(2)));
    assert_eq!(desk.verdict("list_messages", &read(1)), "rate-limited");
    assert_eq!(desk.verdict("get_session", &json!({})), "allowed");
}

#[tokio::test]
async fn a_chat_that_would_not_be_read_is_read_as_a_whole_in_the_shadow() {
    let rules = "[mode]\nvalue = \"shadow\"\n[read]\nchats = { deny = [\"+15552220001\"] }\n";
    let mut app = app::sandbox().policy(&open(rules)).linked().await;
    let result = app.call("list_messages", json!({ "chat": MUM })).await;
    let messages = result["structuredContent"]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2, "{result}");
}

#[test]
fn a_hidden_person_may_be_one_whose_messages_are_not_read() {
    let desk = GateFixture::new(&open("[read]\nchats = { deny = [\"+15552220001\"] }\n"));
    let says = |chat: &str| desk.verdict("list_messages", &json!({ "chat": chat }));
    assert_eq!(says(MUM), "chat-not-readable");
    assert_eq!(says("777000111222@lid"), "chat-not-readable");
    assert_eq!(says(SAM), "allowed");
}

#[test]
fn an_empty_list_lets_nothing_be_read() {
    let desk = GateFixture::new(&open("[read]\nchats = { allow = [] }\n"));
    let says = |arguments: Value| desk.verdict("list_messages", &arguments);
    assert_eq!(says(json!({ "chat": MUM })), "chat-not-readable");
}
