//! What is done to chats in the sandbox shows in later reads.

use serde_json::{Value, json};

use crate::app::{self, TestServer, code, text};

const MUM: &str = "15552220001@c.us";

async fn chat(app: &mut TestServer, id: &str) -> Value {
    app.call("get_chat", json!({ "chat": id })).await["structuredContent"].clone()
}

async fn change(app: &mut TestServer, tool: &str, id: &str) {
    let result = app.call(tool, json!({ "chat": id })).await;
    assert_eq!(result["structuredContent"]["outcome"], "done", "{result}");
    assert_eq!(result["structuredContent"]["verified"], true);
}

#[tokio::test]
async fn chats_are_listed_newest_first_and_the_unread_ones_alone() {
    let mut app = app::sandbox().linked().await;
    for (unread_only, expected) in [
        (
            false,
            &["Sam", "Family", "Mum", "Book club", "Old flatmates"][..],
        ),
        (true, &["Family", "Mum", "Book club"]),
    ] {
        let arguments = json!({ "unread_only": unread_only });
        let result = app.call("list_chats", arguments).await;
        let chats = result["structuredContent"]["chats"].as_array().unwrap();
        let names: Vec<_> = chats.iter().map(|chat| chat["name"].clone()).collect();
        assert_eq!(names, expected);
        assert!(
            result["structuredContent"]["searched"].is_null(),
            "{result}"
        );
        assert!(text(&result).contains("“Family” 120363000000000001@g.us, 2 unread"));
    }
}

#[tokio::test]
async fn pages_go_on_and_names_are_searched() {
    let mut app = app::sandbox().linked().await;
    let mut seen = 0;
    let mut cursor = Value::Null;
    loop {
        let mut arguments = json!({ "limit": 2 });
        if !cursor.is_null() {
            arguments["cursor"] = cursor;
        }
        let page = app.call("list_chats", arguments).await["structuredContent"].clone();
        seen += page["chats"].as_array().unwrap().len();
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen, 5);
    let found = app.call("list_chats", json!({ "query": "BOOK" })).await;
    let found = &found["structuredContent"];
    assert_eq!(found["chats"].as_array().unwrap().len(), 1);
    assert_eq!(found["chats"][0]["name"], "Book club");
    assert_eq!(found.get("next_cursor"), None);
}

#[tokio::test]
async fn marks_stay() {
    let mut app = app::sandbox().linked().await;
    assert_eq!(chat(&mut app, MUM).await["unread"], 1);
    change(&mut app, "mark_chat_read", "+1 555 222 0001").await;
    assert_eq!(chat(&mut app, MUM).await["unread"], 0);
    change(&mut app, "mark_chat_unread", MUM).await;
    assert_eq!(chat(&mut app, MUM).await["marked_unread"], true);
    change(&mut app, "archive_chat", MUM).await;
    assert_eq!(chat(&mut app, MUM).await["archived"], true);
    change(&mut app, "unarchive_chat", MUM).await;
    assert_eq!(chat(&mut app, MUM).await["archived"], false);
}

#[tokio::test]
async fn what_is_cleared_or_deleted_is_gone() {
    let mut app = app::sandbox().linked().await;
    change(&mut app, "clear_chat", MUM).await;
    assert_eq!(chat(&mut app, MUM).await.get("last_message"), None);
    let question = app.questions[0].to_string();
    assert!(question.contains("Mum"), "{question}");
    assert!(question.contains("messages are lost"), "{question}");
    change(&mut app, "delete_chat", MUM).await;
    let result = app.call("get_chat", json!({ "chat": MUM })).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("list_chats"), "{result}");
}
