//! Several accounts behind one server: each call goes to one, and counts there alone.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use crate::app::{self, App, BOTH, Era, OPEN, Person, Setup, code, policy, text, wrong, yes};

const CHAT: &str = "15552223333@c.us";
const FLATMATES: &str = "120363000000000002@g.us";

/// What the policies here say of the back ends counts for nothing but the names.
const THREE: &str = r#"
[accounts]
work = { backend = "sandbox" }
home = { backend = "sandbox" }
boss = { backend = "sandbox" }
[grants.alice]
accounts = ["work", "home"]
[grants.bob]
accounts = ["home"]
"#;

fn with(more: &str) -> String {
    format!("{OPEN}{more}{THREE}")
}

fn sandboxes() -> Setup {
    let named = ["work", "home", "boss"].map(|name| (name, app::sandbox_config()));
    app::accounts(&named).policy(&with("")).grant("alice")
}

/// A WAHA server that takes so many texts.
async fn taking(texts: u64) -> MockServer {
    let mock = MockServer::start().await;
    let sent = json!({ "id": format!("true_{CHAT}_3EB042AD7933EC545A31D6"), "ack": 1 });
    Mock::given(method("POST"))
        .and(path("/api/sendText"))
        .respond_with(ResponseTemplate::new(201).set_body_json(sent))
        .expect(texts)
        .mount(&mock)
        .await;
    mock
}

fn hello(account: &str) -> Value {
    json!({ "account": account, "chat": CHAT, "text": "hi" })
}

async fn tools(app: &mut App) -> Vec<Value> {
    let answer = app.request("tools/list", json!({})).await;
    answer["result"]["tools"].as_array().unwrap().clone()
}

fn schema<'a>(tools: &'a [Value], name: &str) -> &'a Value {
    &tools.iter().find(|tool| tool["name"] == name).unwrap()["inputSchema"]
}

/// Why a call could not be understood.
fn problem(result: &Value) -> &str {
    assert_eq!(code(result), "bad-arguments", "{result}");
    result["structuredContent"]["error"]["reason"]
        .as_str()
        .unwrap()
}

#[tokio::test]
async fn the_account_that_is_named_gets_the_call_and_no_other() {
    for era in BOTH {
        let (work, home, boss) = (taking(1).await, taking(2).await, taking(0).await);
        let named = [("work", &work), ("home", &home), ("boss", &boss)];
        let named = named.map(|(name, mock)| (name, app::waha_config(mock)));
        let setup = app::accounts(&named).policy(&with("")).era(era);
        let mut app = setup.grant("alice").start().await;
        // The same text to the same chat, from another account, is no repetition.
        for account in ["home", "work"] {
            let sent = app.call("send_message", hello(account)).await;
            assert_eq!(sent["isError"], false, "{sent}");
            assert_eq!(sent["structuredContent"]["repeated"], Value::Null);
            assert_eq!(app.audit().last().unwrap()["account"], account);
        }
        let again = app.call("send_message", hello("home")).await;
        assert_eq!(again["structuredContent"]["repeated"], true, "{again}");
        app.hand.advance(Duration::from_secs(31));
        app.call("send_message", hello("home")).await;
    }
}

#[tokio::test]
async fn whoever_has_one_account_finds_the_tools_as_they_are() {
    for era in BOTH {
        let mut alone = app::sandbox().policy(OPEN).era(era).start().await;
        let mut bob = sandboxes().grant("bob").era(era).start().await;
        assert_eq!(tools(&mut alone).await, tools(&mut bob).await);
        for account in ["home", "work"] {
            let arguments = json!({ "account": account });
            let expected = alone.call("get_session", arguments.clone()).await;
            let refused = bob.call("get_session", arguments).await;
            assert_eq!(problem(&refused), problem(&expected));
            assert!(problem(&refused).contains("account"), "{refused}");
        }
        let result = bob.call("get_session", json!({})).await;
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(bob.audit().last().unwrap()["account"], "home");
    }
}

#[tokio::test]
async fn whoever_has_several_finds_them_in_each_tool() {
    let (work, home) = (MockServer::start().await, MockServer::start().await);
    let named = [
        ("work", app::waha_config(&work)),
        ("home", app::green_api_config(&home)),
        ("boss", app::sandbox_config()),
    ];
    let setup = app::accounts(&named).policy(&with("")).grant("alice");
    let mut app = setup.start().await;
    let tools = tools(&mut app).await;
    insta::assert_json_snapshot!(
        "accounts_in_schemas",
        [schema(&tools, "get_session"), schema(&tools, "leave_group")]
    );
    // What one of them alone can do takes no other.
    let only: Vec<&str> = tools
        .iter()
        .filter(|tool| tool["inputSchema"]["properties"]["account"]["enum"] == json!(["work"]))
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(only.contains(&"clear_chat"), "{only:?}");
    let arguments = json!({ "account": "home", "chat": CHAT });
    let refused = app.call("clear_chat", arguments).await;
    let reason = problem(&refused);
    assert!(
        reason.ends_with("`account` has no account `home`; it takes `work`"),
        "{reason}"
    );
    // No tool has an argument of its own that is called so.
    let own = app.backend.tools();
    for tool in own.tools() {
        let own = tool.schemas().input.get("properties");
        assert!(
            own.is_none_or(|own| own["account"].is_null()),
            "{}",
            tool.name
        );
    }
    assert!(work.received_requests().await.unwrap().is_empty());
    assert!(home.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_account_of_others_is_as_if_it_were_not_there() {
    for era in BOTH {
        let mut app = sandboxes().era(era).start().await;
        let mut reasons = Vec::new();
        for name in ["boss", "nobody"] {
            let refused = app.call("get_session", json!({ "account": name })).await;
            reasons.push(problem(&refused).replace(name, "NAME"));
        }
        assert_eq!(reasons[0], reasons[1]);
        assert!(
            reasons[0].ends_with("it takes `home` or `work`")
                || reasons[0].ends_with("it takes `work` or `home`"),
            "{}",
            reasons[0]
        );
        for arguments in [json!({}), json!({ "account": 1 }), json!({ "account": "" })] {
            let refused = app.call("get_session", arguments).await;
            problem(&refused);
            let line = app.audit().pop().unwrap();
            assert_eq!(
                (&line["verdict"], &line["account"]),
                (&json!("refused"), &Value::Null)
            );
        }
        let answer = app
            .call_once(json!({ "name": "get_sesion", "arguments": {} }))
            .await;
        assert_eq!(wrong(&answer), "unknown-tool");
        assert!(answer.to_string().contains("did you mean `get_session`?"));
    }
}

#[tokio::test]
async fn each_account_has_limits_of_its_own() {
    let limits = "[tools.open_session]\nlimits = [{ max = 1, window = \"hour\", scope = \"account\" }, { max = 1, window = \"minute\" }]\n";
    for era in BOTH {
        let setup = sandboxes().policy(&with(limits)).era(era);
        let mut app = setup.start().await;
        for account in ["work", "home"] {
            let arguments = json!({ "account": account });
            let opened = app.call("open_session", arguments.clone()).await;
            assert_eq!(opened["isError"], false, "{opened}");
            let refused = app.call("open_session", arguments).await;
            assert_eq!(code(&refused), "rate-limited");
            let words = format!("(account `{account}`)");
            assert!(text(&refused).contains(&words), "{refused}");
        }
        let metrics = app.server.metrics();
        for account in ["work", "home"] {
            for line in [
                format!(
                    "calls_total{{account=\"{account}\",tool=\"open_session\",verdict=\"refused\",code=\"rate-limited\"}} 1"
                ),
                format!(
                    "limit_headroom_ratio{{account=\"{account}\",counter=\"tools.open_session/account/3600s\"}} 0"
                ),
            ] {
                assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
            }
        }
        assert!(
            metrics.contains("account=\"boss\",counter=\"tools.open_session/account/3600s\"} 1")
        );
    }
}

#[tokio::test]
async fn an_approval_is_good_for_no_other_account() {
    let mut app = sandboxes().era(Era::Modern).start().await;
    let mut params = json!({
        "name": "leave_group", "arguments": { "account": "work", "group": FLATMATES },
    });
    let asked = app.call_once(params.clone()).await;
    let state = &asked["result"]["requestState"];
    assert!(state.is_string(), "{asked}");
    let question = &asked["result"]["inputRequests"]["confirm"]["params"]["message"];
    assert!(
        question
            .as_str()
            .unwrap()
            .contains("On the WhatsApp account `work`.\n")
    );
    params["requestState"] = state.clone();
    params["inputResponses"] = json!({ "confirm": yes() });
    params["arguments"]["account"] = "home".into();
    let refused = app.call_once(params.clone()).await;
    assert_eq!(wrong(&refused), "approval-invalid");
    assert_eq!(app.audit().last().unwrap()["account"], "home");
    // It was not used up by that.
    params["arguments"]["account"] = "work".into();
    let line = {
        app.call_once(params).await;
        app.audit().pop().unwrap()
    };
    assert_eq!(
        (&line["account"], &line["code"]),
        (&json!("work"), &json!("confirmed"))
    );
}

#[tokio::test]
async fn a_person_is_told_which_account_it_is_about() {
    let mut app = sandboxes().person(Person::Declines).start().await;
    let arguments = json!({ "account": "home", "group": FLATMATES });
    let refused = app.call("leave_group", arguments).await;
    assert_eq!(code(&refused), "declined");
    let question = app.questions[0]["message"].as_str().unwrap();
    assert!(
        question.contains("On the WhatsApp account `home`.\n"),
        "{question}"
    );
    let mut alone = app::sandbox().person(Person::Declines).start().await;
    alone
        .call("leave_group", json!({ "group": FLATMATES }))
        .await;
    let question = alone.questions[0]["message"].as_str().unwrap();
    assert!(!question.contains("account `"), "{question}");
}

#[tokio::test]
async fn a_grant_loses_an_account_at_once() {
    let without = with("").replace("[\"work\", \"home\"]", "[\"work\", \"boss\"]");
    for era in BOTH {
        let mut app = sandboxes().era(era).start().await;
        let home = json!({ "account": "home" });
        assert_eq!(
            app.call("get_session", home.clone()).await["isError"],
            false
        );
        app.server.replace(policy(&without));
        problem(&app.call("get_session", home.clone()).await);
        let boss = json!({ "account": "boss" });
        assert_eq!(app.call("get_session", boss).await["isError"], false);
        if era == Era::Legacy {
            assert!(
                app.changes
                    .iter()
                    .any(|one| one.ends_with("tools/list_changed")),
                "{:?}",
                app.changes
            );
        }
        // One account is left: the tools are those of one.
        let one = with("").replace("[\"work\", \"home\"]", "[\"work\"]");
        app.server.replace(policy(&one));
        assert_eq!(app.call("get_session", json!({})).await["isError"], false);
        let gone = with("").replace("[grants.alice]\naccounts = [\"work\", \"home\"]", "");
        app.server.replace(policy(&gone));
        let refused = app.call("get_session", home).await;
        assert_eq!(code(&refused), "unknown-grant");
    }
}

#[tokio::test]
async fn a_yes_does_not_outlive_the_right_to_the_account() {
    let without = with("").replace("[\"work\", \"home\"]", "[\"work\", \"boss\"]");
    let mut app = sandboxes().start().await;
    let arguments = json!({ "account": "home", "group": FLATMATES });
    let params = json!({ "name": "leave_group", "arguments": arguments });
    let call = app.begin("tools/call", params).await;
    let question = app.receive().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    app.server.replace(policy(&without));
    let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() });
    app.send(&answer).await;
    let answer = app.end(call).await;
    assert_eq!(code(&answer["result"]), "account-not-allowed", "{answer}");
}

#[tokio::test]
async fn resources_have_their_account_in_the_address() {
    for era in BOTH {
        let mut app = sandboxes().era(era).start().await;
        let listed = app.request("resources/list", json!({})).await;
        let uris = |list: &Value, key: &str| -> Vec<String> {
            let list = list.as_array().unwrap().iter();
            list.map(|one| one[key].as_str().unwrap().to_owned())
                .collect()
        };
        let mut found = uris(&listed["result"]["resources"], "uri");
        found.sort();
        let wanted = [
            "whatsapp://home/chats",
            "whatsapp://home/session",
            "whatsapp://policy",
            "whatsapp://work/chats",
            "whatsapp://work/session",
        ];
        assert_eq!(found, wanted);
        let listed = app.request("resources/templates/list", json!({})).await;
        let mut found = uris(&listed["result"]["resourceTemplates"], "uriTemplate");
        found.sort();
        let wanted = ["home", "work"].map(|name| format!("whatsapp://{name}/chat/{{id}}/messages"));
        assert_eq!(found, wanted);
        app.call("open_session", json!({ "account": "home" })).await;
        for (account, state) in [("home", "needs_linking"), ("work", "stopped")] {
            let read = app.read(&format!("whatsapp://{account}/session")).await;
            let text = read["result"]["contents"][0]["text"].as_str().unwrap();
            assert!(text.contains(&format!("\"{state}\"")), "{text}");
            assert_eq!(app.audit().last().unwrap()["account"], account);
        }
        for uri in [
            "whatsapp://session",
            "whatsapp://boss/session",
            "whatsapp://nobody/session",
            "whatsapp://home/policy",
            "whatsapp://home/home/session",
            "whatsapp:///session",
        ] {
            let answer = app.read(uri).await;
            assert_eq!(
                answer["error"]["data"]["code"], "unknown-resource",
                "{uri}: {answer}"
            );
        }
        let told = app.read("whatsapp://policy").await;
        let text = told["result"]["contents"][0]["text"].as_str().unwrap();
        for words in [
            "Account `work`:\n",
            "Account `home`:\n",
            "get_session (read): allowed",
        ] {
            assert!(text.contains(words), "{text}");
        }
        assert!(!text.contains("boss"), "{text}");
        let mut bob = sandboxes().era(era).grant("bob").start().await;
        let read = bob.read("whatsapp://session").await;
        assert!(read["result"]["contents"].is_array(), "{read}");
        let read = bob.read("whatsapp://home/session").await;
        assert_eq!(read["error"]["data"]["code"], "unknown-resource");
    }
}

#[tokio::test]
async fn a_prompt_names_the_accounts() {
    let params = json!({ "name": "catch_up", "arguments": {} });
    let mut alice = sandboxes().start().await;
    let told = alice.request("prompts/get", params.clone()).await;
    let text = told["result"]["messages"][0]["content"]["text"].to_string();
    assert!(text.contains("`account`"), "{text}");
    assert!(
        text.contains("`work`") && text.contains("`home`") && !text.contains("boss"),
        "{text}"
    );
    let mut bob = sandboxes().grant("bob").start().await;
    let told = bob.request("prompts/get", params).await;
    assert!(!told.to_string().contains("`account`"), "{told}");
}

#[tokio::test]
async fn an_account_that_does_not_answer_is_named() {
    let (gone, there) = (MockServer::start().await, app::sandbox_config());
    let named = [
        ("work", there),
        ("home", app::waha_config(&gone)),
        ("boss", app::sandbox_config()),
    ];
    let setup = app::accounts(&named).policy(&with(""));
    drop(gone);
    let app = setup.start().await;
    let found = app.server.ready().await;
    assert_eq!(
        found,
        Err("the back end of account `home` does not answer".to_owned())
    );
}

#[tokio::test]
async fn the_caller_on_stdio_may_use_all_unless_it_is_tied() {
    let mut local = sandboxes().grant("local").start().await;
    let boss = json!({ "account": "boss" });
    assert_eq!(local.call("get_session", boss).await["isError"], false);
    let tied = format!("{}[grants.local]\naccounts = [\"boss\"]\n", with(""));
    let setup = sandboxes().policy(&tied).grant("local");
    let mut local = setup.start().await;
    assert_eq!(local.call("get_session", json!({})).await["isError"], false);
    assert_eq!(local.audit()[0]["account"], "boss");
}

#[tokio::test]
async fn a_grant_without_any_of_the_accounts_is_refused() {
    // Served alone, as by `--account work`.
    let named = [("work", app::sandbox_config())];
    for era in BOTH {
        let setup = app::accounts(&named).policy(&with("")).era(era);
        let mut bob = setup.grant("bob").start().await;
        assert!(tools(&mut bob).await.is_empty());
        let refused = bob.call("get_session", json!({})).await;
        assert_eq!(code(&refused), "account-not-allowed");
    }
}

#[tokio::test]
async fn what_a_sandbox_says_first_is_said_of_it_alone() {
    let mock = MockServer::start().await;
    let named = [
        ("work", app::waha_config(&mock)),
        ("home", app::sandbox_config()),
    ];
    let setup = app::accounts(&named).policy(&with("")).grant("alice");
    let mut app = setup.era(Era::Modern).start().await;
    let told = app.request("server/discover", json!({})).await;
    let told = told["result"]["instructions"].as_str().unwrap();
    assert!(told.contains("Where a tool takes `account`"), "{told}");
    assert!(told.contains("The account `home` runs on the"), "{told}");
    assert!(!told.contains("The account `work` runs"), "{told}");
    for (account, said) in [("home", true), ("work", false)] {
        let arguments = json!({ "account": account });
        let result = app.call("get_session", arguments).await;
        let notice = &result["structuredContent"]["notice"];
        assert_eq!(notice.is_string(), said, "{result}");
    }
}
