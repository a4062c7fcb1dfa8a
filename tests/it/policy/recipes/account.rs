//! An account on WAHA, in the shapes of WAHA 2026.4.1 (NOWEB), and on GREEN-API.

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::app::{self, TestServer};

pub const ANNA: &str = "15552220001@c.us";
pub const BOB: &str = "15552220002@c.us";
pub const TEAM: &str = "120363025246125486@g.us";
pub const OTHER: &str = "120363025246125487@g.us";
/// When Anna wrote last, in seconds.
const WROTE: i64 = 1_795_784_113;

pub const APIS: [&str; 2] = ["waha", "green-api"];

/// A server with this policy, an hour after Anna has written. Bob is called Therapist.
pub async fn start(api: &str, policy: &str) -> (TestServer, MockServer) {
    let mock = MockServer::start().await;
    let found = if api == "waha" { waha } else { green_api };
    let answer = move |request: &Request| match found(request) {
        Some(body) => ResponseTemplate::new(200).set_body_json(body),
        None => ResponseTemplate::new(404).set_body_json(json!({ "message": "not found" })),
    };
    Mock::given(any()).respond_with(answer).mount(&mock).await;
    let builder = match api {
        "waha" => app::waha(&mock),
        _ => app::green_api(&mock),
    };
    let app = builder.policy(policy).start().await;
    let at = Timestamp::from_second(WROTE + 3600).unwrap();
    app.hand.set_wall(at);
    (app, mock)
}

/// `done`, or the code of the refusal or the error.
pub async fn outcome(app: &mut TestServer, tool: &str, arguments: Value) -> String {
    let result = app.call(tool, arguments).await;
    match result["isError"] == true {
        true => app::code(&result).to_owned(),
        false => "done".to_owned(),
    }
}

/// How many requests would have sent a message.
pub async fn sent(mock: &MockServer) -> usize {
    let all = mock.received_requests().await.unwrap();
    let of = |one: &&Request| one.url.path().contains("/send");
    all.iter().filter(of).count()
}

fn waha(request: &Request) -> Option<Value> {
    let path = request.url.path().replace("%40", "@");
    let segments: Vec<&str> = path.trim_start_matches("/api/").split('/').collect();
    let message = |chat: &str, author: &str| {
        let suffix = if chat == TEAM {
            format!("_{author}")
        } else {
            String::new()
        };
        json!({
            "id": format!("false_{chat}_3EB0SEED000010{suffix}"), "timestamp": WROTE, "from": chat,
            "fromMe": false, "source": "app", "body": "hello 1.0", "hasMedia": false, "media": null,
            "ack": -1, "ackName": "ERROR", "location": null, "vCards": null, "replyTo": null,
            "participant": author, "_data": { "pushName": "push1" },
        })
    };
    let offset = request.url.query_pairs().find(|(key, _)| key == "offset");
    let is_first = offset.is_none_or(|(_, from)| from == "0");
    Some(match segments.as_slice() {
        ["contacts", "all"] => json!([
            { "id": ANNA, "lid": "910000000000001@lid", "name": "Person 1", "pushname": "push1" },
            { "id": BOB, "lid": "910000000000002@lid", "name": "Therapist", "pushname": "push2" },
        ]),
        [_, "chats", "overview"] if !is_first => json!([]),
        [_, "chats", "overview"] => {
            let ids = request.url.query_pairs().find(|(key, _)| key == "ids");
            let chats = [
                (ANNA, "Person 1"),
                (BOB, "Therapist"),
                (TEAM, "Team"),
                (OTHER, "Other"),
            ];
            let chats = chats
                .iter()
                .filter(|(id, _)| ids.as_ref().is_none_or(|(_, wanted)| wanted == id));
            chats.map(|(id, name)| json!({ "id": id, "name": name, "lastMessage": message(id, ANNA) })).collect()
        }
        [_, "chats", id, "messages"] if [ANNA, TEAM].contains(id) => json!([message(id, ANNA)]),
        [_, "chats", _, "messages"] => json!([]),
        [_, "groups"] => {
            json!([{ "id": TEAM, "subject": "Team" }, { "id": OTHER, "subject": "Other" }])
        }
        [_, "groups", id, "participants", ..] if *id == TEAM => json!([
            { "id": ANNA, "role": "participant" }, { "id": BOB, "role": "admin" },
        ]),
        ["sessions", "default"] => json!({
            "name": "default", "status": "WORKING", "me": { "id": "15550001111@c.us" },
            "engine": { "engine": "NOWEB" },
        }),
        ["server", "version"] => {
            json!({ "version": "2026.4.1", "engine": "NOWEB", "tier": "CORE" })
        }
        ["sendText"] => {
            let body: Value = request.body_json().ok()?;
            json!({ "id": format!("true_{}_3EB0AA", body["chatId"].as_str()?), "ack": 1 })
        }
        _ => return None,
    })
}

fn green_api(request: &Request) -> Option<Value> {
    let method = request.url.path_segments()?.nth(1)?;
    let body: Value = request.body_json().unwrap_or_default();
    Some(match method {
        "getStateInstance" => json!({ "stateInstance": "authorized" }),
        "getSettings" => json!({ "wid": "15550001111@c.us" }),
        "getContacts" => json!([
            { "id": ANNA, "name": "push1", "contactName": "Person 1", "type": "user" },
            { "id": BOB, "name": "push2", "contactName": "Therapist", "type": "user" },
            { "id": TEAM, "name": "Team", "type": "group" },
            { "id": OTHER, "name": "Other", "type": "group" },
        ]),
        "getChats" => json!(
            [ANNA, BOB, TEAM, OTHER].map(|id| json!({ "id": id, "name": id, "archive": false }))
        ),
        "getChatHistory" if [ANNA, TEAM].contains(&body["chatId"].as_str()?) => json!([{
            "type": "incoming", "idMessage": "3EB0", "timestamp": WROTE, "typeMessage": "textMessage",
            "chatId": body["chatId"], "senderId": ANNA, "senderName": "push1", "textMessage": "hello",
        }]),
        "getChatHistory" => json!([]),
        "getGroupData" => json!({
            "groupId": TEAM, "subject": "Team",
            "participants": [{ "id": ANNA, "isAdmin": false }, { "id": BOB, "isAdmin": true }],
        }),
        "sendMessage" => json!({ "idMessage": "3EB0AA" }),
        _ => return None,
    })
}
