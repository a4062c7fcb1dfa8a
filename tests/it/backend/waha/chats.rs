//! The list of chats, and one of them.

use wiremock::matchers::{query_param, query_param_is_missing};

use super::*;
use crate::app::{code, text};

const CHATS: &str = "/api/default/chats";
const OVERVIEW: &str = "/api/default/chats/overview";

fn row(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name, "picture": null, "lastMessage": null, "_chat": {} })
}

fn page(offset: &str) -> MockBuilder {
    get(OVERVIEW).and(query_param("offset", offset))
}

fn too_old() -> ResponseTemplate {
    refused(
        404,
        "Cannot GET /api/default/chats/overview?limit=50&offset=0",
    )
}

#[tokio::test]
async fn chats_are_told_with_their_last_messages() {
    let mock = MockServer::start().await;
    let rows = json!([
        row("status@broadcast", "Stories"),
        {
            "id": "15552223333@c.us", "name": "Ann\u{202e}", "picture": "https://x",
            "lastMessage": { "id": "1", "timestamp": 1_600_000_000, "from": "15552223333@c.us", "fromMe": false, "body": "x".repeat(5000) },
            "_chat": { "unreadCount": 0, "archived": true },
        },
        {
            "id": { "_serialized": GROUP }, "name": "Team",
            "lastMessage": { "timestamp": "1600000001", "from": GROUP, "participant": "77@lid", "fromMe": false, "body": "hello" },
            "_chat": { "unreadCount": 3 },
        },
        {
            "id": "15554445555@s.whatsapp.net", "name": null,
            "lastMessage": { "timestamp": { "low": 1_600_000_002, "high": 0 }, "from": "15550001111@c.us", "fromMe": true, "body": "", "hasMedia": true },
            "_chat": { "unreadCount": -1 },
        },
        17,
    ]);
    page("0")
        .and(query_param("limit", "100"))
        .respond_with(reply(200, rows))
        .mount(&mock)
        .await;
    page("100")
        .respond_with(reply(200, json!([])))
        .mount(&mock)
        .await;
    let result = call(&mock, "list_chats", json!({})).await;
    let cut = format!("{}…", "x".repeat(200));
    assert_eq!(
        result["structuredContent"],
        json!({ "chats": [
            {
                "name": "Ann\\u{202e}", "chat": "15552223333@c.us", "unread": 0, "archived": true,
                "last_message": { "text": cut, "from_me": false, "sender": "15552223333@c.us", "at": "2020-09-13T12:26:40Z" },
            },
            {
                "name": "Team", "chat": GROUP, "unread": 3,
                "last_message": { "text": "hello", "from_me": false, "sender": "77@lid", "at": "2020-09-13T12:26:41Z" },
            },
            {
                "chat": "15554445555@c.us", "marked_unread": true,
                "last_message": { "from_me": true, "at": "2020-09-13T12:26:42Z" },
            },
        ] })
    );
}

/// A thousand chats, of which these are unread.
async fn thousand(mock: &MockServer, unread: &'static [usize]) {
    let answer = |request: &Request| {
        let query: std::collections::HashMap<_, _> = request.url.query_pairs().collect();
        let number = |name: &str| query[name].parse::<usize>().unwrap();
        let chat = |n: usize| {
            let inner = json!({ "unreadCount": usize::from(unread.contains(&n)) });
            json!({ "id": format!("1555000{n:04}@c.us"), "name": format!("{n}"), "_chat": inner })
        };
        let (offset, limit) = (number("offset"), number("limit"));
        let rows = (offset..1000.min(offset + limit)).map(chat);
        reply(200, rows.collect::<Vec<_>>().into())
    };
    get(OVERVIEW).respond_with(answer).mount(mock).await;
}

/// The names of a page, its other fields, and how many requests it took.
async fn listed(mock: &MockServer, arguments: Value) -> (Vec<String>, Value, usize) {
    let before = mock.received_requests().await.unwrap().len();
    let result = call(mock, "list_chats", arguments).await;
    let mut page = result["structuredContent"].clone();
    let chats = page.as_object_mut().unwrap().remove("chats").unwrap();
    let names = chats.as_array().unwrap().iter();
    let names = names.map(|chat| chat["name"].as_str().unwrap().to_owned());
    let requests = mock.received_requests().await.unwrap().len() - before;
    (names.collect(), page, requests)
}

#[tokio::test]
async fn a_page_takes_two_requests_at_most_and_is_newest_first() {
    let mock = MockServer::start().await;
    thousand(&mock, &[3, 150]).await;
    let (names, rest, requests) = listed(&mock, json!({ "limit": 5 })).await;
    assert_eq!(names, ["0", "1", "2", "3", "4"]);
    assert_eq!((rest, requests), (json!({ "next_cursor": 5 }), 1));
    let (names, rest, requests) = listed(&mock, json!({ "limit": 100, "cursor": 5 })).await;
    assert_eq!((names[0].as_str(), names.len()), ("5", 100));
    assert_eq!((rest, requests), (json!({ "next_cursor": 105 }), 2));
    let (names, rest, requests) = listed(&mock, json!({ "limit": 5, "cursor": 997 })).await;
    assert_eq!(names, ["997", "998", "999"]);
    assert_eq!((rest, requests), (json!({}), 2));
}

#[tokio::test]
async fn what_is_unread_is_searched_as_far_as_it_takes() {
    let mock = MockServer::start().await;
    thousand(&mock, &[3, 150, 740]).await;
    let unread = |limit: u8| json!({ "limit": limit, "unread_only": true });
    let (names, rest, requests) = listed(&mock, unread(2)).await;
    assert_eq!(names, ["3", "150"]);
    assert_eq!(
        (rest, requests),
        (json!({ "searched": 740, "next_cursor": 740 }), 8)
    );
    let (names, rest, requests) = listed(
        &mock,
        json!({ "limit": 2, "unread_only": true, "cursor": 740 }),
    )
    .await;
    assert_eq!(names, ["740"]);
    assert_eq!((rest, requests), (json!({}), 4));
    let (names, rest, _) = listed(&mock, unread(5)).await;
    assert_eq!(names, ["3", "150", "740"]);
    // A thousand were searched, and it is not known that there are no more.
    assert_eq!(rest, json!({ "searched": 1000, "next_cursor": 1000 }));
}

#[tokio::test]
async fn a_last_message_of_another_chat_is_not_shown() {
    let mock = MockServer::start().await;
    let with = |message: Value| {
        let mut row = row("15552223333@c.us", "Ann");
        row["lastMessage"] = message;
        row
    };
    let key = json!({ "remoteJid": GROUP, "fromMe": false, "id": "3EB0" });
    for (message, is_shown) in [
        (
            json!({ "id": "false_15552223333@c.us_3EB0", "body": "hi" }),
            true,
        ),
        (json!({ "id": "3EB0", "body": "hi" }), true),
        (
            json!({ "id": format!("false_{GROUP}_3EB0_15552223333@c.us"), "body": "hi" }),
            false,
        ),
        (
            json!({ "id": { "_serialized": "false_15554445555@c.us_3EB0" }, "body": "hi" }),
            false,
        ),
        (json!({ "key": key, "body": "hi" }), false),
    ] {
        let mock_row = with(message.clone());
        mock.reset().await;
        page("0")
            .respond_with(reply(200, json!([mock_row])))
            .mount(&mock)
            .await;
        page("100")
            .respond_with(reply(200, json!([])))
            .mount(&mock)
            .await;
        let result = call(&mock, "list_chats", json!({})).await;
        let last = &result["structuredContent"]["chats"][0]["last_message"];
        assert_eq!(last.is_object(), is_shown, "{message}: {result}");
    }
}

#[tokio::test]
async fn a_name_is_searched_through_the_pages() {
    let mock = MockServer::start().await;
    let rows = json!([row("11111111@c.us", "One"), row("22222222@c.us", "Two")]);
    page("0")
        .and(query_param("limit", "100"))
        .respond_with(reply(200, rows))
        .mount(&mock)
        .await;
    let rows = json!([row("33333333@c.us", "Twofold")]);
    page("100")
        .respond_with(reply(200, rows))
        .mount(&mock)
        .await;
    page("200")
        .respond_with(reply(200, json!([])))
        .expect(1)
        .mount(&mock)
        .await;
    let result = call(&mock, "list_chats", json!({ "query": "tWo" })).await;
    let chats = result["structuredContent"]["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 2, "{result}");
    assert_eq!(result["structuredContent"].get("next_cursor"), None);
}

#[tokio::test]
async fn a_list_that_never_ends_is_left_off() {
    let mock = MockServer::start().await;
    get(OVERVIEW)
        .respond_with(reply(200, json!([row("11111111@c.us", "One")])))
        .expect(20)
        .mount(&mock)
        .await;
    // A chat that moved to a later page is listed once.
    let chat = json!({ "name": "One", "chat": "11111111@c.us" });
    for (query, chats) in [("nobody", json!([])), ("one", json!([chat]))] {
        let result = call(&mock, "list_chats", json!({ "query": query })).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "chats": chats, "searched": 1000, "next_cursor": 1000 })
        );
    }
}

#[tokio::test]
async fn an_old_server_lists_its_chats_another_way() {
    let mock = MockServer::start().await;
    get(OVERVIEW).respond_with(too_old()).mount(&mock).await;
    let rows = json!([
        { "id": "11111111@c.us", "name": "Older", "conversationTimestamp": 1_600_000_000, "unreadCount": 0 },
        { "id": "22222222@c.us", "name": "Newer", "conversationTimestamp": { "low": 1_700_000_000 }, "unreadCount": 0 },
    ]);
    get(CHATS)
        .and(query_param_is_missing("limit"))
        .respond_with(reply(200, rows))
        .mount(&mock)
        .await;
    let result = call(&mock, "list_chats", json!({ "limit": 1 })).await;
    let told = &result["structuredContent"];
    assert_eq!(told["chats"][0]["name"], "Newer");
    assert_eq!(told["next_cursor"], 1);
    let result = call(&mock, "get_chat", json!({ "chat": "11111111" })).await;
    assert_eq!(result["structuredContent"]["name"], "Older");
}

#[tokio::test]
async fn one_chat_is_asked_for_by_its_id() {
    let mock = MockServer::start().await;
    get(OVERVIEW)
        .and(query_param("ids", GROUP))
        .and(query_param("limit", "1"))
        .respond_with(reply(200, json!([row(GROUP, "Team")])))
        .expect(1)
        .mount(&mock)
        .await;
    let result = call(&mock, "get_chat", json!({ "chat": GROUP })).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "name": "Team", "chat": GROUP })
    );
}

#[tokio::test]
async fn a_filter_that_is_not_known_is_noticed() {
    let mock = MockServer::start().await;
    get(OVERVIEW)
        .respond_with(reply(200, json!([row("11111111@c.us", "One")])))
        .mount(&mock)
        .await;
    get(CHATS)
        .respond_with(reply(200, json!([row(GROUP, "Team")])))
        .mount(&mock)
        .await;
    let result = call(&mock, "get_chat", json!({ "chat": GROUP })).await;
    assert_eq!(result["structuredContent"]["name"], "Team");
}

#[tokio::test]
async fn what_cannot_be_told_is_a_refusal() {
    for (answer, expected, said) in [
        (reply(200, json!([])), "backend-refused", "knows no chat"),
        (wrong_state("STOPPED"), "backend-refused", "STOPPED"),
        (empty(200), "backend-unreadable", "a list of chats"),
        (
            refused(422, "The method is not implemented by the engine."),
            "backend-refused",
            "another engine",
        ),
    ] {
        let mock = MockServer::start().await;
        get(OVERVIEW).respond_with(answer).mount(&mock).await;
        let result = call(&mock, "get_chat", json!({ "chat": GROUP })).await;
        assert_eq!(code(&result), expected);
        assert!(text(&result).contains(said), "{result}");
    }
}
