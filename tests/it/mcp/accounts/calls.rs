//! Each call goes to one account, and counts there alone.

use std::time::Duration;

use wiremock::{
    Mock, ResponseTemplate,
    matchers::{method, path},
};

use super::*;

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

fn schema<'a>(tools: &'a [Value], name: &str) -> &'a Value {
    &tools.iter().find(|tool| tool["name"] == name).unwrap()["inputSchema"]
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
            let words = format!("Account `{account}`:");
            assert!(text(&refused).contains(&words), "{refused}");
        }
        let metrics = app.server.metrics().await;
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
