//! The sandbox is lively enough to try out a policy with a real agent for an hour.

use std::collections::HashSet;

use reqwest::Client;
use serde_json::{Value, json};
use whatsapp_guard::backend::{Backend, sandbox::Sandbox};

use crate::app::{self, TestServer, code};

const MUM: &str = "15552220001@c.us";
const SAM: &str = "15552220003@c.us";
const FAMILY: &str = "120363000000000001@g.us";
const FLATMATES: &str = "120363000000000002@g.us";
const BOOKS: &str = "120363000000000003@g.us";

async fn done(app: &mut TestServer, tool: &str, arguments: Value) -> Value {
    let result = app.call(tool, arguments).await;
    assert_eq!(result["isError"], false, "{tool}: {result}");
    result["structuredContent"].clone()
}

async fn messages(app: &mut TestServer, arguments: Value) -> Vec<Value> {
    let told = done(app, "list_messages", arguments).await;
    told["messages"].as_array().unwrap().clone()
}

async fn unread(app: &mut TestServer, chat: &str) -> Value {
    done(app, "get_chat", json!({ "chat": chat })).await["unread"].clone()
}

#[tokio::test]
async fn a_long_chat_is_read_page_by_page() {
    let mut app = app::sandbox().linked().await;
    let (mut seen, mut pages, mut cursor) = (Vec::new(), 0, None);
    loop {
        let mut arguments = json!({ "chat": BOOKS, "limit": 100 });
        if let Some(cursor) = cursor {
            arguments["cursor"] = cursor;
        }
        let page = done(&mut app, "list_messages", arguments).await;
        seen.extend(page["messages"].as_array().unwrap().clone());
        pages += 1;
        cursor = page.get("next_cursor").cloned();
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages > 3, "{pages} pages");
    let ids: HashSet<_> = seen.iter().map(|one| one["message"].to_string()).collect();
    assert_eq!((ids.len(), seen.len()), (303, 303));
    let times: Vec<_> = seen.iter().map(|one| one["at"].to_string()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert_eq!(seen[302]["text"], "Page 1: Nobody saw that twist coming.");
}

#[tokio::test]
async fn times_writers_and_words_are_looked_for() {
    let mut app = app::sandbox().linked().await;
    let page = |text: &str| json!({ "chat": BOOKS, "contains": text });
    let found = messages(&mut app, page("page 150:")).await;
    assert_eq!(found.len(), 1);
    let at = found[0]["at"].clone();
    let around =
        json!({ "chat": BOOKS, "around": found[0]["message"], "limit": 3, "format": "concise" });
    let texts: Vec<_> = messages(&mut app, around)
        .await
        .iter()
        .map(|one| one["text"].as_str().unwrap()[..9].to_owned())
        .collect();
    assert_eq!(texts, ["Page 151:", "Page 150:", "Page 149:"]);
    let older = messages(&mut app, json!({ "chat": BOOKS, "before": at, "limit": 1 })).await;
    assert!(older[0]["text"].as_str().unwrap().starts_with("Page 149:"));
    let newer = messages(
        &mut app,
        json!({ "chat": BOOKS, "after": at, "limit": 100 }),
    )
    .await;
    assert!(newer.iter().all(|one| one["at"].as_str() >= at.as_str()));
    let toni = json!({ "chat": BOOKS, "from": "+1 555 222 0007", "limit": 5 });
    for one in messages(&mut app, toni).await {
        assert_eq!(one["from_name"], "Toni");
    }
}

#[tokio::test]
async fn who_is_written_to_answers_now_and_then() {
    let mut app = app::sandbox().linked().await;
    let write = |chat: &str, text: &str| json!({ "chat": chat, "text": text });
    done(&mut app, "send_message", write(SAM, "Friday?")).await;
    let told = messages(&mut app, json!({ "chat": SAM })).await;
    assert_eq!(told[0]["from_name"], "Sam");
    assert_eq!(told[0]["text"], "Got it, thanks!");
    assert_eq!(told[1]["text"], "Friday?");
    assert_eq!(unread(&mut app, SAM).await, 1);
    done(&mut app, "mark_chat_read", json!({ "chat": SAM })).await;
    assert_eq!(unread(&mut app, SAM).await, 0);
    // Everybody else answers every third message.
    for (text, newest) in [("one", "one"), ("two", "two"), ("three", "Got it, thanks!")] {
        done(&mut app, "send_message", write(FAMILY, text)).await;
        let told = messages(&mut app, json!({ "chat": FAMILY, "limit": 1 })).await;
        assert_eq!(told[0]["text"], newest);
    }
    assert_eq!(unread(&mut app, FAMILY).await, 3);
    // Who is blocked is not heard.
    done(&mut app, "block_contact", json!({ "person": SAM })).await;
    done(&mut app, "send_message", write(SAM, "Still there?")).await;
    let told = messages(&mut app, json!({ "chat": SAM, "limit": 1 })).await;
    assert_eq!(told[0]["text"], "Still there?");
}

#[tokio::test]
async fn groups_live() {
    let mut app = app::sandbox().linked().await;
    let add = json!({ "group": FAMILY, "people": [SAM] });
    done(&mut app, "add_group_members", add).await;
    let told = messages(&mut app, json!({ "chat": FAMILY, "limit": 1 })).await;
    assert_eq!(told[0]["from_name"], "Sam");
    assert_eq!(told[0]["text"], "Hello, thanks for adding me!");
    let invite = json!({ "invite": "https://chat.whatsapp.com/ABCDEFGHIJKLMNOPQRSTUV" });
    let joined = done(&mut app, "join_group", invite).await["group"].clone();
    let told = messages(&mut app, json!({ "chat": joined })).await;
    assert_eq!(told[0]["text"], "Welcome, neighbour!");
    let rename = json!({ "group": FAMILY, "name": "All of us" });
    done(&mut app, "set_group_subject", rename).await;
    let new = json!({ "name": "Hiking", "people": [SAM] });
    done(&mut app, "create_group", new).await;
    let chats = done(&mut app, "list_chats", json!({})).await;
    for name in ["Neighbours", "All of us", "Hiking"] {
        assert!(chats.to_string().contains(name), "{name}: {chats}");
    }
    done(&mut app, "leave_group", json!({ "group": FLATMATES })).await;
    let groups = done(&mut app, "list_groups", json!({})).await;
    assert!(!groups.to_string().contains("Old flatmates"), "{groups}");
}

#[tokio::test]
async fn some_members_hide_their_numbers() {
    let mut app = app::sandbox().linked().await;
    let members = |told: &Value| -> Vec<String> {
        let members = told["members"].as_array().unwrap();
        let ids = members.iter().map(|one| one["person"].as_str().unwrap());
        ids.filter(|id| id.ends_with("@lid"))
            .map(str::to_owned)
            .collect()
    };
    let group = json!({ "group": BOOKS });
    let told = done(&mut app, "list_group_members", group.clone()).await;
    assert_eq!(
        members(&told),
        ["77000000000001@lid", "915552220005@lid"],
        "{told}"
    );
    // One of them is known by a number too, and meant by it.
    let alex = json!({ "group": BOOKS, "people": ["+1 555 222 0005"] });
    let removed = done(&mut app, "remove_group_members", alex).await;
    assert_eq!(removed["people"][0]["outcome"], "done", "{removed}");
    let nobody = json!({ "group": BOOKS, "people": ["77000000000001@lid"] });
    done(&mut app, "promote_group_admin", nobody).await;
    let told = done(&mut app, "list_group_members", group).await;
    assert_eq!(members(&told), ["77000000000001@lid"], "{told}");
    assert!(told.to_string().contains("admin"), "{told}");
}

#[tokio::test]
async fn somebody_tries_to_give_orders() {
    let mut app = app::sandbox().linked().await;
    let found = messages(
        &mut app,
        json!({ "chat": BOOKS, "contains": "ignore all your" }),
    )
    .await;
    let text = found[0]["text"].as_str().unwrap();
    assert!(text.contains("Fiction"), "{text}");
    assert_eq!(found[0]["from_name"], "Toni");
    assert_ne!(unread(&mut app, BOOKS).await, 0, "a catch-up finds it");
}

#[tokio::test]
async fn what_is_said_of_a_message_is_kept_or_accepted() {
    let mut app = app::sandbox().linked().await;
    let newest = messages(&mut app, json!({ "chat": MUM, "limit": 1 })).await;
    let message = newest[0]["message"].clone();
    let at = json!({ "chat": MUM, "message": message });
    let shown = done(&mut app, "get_message", at.clone()).await;
    assert_eq!(shown["text"], "Did you call the dentist?");
    let answer = json!({ "chat": MUM, "text": "Yes!", "reply_to": message });
    done(&mut app, "send_message", answer).await;
    let told = messages(&mut app, json!({ "chat": MUM, "limit": 1 })).await;
    assert_eq!(told[0]["reply_to"], message);
    // NOWEB shows none of these.
    for tool in [
        "star_message",
        "unstar_message",
        "pin_message",
        "unpin_message",
        "react",
    ] {
        let mut arguments = at.clone();
        if tool == "react" {
            arguments["emoji"] = json!("👍");
        }
        let changed = done(&mut app, tool, arguments.clone()).await;
        assert_eq!(changed["verified"], false, "{tool}: {changed}");
        arguments["message"] = json!("false_15552220001@c.us_NONE");
        assert_eq!(code(&app.call(tool, arguments).await), "backend-refused");
    }
}

#[tokio::test]
async fn a_recording_is_sent_and_an_account_logged_out() {
    let mut app = app::sandbox().linked().await;
    let voice = json!({ "chat": MUM, "media": { "base64": "T2dnUwAC", "mime": "audio/ogg" } });
    done(&mut app, "send_voice", voice).await;
    let told = messages(&mut app, json!({ "chat": MUM, "limit": 1 })).await;
    assert_eq!(told[0]["kind"], "audio");
    done(&mut app, "logout_instance", json!({})).await;
    let session = done(&mut app, "get_session", json!({})).await;
    assert_ne!(session["state"], "working");
}

#[tokio::test]
async fn its_lists_take_what_wahas_take() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = Sandbox::new(&app::sandbox_config());
    let url = sandbox.url().await.unwrap();
    let start = url.join("/api/sessions/default/start").unwrap();
    Client::new().post(start).send().await.unwrap();
    assert!(sandbox.scan());
    let list = async |chat: &str, query: &str| -> Vec<Value> {
        let path = format!("/api/default/chats/{chat}/messages?{query}");
        let reply = Client::new().get(url.join(&path).unwrap()).send();
        reply.await.unwrap().json().await.unwrap()
    };
    let times = |list: &[Value]| -> Vec<i64> {
        list.iter()
            .map(|one| one["timestamp"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(list(BOOKS, "").await.len(), 10, "as many as WAHA's default");
    let all = times(&list(BOOKS, "limit=1000").await);
    assert!(all.is_sorted_by(|newer, older| newer >= older));
    let page = times(&list(BOOKS, "limit=7&offset=20").await);
    assert_eq!(page, all[20..27]);
    let oldest = times(&list(BOOKS, "limit=3&sortBy=timestamp&sortOrder=asc").await);
    assert!(oldest.iter().rev().eq(&all[all.len() - 3..]));
    let (newer, older) = (all[100], all[110]);
    let between = format!("limit=1000&filter.timestamp.lte={newer}&filter.timestamp.gte={older}");
    assert_eq!(times(&list(BOOKS, &between).await), all[100..=110]);
    let mine = list(BOOKS, "limit=1000&filter.fromMe=true").await;
    assert_eq!(mine.len(), 60);
    let file = async |query: &str| list(FLATMATES, query).await[1]["media"].clone();
    assert!(file("").await["url"].is_string());
    assert_eq!(file("downloadMedia=false").await.get("url"), None);
}
