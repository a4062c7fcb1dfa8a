//! Which accounts a grant reaches.

use super::*;

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
        assert_eq!(error_code(&answer), "unknown-tool");
        assert!(answer.to_string().contains("did you mean `get_session`?"));
    }
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
