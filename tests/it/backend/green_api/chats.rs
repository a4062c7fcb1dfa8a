//! Looking at chats, marking and archiving them.

use super::*;

const CHAT: &str = "15552223333@c.us";

async fn chats(mock: &MockServer, archived: bool) {
    let body = json!([
        { "id": CHAT, "name": "Ann\u{202e}", "type": "user", "archive": archived, "ephemeralExpiration": 0 },
        { "id": GROUP, "name": "Team", "type": "group", "archive": false },
        { "id": "status@broadcast", "name": "Stories" },
        17,
    ]);
    get(mock, "getChats", json_body(body)).await;
}

async fn change(mock: &MockServer, method_is: &str, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address(method_is)))
        .and(body_json(json!({ "chatId": CHAT })))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
}

async fn tool(mock: &MockServer, name: &str) -> Value {
    call(mock, name, json!({ "chat": "+1 555 222 3333" })).await
}

#[tokio::test]
async fn chats_are_told() {
    let mock = MockServer::start().await;
    chats(&mock, true).await;
    let result = call(&mock, "list_chats", json!({ "limit": 1 })).await;
    let ann = json!({ "name": "Ann\\u{202e}", "chat": CHAT, "archived": true });
    assert_eq!(
        result["structuredContent"],
        json!({ "chats": [ann], "next_cursor": 1 })
    );
    let result = call(&mock, "list_chats", json!({ "query": "team" })).await;
    let team = json!({ "name": "Team", "chat": GROUP, "archived": false });
    assert_eq!(result["structuredContent"], json!({ "chats": [team] }));
    assert_eq!(tool(&mock, "get_chat").await["structuredContent"], ann);
}

#[tokio::test]
async fn a_page_takes_one_request_and_what_is_unread_is_not_known() {
    let mock = MockServer::start().await;
    let chat = |n: usize| json!({ "id": format!("1555000{n:04}@c.us"), "name": format!("{n}") });
    let all: Vec<_> = (0..1000).map(chat).collect();
    get(&mock, "getChats", json_body(all.into())).await;
    let result = call(&mock, "list_chats", json!({ "limit": 5 })).await;
    let page = &result["structuredContent"];
    assert_eq!(page["chats"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&page["next_cursor"], &page["searched"]),
        (&json!(5), &Value::Null)
    );
    assert_eq!(mock.received_requests().await.unwrap().len(), 1);
    let result = call(&mock, "list_chats", json!({ "unread_only": true })).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(reason(&result).contains("unread"), "{result}");
    assert_eq!(mock.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_list_of_chats_is_told() {
    let mock = MockServer::start().await;
    get(&mock, "getChats", json_body(json!({}))).await;
    let result = call(&mock, "list_chats", json!({})).await;
    assert_eq!(code(&result), "backend-unreadable");
    let mock = MockServer::start().await;
    get(&mock, "getChats", json_body(json!([]))).await;
    let result = tool(&mock, "get_chat").await;
    assert_eq!(code(&result), "backend-refused");
    assert!(reason(&result).contains("knows no chat"), "{result}");
}

#[tokio::test]
async fn reading_is_accepted_and_cannot_be_looked_at() {
    for (answer, told) in [
        (json_body(json!({ "setRead": true })), "accepted"),
        (json_body(json!({})), "unknown"),
        (ResponseTemplate::new(502), "unknown"),
    ] {
        let mock = MockServer::start().await;
        change(&mock, "readChat", answer).await;
        let result = tool(&mock, "mark_chat_read").await;
        assert_eq!(outcome(&result), told);
        assert_eq!(result["structuredContent"]["verified"], false);
        assert_eq!(result["isError"], told == "unknown");
    }
    let mock = MockServer::start().await;
    change(&mock, "readChat", json_body(json!({ "setRead": false }))).await;
    let result = tool(&mock, "mark_chat_read").await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn archiving_is_looked_at() {
    for (name, method, archived, told) in [
        ("archive_chat", "archiveChat", true, "done"),
        ("archive_chat", "archiveChat", false, "accepted"),
        ("unarchive_chat", "unarchiveChat", false, "done"),
        ("unarchive_chat", "unarchiveChat", true, "accepted"),
    ] {
        let mock = MockServer::start().await;
        chats(&mock, archived).await;
        change(&mock, method, ResponseTemplate::new(200)).await;
        let result = tool(&mock, name).await;
        assert_eq!(outcome(&result), told, "{name}");
        assert_eq!(result["structuredContent"]["verified"], told == "done");
        assert_eq!(result["isError"], false);
    }
}

#[tokio::test]
async fn archiving_may_be_refused() {
    for answer in [
        json_body(json!({ "archive": false })),
        json_body(json!({ "message": "no such chat" })),
        json_body(json!(false)),
        refused(400, "Validation failed. Details: 'chatId' is odd"),
    ] {
        let mock = MockServer::start().await;
        chats(&mock, false).await;
        change(&mock, "archiveChat", answer).await;
        let result = tool(&mock, "archive_chat").await;
        assert_eq!(code(&result), "backend-refused");
    }
    for (answer, known) in [
        (ResponseTemplate::new(504), Ok("unknown")),
        (refused(500, "broken"), Err("outcome-unknown")),
    ] {
        let mock = MockServer::start().await;
        chats(&mock, false).await;
        change(&mock, "archiveChat", answer).await;
        let result = tool(&mock, "archive_chat").await;
        match known {
            Ok(known) => assert_eq!(outcome(&result), known),
            Err(known) => assert_eq!(code(&result), known),
        }
    }
}
