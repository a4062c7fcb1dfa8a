//! WAHA and GREEN-API as a recipe meets them.

use std::path::Path;

use serde_json::{Value, json};
use whatsapp_guard::media::MediaRules;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, method, path, path_regex},
};

use crate::app::{
    self, Person, TestServer, code,
    command::{CommandOutput, run_with_files},
    working_waha::answer_the_rest,
};

/// Somebody who has a chat with the account already.
pub const KNOWN: &str = "15552220009@c.us";
/// When that person wrote, in seconds: 2026-11-20, 10:00 UTC.
const WROTE_AT: i64 = 1_795_168_800;
pub const GROUP: &str = "120363025246125486@g.us";

/// A server on one of the APIs.
pub struct World {
    pub app: TestServer,
    mock: MockServer,
}

/// A recipe with its cases.
pub struct Recipe {
    pub policy: &'static str,
    pub cases: &'static str,
}

impl Recipe {
    /// Checks that `check` finds nothing and that the cases hold.
    pub fn holds(&self) {
        let files = [("recipe.toml", self.policy), ("cases.toml", self.cases)];
        let quiet = |ran: CommandOutput| assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
        quiet(run_with_files(
            &files,
            &["check", "recipe.toml", "--deny-warnings"],
        ));
        quiet(run_with_files(
            &files,
            &["test", "cases.toml", "--policy", "recipe.toml"],
        ));
    }

    /// A server with the recipe on each of the APIs. The outbox is for files.
    pub async fn worlds(&self, person: Person, outbox: Option<&Path>) -> [World; 2] {
        let media = || MediaRules::new(outbox.map(Path::to_owned), 1 << 24);
        let (waha, green_api) = (waha().await, green_api().await);
        let servers = [
            app::waha_with_media(&waha, media()),
            app::green_api_with_media(&green_api, media()),
        ];
        let [first, second] =
            servers.map(|server| server.person(person.clone()).policy(self.policy));
        [
            World {
                app: first.start().await,
                mock: waha,
            },
            World {
                app: second.start().await,
                mock: green_api,
            },
        ]
    }
}

impl World {
    /// What comes of a call: `done`, or the code of the refusal.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.app.call(tool, arguments).await;
        match result["isError"] == true {
            true => code(&result).to_owned(),
            false => "done".to_owned(),
        }
    }

    /// What comes of a message.
    pub async fn send(&mut self, chat: &str, text: &str) -> String {
        self.call("send_message", json!({ "chat": chat, "text": text }))
            .await
    }

    /// How many requests sent something: a message, a file, a leave.
    pub async fn changes(&self) -> usize {
        let requests = self.mock.received_requests().await.unwrap();
        let is_change = |request: &&Request| {
            let path = request.url.path();
            let words = [
                "/send",
                "/leave",
                "/forwardMessage",
                "/reaction",
                "/editMessage",
            ];
            words.iter().any(|word| path.contains(word)) && !path.contains("/sendSeen")
        };
        requests.iter().filter(is_change).count()
    }

    /// Sets the time of day.
    pub fn at(&self, time: &str) {
        self.app.hand.set_wall(time.parse().unwrap());
    }
}

async fn waha() -> MockServer {
    let mock = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/default/chats/overview"))
        .respond_with(|request: &Request| {
            let first = request
                .url
                .query_pairs()
                .any(|(key, from)| key == "offset" && from == "0");
            let chats = match first {
                true => json!([{ "id": KNOWN, "name": "x" }]),
                false => json!([]),
            };
            ResponseTemplate::new(200).set_body_json(chats)
        })
        .mount(&mock)
        .await;
    Mock::given(method("GET"))
        .and(path_regex("/chats/[^/]+/messages$"))
        .respond_with(|request: &Request| {
            let message = json!([{
                "id": format!("false_{KNOWN}_3EB0AB"), "timestamp": WROTE_AT, "from": KNOWN,
                "fromMe": false, "body": "hello", "hasMedia": false,
            }]);
            let is_known = request.url.path().replace("%40", "@").contains(KNOWN);
            let messages = if is_known { message } else { json!([]) };
            ResponseTemplate::new(200).set_body_json(messages)
        })
        .mount(&mock)
        .await;
    let group = json!({ "id": GROUP, "subject": "Team" });
    let groups = ResponseTemplate::new(200).set_body_json(json!({ GROUP: group }));
    Mock::given(method("GET"))
        .and(path("/api/default/groups"))
        .respond_with(groups)
        .mount(&mock)
        .await;
    let members = json!([{ "id": "15550001111@c.us", "role": "participant" }]);
    Mock::given(method("GET"))
        .and(path_regex("/participants/v2$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(members))
        .mount(&mock)
        .await;
    for at in [
        "/leave$",
        "/typing$|/startTyping$|/presence$|/messages/read$",
    ] {
        Mock::given(method("POST"))
            .and(path_regex(at))
            .respond_with(ResponseTemplate::new(201).set_body_json(json!({})))
            .mount(&mock)
            .await;
    }
    answer_the_rest(&mock).await;
    mock
}

async fn green_api() -> MockServer {
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(|request: &Request| {
            let mut parts = request.url.path_segments().unwrap();
            let answer = match parts.nth(1).unwrap_or_default() {
                "getStateInstance" => json!({ "stateInstance": "authorized" }),
                "getSettings" => json!({ "wid": "15550001111@c.us" }),
                "getWaSettings" => json!({ "stateInstance": "authorized", "phone": "15550001111" }),
                "getChatHistory" if request.body_json::<Value>().unwrap()["chatId"] == KNOWN => json!([{
                    "type": "incoming", "idMessage": "3EB0", "timestamp": WROTE_AT, "chatId": KNOWN,
                    "typeMessage": "textMessage", "textMessage": "hello", "isDeleted": false,
                }]),
                "getChatHistory" => json!([]),
                "getChats" => json!([{ "id": KNOWN, "name": "x", "type": "user" }]),
                "getContacts" => json!([{ "id": GROUP, "name": "Team", "type": "group" }]),
                "getGroupData" => json!({
                    "groupId": GROUP, "subject": "Team", "owner": "15550001111@c.us",
                    "participants": [{ "id": "15550001111@c.us", "isAdmin": false, "isSuperAdmin": false }],
                }),
                "getMessage" => json!({
                    "type": "outgoing", "idMessage": "3EB0C767D097B7C7C030", "statusMessage": "sent",
                }),
                "leaveGroup" => json!({ "leaveGroup": true }),
                "readChat" => json!({ "setRead": true }),
                name if name.starts_with("send") => json!({ "idMessage": "3EB0C767D097B7C7C030" }),
                _ => json!({}),
            };
            ResponseTemplate::new(200).set_body_json(answer)
        })
        .mount(&mock)
        .await;
    mock
}
