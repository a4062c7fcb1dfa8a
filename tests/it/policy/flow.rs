//! What was read in one chat does not leave to another unasked.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::gate::{GateFixture, open},
    app::{self, BOTH, Person, TestServer, code},
};

const MUM: &str = "15552220001@c.us";
const SAM: &str = "15552220003@c.us";
const FAMILY: &str = "120363000000000001@g.us";
const ASK: &str = "[flow]\ncross_chat = \"confirm\"\n";

async fn send(app: &mut TestServer, chat: &str, text: &str) -> Value {
    app.call("send_message", json!({ "chat": chat, "text": text }))
        .await
}

#[tokio::test]
async fn what_was_read_stays_in_its_chat() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(&open(ASK)).linked().await;
        assert_eq!(send(&mut app, SAM, "before").await["isError"], false);
        app.call("list_messages", json!({ "chat": MUM })).await;
        for chat in [MUM, "+1 555 222 0001", "915552220001@lid"] {
            assert_eq!(send(&mut app, chat, chat).await["isError"], false);
        }
        assert!(app.questions.is_empty());
        assert_eq!(send(&mut app, SAM, "after").await["isError"], false);
        let asked = app::shown(&app.questions[0]);
        assert!(
            asked.contains(&format!("it could pass on what was read in {MUM}")),
            "{asked}"
        );
        app.set_person(Person::Declines);
        let about = json!({ "about": "a secret" });
        assert_eq!(code(&app.call("update_profile", about).await), "declined");
        // A second chat that was read: now the first may not get it either.
        app.call("get_chat", json!({ "chat": SAM })).await;
        assert_eq!(code(&send(&mut app, MUM, "again").await), "declined");
    }
}

/// What a list of chats shows of last messages: texts, and when they were.
async fn previews(app: &mut TestServer, arguments: Value) -> (usize, usize, Value) {
    let answer = app.call("list_chats", arguments).await;
    let list = answer["structuredContent"].clone();
    let chats = list["chats"].as_array().unwrap();
    let with = |key: &str| {
        let has = |chat: &&Value| chat["last_message"][key].is_string();
        chats.iter().filter(has).count()
    };
    (with("text"), with("at"), list)
}

#[tokio::test]
async fn lists_leave_texts_out_where_they_would_limit_sending() {
    for era in BOTH {
        let free = open("");
        let mut app = app::sandbox().era(era).policy(&free).linked().await;
        let (texts, times, list) = previews(&mut app, json!({})).await;
        assert!(texts > 2 && times >= texts, "{list}");
        assert!(list.get("texts_left_out").is_none(), "{list}");
        let (texts, _, list) = previews(&mut app, json!({ "texts": false })).await;
        assert_eq!(texts, 0, "{list}");

        let rules = open("[flow]\ncross_chat = \"deny\"\n");
        let mut app = app::sandbox().era(era).policy(&rules).linked().await;
        let (texts, shown, list) = previews(&mut app, json!({})).await;
        assert_eq!((texts, shown), (0, times), "{list}");
        let how = list["texts_left_out"].as_str().unwrap();
        assert!(how.contains("set texts to true"), "{how}");
        for chat in [SAM, MUM, FAMILY] {
            assert_eq!(send(&mut app, chat, "hi").await["isError"], false);
        }
        let (texts, ..) = previews(&mut app, json!({ "texts": true })).await;
        assert!(texts > 2);
        assert_eq!(code(&send(&mut app, SAM, "after").await), "cross-chat");
    }
}

#[tokio::test]
async fn what_was_read_counts_for_the_window() {
    for (window, seconds) in [("", 3600), ("window = \"10m\"\n", 600)] {
        let rules = open(&format!("[flow]\ncross_chat = \"deny\"\n{window}"));
        let mut app = app::sandbox().policy(&rules).linked().await;
        app.call("list_messages", json!({ "chat": MUM })).await;
        app.hand.advance(Duration::from_secs(seconds / 2));
        app.call("list_messages", json!({ "chat": MUM })).await;
        app.hand.advance(Duration::from_secs(seconds - 1));
        assert_eq!(code(&send(&mut app, SAM, "before").await), "cross-chat");
        app.hand.advance(Duration::from_secs(1));
        assert_eq!(send(&mut app, SAM, "after").await["isError"], false);
    }
}

#[tokio::test]
async fn descriptions_about_texts_and_pictures_are_read_too() {
    for (tool, arguments) in [
        ("get_contact", json!({ "person": MUM })),
        ("get_group", json!({ "group": FAMILY })),
        ("get_picture", json!({ "chat": FAMILY })),
    ] {
        let rules = open("[flow]\ncross_chat = \"deny\"\n");
        let mut app = app::sandbox().policy(&rules).linked().await;
        // What shows nothing is not read.
        if tool == "get_group" {
            app.call(tool, arguments.clone()).await;
            assert_eq!(send(&mut app, SAM, "free").await["isError"], false);
            let described = json!({ "group": FAMILY, "description": "our PIN is 0000" });
            let changed = app.call("set_group_description", described).await;
            assert_eq!(changed["isError"], false, "{changed}");
        }
        let answer = app.call(tool, arguments).await;
        assert_eq!(answer["isError"], false, "{answer}");
        let sent = send(&mut app, SAM, "a secret").await;
        assert_eq!(code(&sent), "cross-chat", "{tool}: {answer}");
    }
}

#[tokio::test]
async fn previews_taint_as_reading_does() {
    let rules = open("[flow]\ncross_chat = \"deny\"\n");
    let mut app = app::sandbox().policy(&rules).linked().await;
    app.call("list_chats", json!({ "texts": true })).await;
    for chat in [SAM, MUM, FAMILY] {
        assert_eq!(code(&send(&mut app, chat, "hi").await), "cross-chat");
    }
    let forward = json!({
        "chat": MUM, "to": SAM, "message": "false_15552220001@c.us_SANDBOX00000004",
    });
    assert_eq!(
        code(&app.call("forward_message", forward).await),
        "cross-chat"
    );
    // Previews that are not shown are not read.
    let rules = open("[flow]\ncross_chat = \"deny\"\n[read]\nchats = { allow = [] }\n");
    let mut app = app::sandbox().policy(&rules).linked().await;
    app.call("list_chats", json!({ "texts": true })).await;
    assert_eq!(send(&mut app, SAM, "hi").await["isError"], false);
}

#[test]
fn forwarding_reads_and_sends_at_once() {
    let desk = GateFixture::new(&open(ASK));
    let forward = |to: &str| {
        let arguments = json!({ "chat": MUM, "message": "ABC", "to": to, "allow_repeat": true });
        desk.verdict("forward_message", &arguments)
    };
    assert_eq!(forward(MUM), "allowed");
    assert_eq!(forward(SAM), "asked");
}

#[test]
fn who_reads_is_who_may_not_send() {
    let desk = GateFixture::new(&open(&format!("{ASK}[grants.one]\n[grants.two]\n")));
    let send = json!({ "chat": SAM, "text": "hi" });
    assert_eq!(
        desk.verdict_for("one", "list_messages", &json!({ "chat": MUM })),
        "allowed"
    );
    assert_eq!(desk.verdict_for("one", "send_message", &send), "asked");
    assert_eq!(desk.verdict_for("two", "send_message", &send), "allowed");
    // Nor do invitations leave, and what carries nothing out is free.
    let invite = json!({ "group": FAMILY, "people": [SAM] });
    assert_eq!(
        desk.verdict_for("one", "add_group_members", &invite),
        "asked"
    );
    let archive = json!({ "chat": SAM });
    assert_eq!(desk.verdict_for("one", "archive_chat", &archive), "allowed");
}
