//! The presets of `init`, each on a real server, on WAHA and on GREEN-API.

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::app::{self, Person, SECRET, TestServer, code};

const LISTED: &str = "+15551230000";
const STRANGER: &str = "+15552220001";
/// A Saturday at noon, in Berlin.
const NOON: &str = "2026-11-21T11:00:00Z";
const NIGHT: &str = "2026-11-21T22:30:00Z";
const FRIDAY: &str = "2026-11-20T11:00:00Z";
const FRIDAY_EVENING: &str = "2026-11-20T17:00:00Z";
/// Who wrote an hour before [`NOON`], and nobody else did.
const WRITER: &str = "+15551230009";
const WROTE_AT: u64 = 1_795_255_200;

/// What the session, the chats and the messages of a working account look like.
pub fn answer(request: &Request) -> ResponseTemplate {
    let path = request.url.path();
    let body: Value = request.body_json().unwrap_or_default();
    let chat = body["chatId"].as_str().unwrap_or("15551230000@c.us");
    let last = path.trim_end_matches(&format!("/{SECRET}"));
    let last = last.rsplit('/').next().unwrap();
    let wrote = |fields: Value| match request.url.as_str().contains("15551230009")
        || chat.contains("15551230009")
    {
        true => json!([fields]),
        false => json!([]),
    };
    let answer = match (request.method.as_str(), last) {
        // WAHA
        ("GET", "version") => json!({ "version": "2026.7.1", "engine": "GOWS", "tier": "PLUS" }),
        ("GET", "default") => json!({
            "name": "default", "status": "WORKING", "me": { "id": "15550001111@c.us" },
            "engine": { "engine": "GOWS" },
        }),
        ("GET", "overview" | "groups" | "all" | "lids") => json!([]),
        ("GET", "messages") => wrote(json!({
            "id": "false_15551230009@c.us_3EB0BB", "timestamp": WROTE_AT, "fromMe": false,
            "from": "15551230009@c.us", "body": "Will you come?", "hasMedia": false,
        })),
        ("POST", "sendText") => json!({ "id": format!("true_{chat}_3EB0AA"), "ack": 1 }),
        // GREEN-API
        (_, "getStateInstance") => json!({ "stateInstance": "authorized" }),
        (_, "getSettings") => json!({ "wid": "15550001111@c.us" }),
        (_, "sendMessage") => json!({ "idMessage": "3EB0AA" }),
        (_, "getMessage") => json!({
            "type": "outgoing", "idMessage": "3EB0AA", "statusMessage": "sent", "chatId": chat,
        }),
        (_, "getChats" | "getContacts") => json!([]),
        (_, "getChatHistory") => wrote(json!({
            "type": "incoming", "idMessage": "3EB0BB", "timestamp": WROTE_AT, "chatId": chat,
            "typeMessage": "textMessage", "textMessage": "Will you come?", "isDeleted": false,
        })),
        _ => return ResponseTemplate::new(404),
    };
    ResponseTemplate::new(200).set_body_json(answer)
}

/// How often something was sent.
pub async fn sends(mock: &MockServer) -> usize {
    let requests = mock.received_requests().await.unwrap();
    let is_send = |one: &&Request| {
        let path = one.url.path();
        path.ends_with("/sendText") || path.contains("/sendMessage/")
    };
    requests.iter().filter(is_send).count()
}

/// What came of a call: `done`, or the code; and whether a person was asked.
async fn call(app: &mut TestServer, tool: &str, arguments: Value) -> String {
    let before = app.questions.len();
    let result = app.call(tool, arguments).await;
    let outcome = match result["isError"] == true {
        true => code(&result).to_owned(),
        false => "done".to_owned(),
    };
    match app.questions.len() > before {
        true => format!("asked, {outcome}"),
        false => outcome,
    }
}

/// Runs calls under a preset on both APIs: each with what comes of it, and how many sends
/// there are in the end.
async fn runs(preset: &str, at: &str, person: Person, calls: &[(&str, Value, &str)], sent: usize) {
    let path = format!(
        "{}/examples/policies/{preset}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let policy = std::fs::read_to_string(path).unwrap();
    for is_waha in [true, false] {
        let mock = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&mock).await;
        let server = match is_waha {
            true => app::waha(&mock),
            false => app::green_api(&mock),
        };
        let mut app = server.policy(&policy).person(person.clone()).start().await;
        app.hand.set_wall(at.parse().unwrap());
        for (tool, arguments, outcome) in calls {
            let came = call(&mut app, tool, arguments.clone()).await;
            assert_eq!(
                came, *outcome,
                "{preset}, WAHA: {is_waha}, {tool} {arguments}"
            );
        }
        assert_eq!(sends(&mock).await, sent, "{preset}, WAHA: {is_waha}");
    }
}

fn text(chat: &str) -> Value {
    json!({ "chat": chat, "text": "Hi" })
}

#[tokio::test]
async fn read_only_reads_and_sends_nothing() {
    let calls = [
        ("get_session", json!({}), "done"),
        ("open_session", json!({}), "done"),
        ("list_messages", json!({ "chat": LISTED }), "done"),
        ("send_message", text(LISTED), "not-admitted"),
        ("mark_chat_read", json!({ "chat": LISTED }), "not-admitted"),
        ("logout_instance", json!({}), "not-admitted"),
    ];
    runs("read-only", NOON, Person::Accepts, &calls, 0).await;
}

#[tokio::test]
async fn every_send_is_asked_about() {
    let calls = [
        ("get_session", json!({}), "done"),
        ("open_session", json!({}), "done"),
        ("list_messages", json!({ "chat": LISTED }), "done"),
        ("send_message", text(LISTED), "asked, done"),
        ("send_message", text(STRANGER), "asked, done"),
    ];
    runs("ask-every-send", NOON, Person::Accepts, &calls, 2).await;
    let calls = [("send_message", text(LISTED), "asked, declined")];
    runs("ask-every-send", NOON, Person::Declines, &calls, 0).await;
    let calls = [("send_message", text(LISTED), "cannot-ask")];
    runs("ask-every-send", NOON, Person::Absent, &calls, 0).await;
}

#[tokio::test]
async fn the_family_is_written_to_by_day() {
    let calls = [
        ("open_session", json!({}), "done"),
        ("list_messages", json!({ "chat": LISTED }), "done"),
        (
            "list_messages",
            json!({ "chat": STRANGER }),
            "chat-not-readable",
        ),
        ("send_message", text(LISTED), "done"),
        ("send_message", text(STRANGER), "recipient-unlisted"),
    ];
    runs("family", NOON, Person::Accepts, &calls, 1).await;
    let calls = [
        ("open_session", json!({}), "done"),
        ("list_messages", json!({ "chat": LISTED }), "done"),
        ("send_message", text(LISTED), "quiet-hours"),
    ];
    runs("family", NIGHT, Person::Accepts, &calls, 0).await;
}

#[tokio::test]
async fn only_who_wrote_is_answered() {
    let calls = [
        ("open_session", json!({}), "done"),
        ("send_message", text(WRITER), "done"),
        ("send_message", text(STRANGER), "no-recent-message"),
        ("list_messages", json!({ "chat": STRANGER }), "done"),
        (
            "send_message",
            json!({ "chat": WRITER, "text": "She says yes" }),
            "cross-chat",
        ),
    ];
    runs("replies-only", NOON, Person::Accepts, &calls, 1).await;
}

#[tokio::test]
async fn changes_have_business_hours() {
    let calls = [
        ("send_message", text(LISTED), "done"),
        ("list_messages", json!({ "chat": LISTED }), "done"),
    ];
    runs("business-hours", FRIDAY, Person::Absent, &calls, 1).await;
    for quiet in [NOON, NIGHT, FRIDAY_EVENING] {
        let calls = [
            ("open_session", json!({}), "done"),
            ("list_messages", json!({ "chat": LISTED }), "done"),
            ("send_message", text(LISTED), "quiet-hours"),
        ];
        runs("business-hours", quiet, Person::Absent, &calls, 0).await;
    }
}

#[tokio::test]
async fn the_team_is_written_to_freely_and_others_with_a_yes() {
    let calls = [
        ("open_session", json!({}), "done"),
        ("send_message", text(LISTED), "done"),
        ("send_message", text(STRANGER), "asked, done"),
        ("list_messages", json!({ "chat": STRANGER }), "done"),
        (
            "send_message",
            json!({ "chat": LISTED, "text": "She says yes" }),
            "asked, done",
        ),
    ];
    runs("team", NOON, Person::Accepts, &calls, 3).await;
    let calls = [
        ("send_message", text(LISTED), "done"),
        ("send_message", text(STRANGER), "cannot-ask"),
    ];
    runs("team", NOON, Person::Absent, &calls, 1).await;
}
