//! `read.hide`: a chat that does not exist for the agent. The account is full of it.

use std::collections::HashMap;

use serde_json::{Value, json};
use whatsapp_guard::op::{self, Risk, catalogue};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::{
    app::{self, TestServer, code, gate::open},
    op::targets::{Reach, named, reach},
};

/// Whom the policy hides: by the name in the address book, and by an id.
const HIDE: &str = "[read]\nhide = [\"contact:Therapist\", \"120363999999999999@g.us\"]\n";
const HIDDEN: &str = "15559990001@c.us";
const SECRET: &str = "120363999999999999@g.us";
/// A person and a group that there are not.
const NOBODY: [(&str, &str); 2] = [
    ("15559990001", "15558880002"),
    ("120363999999999999", "120363888888888888"),
];
const TEAM: &str = "120363000000000001@g.us";
const ANNA: &str = "15552220001@c.us";
const OWN: &str = "15550001111@c.us";

/// What no answer may have.
const TRACES: [&str; 6] = [
    "15559990001",
    "Therapist",
    "Tess",
    "120363999999999999",
    "Secret",
    "999000",
];

/// Tools that only read, and whose answer is about nobody but whom the call names, or about
/// the account itself. A new tool that reads has to be here or in [`tells`].
const OF_ONE: [&str; 7] = [
    "check_number",
    "download_media",
    "get_contact",
    "get_group_invite",
    "get_picture",
    "get_profile",
    "get_session",
];

/// Calls whose answers could tell of somebody whom they do not name.
fn tells() -> Vec<(&'static str, Value)> {
    vec![
        ("list_chats", json!({})),
        ("list_chats", json!({ "query": "therap" })),
        ("list_contacts", json!({})),
        ("list_contacts", json!({ "query": "15559990001" })),
        ("list_groups", json!({})),
        ("list_group_members", json!({ "group": TEAM })),
        ("list_messages", json!({ "chat": TEAM })),
        (
            "list_messages",
            json!({ "chat": TEAM, "format": "concise" }),
        ),
        (
            "list_messages",
            json!({ "chat": TEAM, "contains": "15559990001" }),
        ),
        ("get_message", json!({ "chat": TEAM, "message": "3EB0T1" })),
        ("get_chat", json!({ "chat": TEAM })),
        ("get_group", json!({ "group": TEAM })),
        ("get_presence", json!({})),
        ("get_presence", json!({ "chat": TEAM })),
        (
            "preview_group_invite",
            json!({ "invite": "https://chat.whatsapp.com/ABCDEFGHIJKLMNOPQRSTUV" }),
        ),
    ]
}

fn message(chat: &str, key: &str, author: &str) -> Value {
    let id = match chat.ends_with("@g.us") {
        true => format!("false_{chat}_{key}_{author}"),
        false => format!("false_{chat}_{key}"),
    };
    json!({
        "id": id, "timestamp": 1_795_784_000, "from": chat, "fromMe": false,
        "participant": author, "body": "ask @15559990001 and @15552220001", "hasMedia": false,
        "_data": { "notifyName": if author == HIDDEN { "Tess" } else { "Anna" } },
        "replyTo": { "id": format!("false_{chat}_3EB0Q_{HIDDEN}") },
    })
}

/// What WAHA knows. `None` for what it does not.
fn answer(request: &Request) -> Option<Value> {
    let path = request.url.path().replace("%40", "@");
    let query: HashMap<String, String> = request.url.query_pairs().into_owned().collect();
    let segments: Vec<&str> = path.trim_start_matches("/api/").split('/').collect();
    let chat = |id: &str, name: &str| json!({ "id": id, "name": name, "lastMessage": message(id, "3EB0T1", HIDDEN) });
    let chats = [
        (HIDDEN, "Therapist"),
        (TEAM, "Team"),
        (SECRET, "Secret"),
        (ANNA, "Anna"),
    ];
    let name_of = |id: &str| {
        chats
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, name)| *name)
    };
    let group = |id: &str| json!({ "id": id, "subject": name_of(id), "size": 3 });
    let members = json!([HIDDEN, ANNA, OWN].map(|id| json!({ "id": id, "role": "participant" })));
    let presence = |id: &str| {
        let people =
            [HIDDEN, ANNA].map(|id| json!({ "participant": id, "lastKnownPresence": "online" }));
        json!({ "id": id, "presences": people })
    };
    Some(match segments.as_slice() {
        ["contacts", "all"] => json!([
            { "id": HIDDEN, "name": "therapist ", "pushname": "Tess" },
            { "id": ANNA, "name": "Anna", "pushname": "Therapist" },
        ]),
        ["contacts"] => {
            let id = &query["contactId"];
            json!({ "id": id, "name": name_of(id)?, "pushname": "Tess" })
        }
        ["contacts", "check-exists"] => match query["phone"].as_str() {
            "15559990001" => json!({ "numberExists": true, "chatId": HIDDEN }),
            _ => json!({ "numberExists": false }),
        },
        ["contacts", "profile-picture"] => {
            name_of(&query["contactId"])?;
            json!({ "profilePictureURL": "http://127.0.0.1:9/secret.jpg" })
        }
        [_, "chats", "overview"] => match (query.get("ids"), query["offset"].as_str()) {
            (Some(id), _) => name_of(id).map_or(json!([]), |name| json!([chat(id, name)])),
            (None, "0") => json!(chats.map(|(id, name)| chat(id, name))),
            _ => json!([]),
        },
        [_, "chats", id, "messages"] => match name_of(id) {
            Some(_) => json!([message(id, "3EB0T1", HIDDEN), message(id, "3EB0T2", ANNA)]),
            None => json!([]),
        },
        [_, "chats", id, "messages", _] => {
            name_of(id)?;
            message(id, "3EB0T1", HIDDEN)
        }
        [_, "groups"] => json!([group(SECRET), group(TEAM)]),
        [_, "groups", "join-info"] => group(SECRET),
        [_, "groups", id] => name_of(id).map(|_| group(id))?,
        [_, "groups", id, "participants", ..] => name_of(id).map(|_| members)?,
        [_, "groups", id, "invite-code"] => name_of(id).map(|_| json!("ABCDEFGHIJKLMNOPQRSTUV"))?,
        [_, "presence"] => json!([presence(HIDDEN), presence(TEAM)]),
        [_, "presence", id] => name_of(id).map(|_| presence(id)).unwrap_or(Value::Null),
        ["server", "version"] => {
            json!({ "version": "2026.7.1", "engine": "NOWEB", "tier": "PLUS" })
        }
        ["sessions", "default"] => json!({
            "name": "default", "status": "WORKING", "me": { "id": OWN }, "engine": { "engine": "NOWEB" },
        }),
        _ => return None,
    })
}

async fn account() -> MockServer {
    let mock = MockServer::start().await;
    let answer = |request: &Request| match answer(request) {
        Some(body) => ResponseTemplate::new(200).set_body_json(body),
        None => ResponseTemplate::new(404)
            .set_body_json(json!({ "statusCode": 404, "message": "not found" })),
    };
    Mock::given(any()).respond_with(answer).mount(&mock).await;
    mock
}

/// Without the ids in it.
fn without_ids(text: &str) -> String {
    let mut text = text.to_owned();
    for (hidden, nobody) in NOBODY {
        text = text.replace(hidden, "ID").replace(nobody, "ID");
    }
    let stand_in = regex::Regex::new("999[0-9]{12}").unwrap();
    stand_in.replace_all(&text, "ID").into_owned()
}

/// The requests since the last time, without ids.
async fn requests(mock: &MockServer) -> Vec<String> {
    let all = mock.received_requests().await.unwrap();
    mock.reset().await;
    let answer = |request: &Request| match answer(request) {
        Some(body) => ResponseTemplate::new(200).set_body_json(body),
        None => ResponseTemplate::new(404)
            .set_body_json(json!({ "statusCode": 404, "message": "not found" })),
    };
    Mock::given(any()).respond_with(answer).mount(mock).await;
    let line = |one: &Request| {
        format!(
            "{} {}",
            one.method,
            one.url.path().to_owned() + "?" + one.url.query().unwrap_or("")
        )
    };
    all.iter().map(|one| without_ids(&line(one))).collect()
}

async fn start(mock: &MockServer) -> TestServer {
    let mut app = app::waha(mock).policy(&open(HIDE)).start().await;
    // The address book is known from now on.
    app.call("list_contacts", json!({})).await;
    requests(mock).await;
    app
}

#[tokio::test]
async fn a_call_that_names_a_hidden_chat_ends_as_one_that_names_nobody() {
    let mock = account().await;
    let mut app = start(&mock).await;
    let mut tried = 0;
    for entry in catalogue() {
        if app.backend.tools().get(entry.name).is_none() {
            continue;
        }
        for (name, value, _) in named(entry) {
            if reach(entry, &name) == Reach::NoTarget && entry.name != "list_messages" {
                continue;
            }
            let mut arguments = app::sample(entry, "3EB0AA");
            arguments[&name] = value;
            if (entry.facts)(arguments.clone()).is_err() {
                arguments["presence"] = json!("typing");
            }
            let mut other = arguments.to_string();
            for (hidden, nobody) in NOBODY {
                other = other.replace(hidden, nobody);
            }
            tried += 1;
            let result = app.call(entry.name, arguments).await;
            let made = requests(&mock).await;
            let tool = format!("{}.{name}", entry.name);
            assert!(app.questions.is_empty(), "{tool} asks");
            if entry.risk != Risk::Read {
                assert_eq!(code(&result), "backend-refused", "{tool}: {result}");
                assert!(
                    app::text(&result).contains("it knows no"),
                    "{tool}: {result}"
                );
                assert!(
                    made.iter().all(|one| one.starts_with("GET")),
                    "{tool}: {made:?}"
                );
                continue;
            }
            let expected = app
                .call(entry.name, serde_json::from_str(&other).unwrap())
                .await;
            let result = without_ids(&result.to_string());
            assert_eq!(result, without_ids(&expected.to_string()), "{tool}");
            assert_eq!(made, requests(&mock).await, "{tool}");
        }
    }
    assert!(tried > 50, "{tried}");
}

#[tokio::test]
async fn no_answer_tells_of_a_hidden_chat() {
    let mock = account().await;
    let mut app = start(&mock).await;
    let tells = tells();
    for entry in op::catalogue()
        .iter()
        .filter(|entry| entry.risk == Risk::Read)
    {
        let is_tried = tells.iter().any(|(tool, _)| *tool == entry.name);
        assert!(
            is_tried || OF_ONE.contains(&entry.name),
            "say what {} tells",
            entry.name
        );
    }
    let check = |what: &str, answer: &Value, asked: &str| {
        let text = answer.to_string().replace("\"pushname\":\"Therapist\"", "");
        // Anna calls herself so.
        let text = text
            .replace("Anna” (“Therapist”)", "")
            .replace("\"push_name\":\"Therapist\"", "");
        for trace in TRACES.iter().filter(|trace| !asked.contains(*trace)) {
            assert!(!text.contains(trace), "{what} tells of {trace}: {text}");
        }
    };
    for (tool, arguments) in tells {
        let result = app.call(tool, arguments.clone()).await;
        check(tool, &result, &arguments.to_string());
        assert_eq!(
            result["isError"] == true,
            tool == "preview_group_invite",
            "{tool}: {result}"
        );
    }
    let members = app
        .call("list_group_members", json!({ "group": TEAM }))
        .await;
    assert_eq!(members["structuredContent"]["total"], 2, "{members}");
    let listed = app.call("list_messages", json!({ "chat": TEAM })).await;
    let messages = &listed["structuredContent"]["messages"];
    let hidden = messages
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["message"] == "3EB0T1");
    assert_eq!(hidden.unwrap()["from"], "unknown", "{listed}");
    for uri in [
        "whatsapp://chats",
        "whatsapp://policy",
        &format!("whatsapp://chat/{TEAM}/messages"),
    ] {
        check(uri, &app.read(uri).await, "");
    }
    let prompt = app
        .request("prompts/get", json!({ "name": "catch_up" }))
        .await;
    check("prompt", &prompt, "");
    // The audit is the operator's.
    app.call("send_message", json!({ "chat": HIDDEN, "text": "hi" }))
        .await;
    let audit = app.audit();
    assert_eq!(audit.last().unwrap()["code"], "chat-hidden", "{audit:?}");
}

#[tokio::test]
async fn an_address_book_that_is_not_known_hides_everybody() {
    let mock = MockServer::start().await;
    let answer = |request: &Request| match answer(request) {
        Some(body) if !request.url.path().contains("/contacts/all") => {
            ResponseTemplate::new(200).set_body_json(body)
        }
        _ => ResponseTemplate::new(500),
    };
    Mock::given(any()).respond_with(answer).mount(&mock).await;
    let mut app = app::waha(&mock).policy(&open(HIDE)).start().await;
    let listed = app.call("list_chats", json!({})).await;
    let chats = listed["structuredContent"]["chats"].as_array().unwrap();
    let ids: Vec<&Value> = chats.iter().map(|chat| &chat["chat"]).collect();
    assert_eq!(ids, [TEAM], "{listed}");
    let sent = app
        .call("send_message", json!({ "chat": ANNA, "text": "hi" }))
        .await;
    assert_eq!(code(&sent), "backend-refused", "{sent}");
}

#[tokio::test]
async fn others_hide_with_what_may_not_be_read() {
    let mock = account().await;
    let rules = open("[read]\nchats = { allow = [\"group:Team\"] }\nothers = \"hide\"\n");
    let mut app = app::waha(&mock).policy(&rules).start().await;
    for (tool, list) in [
        ("list_chats", "chats"),
        ("list_groups", "groups"),
        ("list_contacts", "contacts"),
    ] {
        let result = app.call(tool, json!({})).await;
        let listed = result["structuredContent"][list].as_array().unwrap();
        let team = if tool == "list_contacts" { 0 } else { 1 };
        assert_eq!(listed.len(), team, "{tool}: {result}");
        assert_eq!(
            result.to_string().contains(TEAM),
            team == 1,
            "{tool}: {result}"
        );
    }
    // Those who are in the group that may be read are told.
    let members = app
        .call("list_group_members", json!({ "group": TEAM }))
        .await;
    assert_eq!(members["structuredContent"]["total"], 3, "{members}");
    let messages = app.call("list_messages", json!({ "chat": TEAM })).await;
    assert!(
        messages
            .to_string()
            .contains("\"from\":\"15552220001@c.us\""),
        "{messages}"
    );
    for (tool, arguments) in [
        ("get_contact", json!({ "person": ANNA })),
        ("get_group", json!({ "group": SECRET })),
        ("get_group_invite", json!({ "group": SECRET })),
        ("get_picture", json!({ "chat": ANNA })),
        ("send_message", json!({ "chat": ANNA, "text": "hi" })),
    ] {
        let result = app.call(tool, arguments).await;
        let tells =
            result["isError"] != true && result["structuredContent"]["has_picture"] != false;
        assert!(!tells, "{tool}: {result}");
    }
}
