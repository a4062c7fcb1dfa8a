//! Resources, prompts and instructions of several accounts.

use super::*;

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
    assert!(told.contains("The argument `account` of a tool"), "{told}");
    assert!(told.contains("The account `home` runs on the"), "{told}");
    assert!(!told.contains("The account `work` runs"), "{told}");
    for (account, said) in [("home", true), ("work", false)] {
        let arguments = json!({ "account": account });
        let result = app.call("get_session", arguments).await;
        let notice = &result["structuredContent"]["notice"];
        assert_eq!(notice.is_string(), said, "{result}");
    }
}
