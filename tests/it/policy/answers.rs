//! `recipients.answers`: only who has written to this account within a time is written to, by
//! the API's own history.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_partial_json, method, path, path_regex},
};

use crate::app::{
    self, Person, TestServer, code,
    command::run_with_files,
    gate::open,
    text,
    working_waha::{answer_the_rest, send},
};

const ANSWERS: &str = "[recipients]\nanswers = { within = \"24h\" }\n";
const ANNA: &str = "15552220001@c.us";
const BOB: &str = "15552220002@c.us";
const GROUP: &str = "120363025246125486@g.us";
const HOUR: i64 = 3600;

/// The time of the calls, in seconds.
const NOW: i64 = 1_795_800_000;

/// The histories of chats, which a test changes.
type Histories = Arc<Mutex<Vec<(&'static str, ResponseTemplate)>>>;

fn list(messages: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(messages)
}

/// A message as WAHA lists it, with other fields.
fn message(chat: &str, from_me: bool, at: i64, more: Value) -> Value {
    let mut message = json!({
        "id": format!("{from_me}_{chat}_3EB0{at}"), "timestamp": at, "from": chat,
        "fromMe": from_me, "body": "hello", "hasMedia": false,
    });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

fn wrote(chat: &str, at: i64) -> Value {
    message(chat, false, at, json!({}))
}

/// A WAHA server that sends, with the histories of these chats; other ones are empty.
async fn waha(histories: &Histories) -> MockServer {
    let mock = MockServer::start().await;
    let histories = histories.clone();
    Mock::given(method("GET"))
        .and(path_regex("/chats/[^/]+/messages$"))
        .respond_with(move |request: &Request| {
            let at = request.url.path().replace("%40", "@");
            let histories = histories.lock().unwrap();
            let found = histories.iter().find(|(chat, _)| at.contains(chat));
            found.map_or_else(|| list(&[]), |(_, answer)| answer.clone())
        })
        .mount(&mock)
        .await;
    answer_the_rest(&mock).await;
    mock
}

fn set(histories: &Histories, chat: &'static str, answer: ResponseTemplate) {
    let mut histories = histories.lock().unwrap();
    histories.retain(|(known, _)| *known != chat);
    histories.push((chat, answer));
}

async fn start(mock: &MockServer, rules: &str) -> TestServer {
    let app = app::waha(mock).policy(&open(rules)).start().await;
    app.hand.set_wall(Timestamp::from_second(NOW).unwrap());
    app
}

async fn requests(mock: &MockServer, part: &str) -> usize {
    let all = mock.received_requests().await.unwrap();
    let of = |one: &&Request| one.url.path().contains(part);
    all.iter().filter(of).count()
}

#[tokio::test]
async fn only_a_recent_message_of_somebody_else_opens_a_chat() {
    let histories = Histories::default();
    let mock = waha(&histories).await;
    let mut app = start(&mock, ANSWERS).await;
    let notice = |more: Value| message(ANNA, false, NOW - HOUR, more);
    for (nr, (shown, expected)) in [
        (vec![], "no-recent-message"),
        (vec![wrote(ANNA, NOW - HOUR)], "sent"),
        (vec![wrote(ANNA, NOW - 24 * HOUR + 1)], "sent"),
        (vec![wrote(ANNA, NOW - 24 * HOUR)], "no-recent-message"),
        (
            vec![message(ANNA, true, NOW - HOUR, json!({}))],
            "no-recent-message",
        ),
        (
            vec![
                message(ANNA, true, NOW - 1, json!({})),
                wrote(ANNA, NOW - HOUR),
            ],
            "sent",
        ),
        // What is of a time to come was written nobody knows when, and hides nothing.
        (vec![wrote(ANNA, NOW + HOUR)], "no-recent-message"),
        (
            vec![wrote(ANNA, NOW + 1000 * HOUR), wrote(ANNA, NOW - HOUR)],
            "sent",
        ),
        (vec![wrote(ANNA, NOW + 30)], "sent"),
        // What no person wrote is no message.
        (vec![notice(json!({ "body": "" }))], "no-recent-message"),
        (vec![notice(json!({ "body": null }))], "no-recent-message"),
        (
            vec![notice(json!({ "body": "x", "_data": { "type": "gp2" } }))],
            "no-recent-message",
        ),
        (
            vec![notice(
                json!({ "body": "x", "_data": { "messageStubType": 27 } }),
            )],
            "no-recent-message",
        ),
        (vec![notice(json!({ "fromMe": null }))], "no-recent-message"),
        (
            vec![notice(json!({ "timestamp": null }))],
            "no-recent-message",
        ),
        (vec![notice(json!({ "id": null }))], "no-recent-message"),
        (
            vec![notice(json!({ "body": "", "hasMedia": true }))],
            "sent",
        ),
        // A lie: the message is of another chat.
        (vec![wrote(BOB, NOW - HOUR)], "no-recent-message"),
    ]
    .into_iter()
    .enumerate()
    {
        set(&histories, ANNA, list(&shown));
        let outcome = send(&mut app, ANNA, &format!("hi {nr}")).await;
        assert_eq!(outcome, expected, "{shown:?}");
    }
}

#[tokio::test]
async fn a_history_that_cannot_be_read_refuses_and_each_call_looks_again() {
    let histories = Histories::default();
    let mock = waha(&histories).await;
    let mut app = start(&mock, ANSWERS).await;
    set(&histories, ANNA, list(&[wrote(ANNA, NOW - HOUR)]));
    assert_eq!(send(&mut app, ANNA, "one").await, "sent");
    for (nr, broken) in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(400),
        ResponseTemplate::new(200).set_body_json(json!({ "messages": [] })),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ]
    .into_iter()
    .enumerate()
    {
        set(&histories, ANNA, broken);
        let arguments = json!({ "chat": ANNA, "text": format!("broken {nr}") });
        let refused = app.call("send_message", arguments).await;
        assert_eq!(code(&refused), "no-recent-message", "{nr}");
        assert!(text(&refused).contains("it is not known"), "{refused}");
    }
    set(&histories, ANNA, list(&[wrote(ANNA, NOW - HOUR)]));
    assert_eq!(send(&mut app, ANNA, "two").await, "sent");
    // Whoever writes is answered at once.
    assert_eq!(send(&mut app, BOB, "one").await, "no-recent-message");
    set(&histories, BOB, list(&[wrote(BOB, NOW)]));
    assert_eq!(send(&mut app, BOB, "two").await, "sent");
}

#[tokio::test]
async fn everybody_who_is_reached_has_to_have_written() {
    let histories = Histories::default();
    let mock = waha(&histories).await;
    let mut app = start(&mock, ANSWERS).await;
    let in_group = json!({ "participant": BOB, "id": format!("false_{GROUP}_3EB0_{BOB}") });
    set(&histories, ANNA, list(&[wrote(ANNA, NOW - HOUR)]));
    set(
        &histories,
        GROUP,
        list(&[message(GROUP, false, NOW - HOUR, in_group)]),
    );
    assert_eq!(
        send(&mut app, GROUP, "anybody in the group counts").await,
        "sent"
    );
    for (tool, arguments, expected) in [
        (
            "send_message",
            json!({ "chat": GROUP, "text": "@15552220001", "mentions": [ANNA] }),
            "sent",
        ),
        (
            "send_message",
            json!({ "chat": GROUP, "text": "@15552220002", "mentions": [BOB] }),
            "no-recent-message",
        ),
        (
            "create_group",
            json!({ "name": "Us", "people": [ANNA, BOB] }),
            "no-recent-message",
        ),
        (
            "mark_chat_read",
            json!({ "chat": BOB }),
            "no-recent-message",
        ),
        (
            "set_presence",
            json!({ "chat": BOB, "presence": "typing" }),
            "no-recent-message",
        ),
        (
            "forward_message",
            json!({ "chat": ANNA, "message": format!("false_{ANNA}_3EB0{}", NOW - HOUR), "to": BOB }),
            "no-recent-message",
        ),
        // Reading reaches nobody.
        ("list_messages", json!({ "chat": BOB }), "sent"),
    ] {
        let result = app.call(tool, arguments).await;
        let outcome = match result["isError"] == true {
            true => code(&result),
            false => "sent",
        };
        assert_eq!(outcome, expected, "{tool}: {result}");
    }
}

#[tokio::test]
async fn calls_at_the_same_time_wait_for_one_look_up_and_refused_ones_make_none() {
    let histories = Histories::default();
    let late = Duration::from_millis(80);
    let mock = waha(&histories).await;
    set(
        &histories,
        ANNA,
        list(&[wrote(ANNA, NOW - HOUR)]).set_delay(late),
    );
    let denied = format!("{ANSWERS}deny = [\"{BOB}\"]\n");
    let mut app = start(&mock, &denied).await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        let params = json!({ "name": "send_message", "arguments": { "chat": ANNA, "text": text } });
        ids.push(app.begin("tools/call", params).await);
    }
    for _ in ids {
        let ended = app.receive().await;
        assert_eq!(ended["result"]["isError"], false, "{ended}");
    }
    assert_eq!(requests(&mock, "/messages").await, 1);
    assert_eq!(send(&mut app, BOB, "hi").await, "recipient-denied");
    assert_eq!(requests(&mock, "/messages").await, 1);
    // The next call looks again.
    assert_eq!(send(&mut app, ANNA, "four").await, "sent");
    assert_eq!(requests(&mock, "/messages").await, 2);
}

#[tokio::test]
async fn the_rule_holds_again_right_before_sending() {
    let histories = Histories::default();
    let mock = waha(&histories).await;
    set(&histories, ANNA, list(&[wrote(ANNA, NOW - 24 * HOUR + 60)]));
    let asks = format!("{ANSWERS}[tools.send_message]\naction = \"confirm\"\n");
    let app = app::waha(&mock).policy(&open(&asks)).person(Person::Silent);
    let mut app = app.start().await;
    app.hand.set_wall(Timestamp::from_second(NOW).unwrap());
    let arguments = json!({ "chat": ANNA, "text": "hi" });
    let params = json!({ "name": "send_message", "arguments": arguments });
    let id = app.begin("tools/call", params).await;
    let question = app.receive().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    // While the person thinks, the message becomes too old.
    app.hand.advance(Duration::from_secs(60));
    let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": app::yes() });
    app.send(&answer).await;
    let ended = app.end(id).await;
    assert_eq!(code(&ended["result"]), "no-recent-message", "{ended}");
    assert_eq!(requests(&mock, "/sendText").await, 0);
}

#[tokio::test]
async fn a_policy_that_begins_to_ask_stops_what_it_knows_nothing_of() {
    let histories = Histories::default();
    let mock = waha(&histories).await;
    set(&histories, ANNA, list(&[wrote(ANNA, NOW - HOUR)]));
    let asks = "[tools.send_message]\naction = \"confirm\"\n";
    let app = app::waha(&mock).policy(&open(asks)).person(Person::Silent);
    let mut app = app.start().await;
    let params = json!({ "name": "send_message", "arguments": { "chat": ANNA, "text": "hi" } });
    let id = app.begin("tools/call", params).await;
    let question = app.receive().await;
    app.server
        .replace(app::policy(&open(&format!("{asks}{ANSWERS}"))));
    let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": app::yes() });
    app.send(&answer).await;
    let ended = app.end(id).await;
    assert_eq!(code(&ended["result"]), "no-recent-message", "{ended}");
    assert_eq!(requests(&mock, "/sendText").await, 0);
}

#[tokio::test]
async fn green_api_answers_by_its_journal() {
    let mock = MockServer::start().await;
    let history = |chat: &str, messages: Value| {
        Mock::given(method("POST"))
            .and(path(format!(
                "/waInstance7103000000/getChatHistory/{}",
                app::SECRET
            )))
            .and(body_partial_json(json!({ "chatId": chat })))
            .respond_with(ResponseTemplate::new(200).set_body_json(messages))
    };
    let message = |chat: &str, kind: &str, of: &str, at: i64| {
        json!([{
            "type": kind, "idMessage": "3EB0", "timestamp": at, "typeMessage": of, "chatId": chat,
            "textMessage": "hello", "isDeleted": false,
        }])
    };
    let mut expected = Vec::new();
    for (nr, (kind, of, at, outcome)) in [
        ("incoming", "textMessage", NOW - HOUR, "sent"),
        ("incoming", "imageMessage", NOW - HOUR, "sent"),
        (
            "incoming",
            "textMessage",
            NOW - 24 * HOUR,
            "no-recent-message",
        ),
        ("incoming", "textMessage", NOW + HOUR, "no-recent-message"),
        (
            "incoming",
            "reactionMessage",
            NOW - HOUR,
            "no-recent-message",
        ),
        (
            "incoming",
            "deletedMessage",
            NOW - HOUR,
            "no-recent-message",
        ),
        ("outgoing", "textMessage", NOW - HOUR, "no-recent-message"),
    ]
    .into_iter()
    .enumerate()
    {
        let chat = format!("1555222100{nr}@c.us");
        history(&chat, message(&chat, kind, of, at))
            .mount(&mock)
            .await;
        expected.push((chat, outcome));
    }
    let other = "15552221100@c.us";
    history(other, message(ANNA, "incoming", "textMessage", NOW - HOUR))
        .mount(&mock)
        .await;
    expected.push((other.to_owned(), "no-recent-message"));
    Mock::given(method("POST"))
        .and(path(format!(
            "/waInstance7103000000/sendMessage/{}",
            app::SECRET
        )))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "idMessage": "3EB0AA" })))
        .mount(&mock)
        .await;
    let app = app::green_api(&mock).policy(&open(ANSWERS));
    let mut app = app.start().await;
    app.hand.set_wall(Timestamp::from_second(NOW).unwrap());
    for (chat, outcome) in expected {
        assert_eq!(send(&mut app, &chat, "hi").await, outcome, "{chat}");
    }
}

#[test]
fn the_commands_say_what_the_rule_does() {
    let policy = format!("version = \"1\"\ndefault = \"allow\"\n{ANSWERS}");
    let case = |wrote: &str, expect: &str| {
        format!(
            "[[case]]\nname = \"{expect}\"\ntool = \"send_message\"\n\
             args = {{ chat = \"+15552220001\", text = \"Hi\" }}\nat = \"2026-11-21T20:00:00Z\"\n\
             {wrote}\nexpect = \"{expect}\"\n"
        )
    };
    let cases = [
        case(
            "wrote = { \"15552220001@c.us\" = \"2026-11-20T20:00:01Z\" }",
            "allow",
        ),
        case(
            "wrote = { \"+15552220001\" = \"2026-11-20T20:00:00Z\" }",
            "deny",
        ),
        case(
            "wrote = { \"+15552220001\" = \"2026-11-21T20:02:00Z\" }",
            "deny",
        ),
        case(
            "wrote = { \"+15552220002\" = \"2026-11-21T19:00:00Z\" }",
            "deny",
        ),
        case(
            "code = \"no-recent-message\"\nrule = \"recipients.answers\"",
            "deny",
        ),
    ]
    .concat();
    let files = [("policy.toml", &*policy), ("cases.toml", &*cases)];
    let ran = run_with_files(&files, &["test", "cases.toml", "--policy", "policy.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let no_time = cases.replace("at = \"2026-11-21T20:00:00Z\"\n", "");
    let files = [("policy.toml", &*policy), ("cases.toml", &*no_time)];
    let ran = run_with_files(&files, &["test", "cases.toml", "--policy", "policy.toml"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("needs `at`"), "{}", ran.err);

    let send = "{\"chat\": \"+15552220001\", \"text\": \"Hi\"}";
    let ran = run_with_files(
        &files,
        &["explain", "send_message", send, "--policy", "policy.toml"],
    );
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for part in ["no-recent-message", "when 15552220001@c.us wrote last"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    for (old, new, code) in [
        ("24h", "1h", 0),
        ("1h", "24h", 1),
        ("1h", "", 1),
        ("", "1h", 0),
    ] {
        let [old, new] = [old, new].map(|within| match within {
            "" => "version = \"1\"\ndefault = \"allow\"\n".to_owned(),
            within => policy.replace("24h", within),
        });
        let files = [("old.toml", &*old), ("new.toml", &*new)];
        let ran = run_with_files(&files, &["diff", "old.toml", "new.toml"]);
        assert_eq!(ran.code, code, "{old}{new}{}{}", ran.out, ran.err);
        assert!(
            ran.out.contains("writing without a message before"),
            "{}",
            ran.out
        );
    }
}
