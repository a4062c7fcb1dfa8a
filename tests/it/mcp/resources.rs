//! Resources: the same gate, limits and audit as the tools that read the same.

use serde_json::{Value, json};
use wiremock::MockServer;

use crate::app::{self, BOTH, Era, Person, TestServer};

const SESSION: &str = "whatsapp://session";
const CHATS: &str = "whatsapp://chats";
const MESSAGES: &str = "whatsapp://chat/15552220001%40c.us/messages";
const READING: [&str; 3] = [SESSION, CHATS, MESSAGES];

/// The content of a resource that was read.
fn content(answer: &Value) -> Value {
    let content = &answer["result"]["contents"][0];
    assert_eq!(content["mimeType"], "application/json", "{answer}");
    serde_json::from_str(content["text"].as_str().unwrap()).unwrap()
}

/// The kind of a refusal, whose error is one of ours.
fn refused(answer: &Value) -> &str {
    assert_eq!(answer["error"]["code"], 1001, "{answer}");
    answer["error"]["data"]["code"].as_str().unwrap()
}

async fn uris(app: &mut TestServer) -> Vec<String> {
    let mut uris = Vec::new();
    for (method, list, key) in [
        ("resources/list", "resources", "uri"),
        (
            "resources/templates/list",
            "resourceTemplates",
            "uriTemplate",
        ),
    ] {
        let answer = app.request(method, json!({})).await;
        for entry in answer["result"][list].as_array().unwrap() {
            uris.push(entry[key].as_str().unwrap().to_owned());
        }
    }
    uris
}

#[tokio::test]
async fn the_lists_look_like_this() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        let resources = app.request("resources/list", json!({})).await;
        let templates = app.request("resources/templates/list", json!({})).await;
        insta::allow_duplicates! {
            insta::assert_json_snapshot!([
                &resources["result"]["resources"],
                &templates["result"]["resourceTemplates"],
            ]);
        }
    }
}

#[tokio::test]
async fn a_resource_holds_what_the_tool_answers() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).linked().await;
        for (uri, tool, arguments) in [
            (SESSION, "get_session", json!({})),
            (CHATS, "list_chats", json!({})),
            (
                MESSAGES,
                "list_messages",
                json!({ "chat": "15552220001@c.us" }),
            ),
        ] {
            let read = app.read(uri).await;
            let called = app.call(tool, arguments).await;
            assert_eq!(content(&read), called["structuredContent"], "{era:?} {uri}");
            assert_eq!(read["result"]["contents"][0]["uri"], uri);
            assert!(
                content(&read)["notice"]
                    .as_str()
                    .unwrap()
                    .starts_with("sandbox: ")
            );
            // The audit tells the two apart by nothing but the time.
            let audit = app.audit();
            let [.., one, two] = audit.as_slice() else {
                panic!("two lines")
            };
            for key in ["tool", "risk", "verdict", "code", "digest", "outcome"] {
                assert_eq!(one[key], two[key], "{key}");
            }
            assert_eq!(
                (&one["tool"], &one["outcome"]),
                (&json!(tool), &json!("ok"))
            );
        }
    }
}

#[tokio::test]
async fn what_the_policy_denies_is_not_listed_and_sends_nothing() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n[risk.read]\naction = \"deny\"\nreason = \"not today\"\n";
    for era in BOTH {
        let mock = MockServer::start().await;
        for setup in [app::waha(&mock), app::green_api(&mock)] {
            let mut app = setup.era(era).policy(policy).start().await;
            assert_eq!(uris(&mut app).await, ["whatsapp://policy"]);
            for uri in READING {
                let answer = app.read(uri).await;
                assert_eq!(refused(&answer), "denied-by-rule");
                let data = &answer["error"]["data"];
                assert!(data["reason"].as_str().unwrap().ends_with(": not today."));
                assert!(data["rule"].as_str().unwrap().starts_with("policy.toml:"));
                assert!(data["next"].is_string());
                let audit = app.audit();
                let line = audit.last().unwrap();
                assert_eq!(
                    (&line["verdict"], &line["code"]),
                    (&json!("refused"), &json!("denied-by-rule"))
                );
            }
        }
        assert!(mock.received_requests().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_the_policy_hides_is_not_listed_and_refuses() {
    let cases = [
        ("hide = [\"get_session\"]", SESSION, SESSION),
        ("hide = [\"list_chats\"]", CHATS, CHATS),
        (
            "toolsets = [\"session\", \"chats\"]",
            MESSAGES,
            "whatsapp://chat/{id}/messages",
        ),
    ];
    for era in BOTH {
        for (rule, uri, listed) in cases {
            let policy = format!("version = \"1\"\ndefault = \"allow\"\n{rule}\n");
            let mut app = app::sandbox().era(era).policy(&policy).start().await;
            let uris = uris(&mut app).await;
            assert!(!uris.contains(&listed.to_owned()), "{uris:?}");
            assert_eq!(uris.len(), 3);
            assert_eq!(refused(&app.read(uri).await), "hidden");
        }
    }
}

const CONFIRMING: &str = r#"
version = "1"
default = "confirm"
[confirmation]
enabled = true
"#;

#[tokio::test]
async fn a_person_is_asked_where_the_policy_wants_it() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(CONFIRMING).linked().await;
        app.questions.clear();
        let answer = app.read(MESSAGES).await;
        assert!(content(&answer)["messages"].is_array(), "{era:?} {answer}");
        assert_eq!(app.questions.len(), 1);
        let question = app::shown(&app.questions[0]);
        assert!(
            question.contains("read the messages of a WhatsApp chat"),
            "{question}"
        );
        assert_eq!(app.audit().last().unwrap()["code"], "confirmed");
        app.set_person(Person::Declines);
        assert_eq!(refused(&app.read(MESSAGES).await), "declined");
    }
}

#[tokio::test]
async fn a_yes_is_for_one_reading_of_one_chat() {
    let mut app = app::sandbox()
        .era(Era::Modern)
        .policy(CONFIRMING)
        .linked()
        .await;
    let asked = app
        .request("resources/read", json!({ "uri": MESSAGES }))
        .await;
    let mut params = json!({
        "uri": MESSAGES,
        "requestState": asked["result"]["requestState"],
        "inputResponses": { "confirm": app::yes() },
    });
    let answer = app.request("resources/read", params.clone()).await;
    assert!(content(&answer)["messages"].is_array());
    let answer = app.request("resources/read", params.clone()).await;
    assert_eq!(refused(&answer), "approval-used");
    let asked = app
        .request("resources/read", json!({ "uri": MESSAGES }))
        .await;
    params["requestState"] = asked["result"]["requestState"].clone();
    params["uri"] = "whatsapp://chat/15552220002%40c.us/messages".into();
    let answer = app.request("resources/read", params).await;
    assert_eq!(app::error_code(&answer), "approval-invalid");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_missing_in_the_audit_is_said() {
    for era in BOTH {
        let mut app = app::sandbox()
            .era(era)
            .audit("/dev/full".into())
            .start()
            .await;
        let answer = app.read(SESSION).await;
        let warning = content(&answer)["warning"].clone();
        assert!(warning.as_str().unwrap().contains("audit"), "{answer}");
    }
}

#[tokio::test]
async fn who_cannot_ask_is_told_so() {
    for (era, code) in [(Era::Legacy, 1001), (Era::Modern, -32021)] {
        let setup = app::sandbox().era(era).policy(CONFIRMING);
        let mut app = setup.person(Person::Absent).start().await;
        assert_eq!(uris(&mut app).await, ["whatsapp://policy"]);
        let answer = app.read(SESSION).await;
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert_eq!(app.audit().last().unwrap()["code"], "cannot-ask");
    }
}

#[tokio::test]
async fn limits_count_resources_and_calls_together() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n[risk.read]\nlimits = [{ max = 2, window = \"minute\" }]\n";
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(policy).start().await;
        assert!(content(&app.read(SESSION).await)["state"].is_string());
        let result = app.call("get_session", json!({})).await;
        assert_eq!(result["isError"], false);
        let answer = app.read(SESSION).await;
        assert_eq!(refused(&answer), "rate-limited");
        assert_eq!(answer["error"]["data"]["retry_after_s"], 30);
        let result = app.call("get_session", json!({})).await;
        assert_eq!(app::code(&result), "rate-limited");
    }
}

#[tokio::test]
async fn a_failure_of_the_back_end_is_an_error() {
    for era in BOTH {
        // It answers 404 to everything.
        let mock = MockServer::start().await;
        let mut app = app::waha(&mock).era(era).start().await;
        let answer = app.read(CHATS).await;
        assert_eq!(answer["error"]["code"], 1002, "{answer}");
        assert!(
            answer["error"]["data"]["code"]
                .as_str()
                .unwrap()
                .starts_with("backend-")
        );
        assert!(!answer.to_string().contains(app::SECRET));
    }
}

#[tokio::test]
async fn hostile_addresses_name_nothing() {
    let long = format!("whatsapp://chat/{}/messages", "1".repeat(1_000_000));
    let blank = format!("whatsapp://chat/{}15552220001/messages", "%20".repeat(1000));
    let hostile = [
        "",
        "session",
        "file:///etc/passwd",
        "http://localhost/session",
        "WHATSAPP://session",
        "whatsapp:session",
        "whatsapp://session/",
        "whatsapp://session?limit=1",
        "whatsapp://session#x",
        "whatsapp://me@session",
        "whatsapp://chats/../session",
        "whatsapp://chat/messages",
        "whatsapp://chat//messages",
        "whatsapp://chat/{id}/messages",
        "whatsapp://chat/15552220001@c.us",
        "whatsapp://chat/15552220001@c.us/messages/",
        "whatsapp://chat/15552220001@c.us/messages?limit=100",
        "whatsapp://chat/15552220001@c.us/x/messages",
        "whatsapp://chat/..%2F..%2Fsessions%2Fdefault%2Flogout/messages",
        "whatsapp://chat/../../sessions/messages",
        "whatsapp://chat/15552220001%2540c.us/messages",
        "whatsapp://chat/15552220001%4/messages",
        "whatsapp://chat/15552220001%zz/messages",
        "whatsapp://chat/15552220001%00@c.us/messages",
        "whatsapp://chat/%ff%fe@c.us/messages",
        "whatsapp://chat/15552220001\u{202e}@c.us/messages",
        "whatsapp://chat/1555 2220001@c.us/messages",
        &long,
        &blank,
    ];
    let mock = MockServer::start().await;
    for (era, code) in [(Era::Legacy, -32002), (Era::Modern, -32602)] {
        let mut app = app::waha(&mock).era(era).start().await;
        for uri in hostile {
            let answer = app.read(uri).await;
            assert_eq!(answer["error"]["code"], code, "{uri:.80}: {answer}");
            assert_eq!(answer["error"]["data"]["code"], "unknown-resource");
            assert!(answer.to_string().len() < 3000);
            assert!(!answer.to_string().contains('\u{202e}'));
        }
        let audit = app.audit();
        assert_eq!(audit.len(), hostile.len());
        assert!(audit.iter().all(|line| line["tool"] == "unknown"
            && line["verdict"] == "refused"
            && line["code"] == "unknown-resource"));
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_policy_is_told_in_words() {
    let policy = r#"
version = "1"
default = "allow"
hide = ["list_contacts"]
toolsets = ["session", "contacts"]
[risk.read]
limits = [{ max = 120, window = "minute" }]
[tools.logout_instance]
action = "deny"
reason = "the account stays connected"
[confirmation]
enabled = true
"#;
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(policy).start().await;
        let answer = app.read("whatsapp://policy").await;
        let content = &answer["result"]["contents"][0];
        assert_eq!(content["mimeType"], "text/plain");
        let text = content["text"].as_str().unwrap();
        assert!(!text.contains("list_contacts") && !text.contains("list_groups"));
        insta::allow_duplicates! { insta::assert_snapshot!(text); }
        assert!(app.audit().is_empty());
    }
}
