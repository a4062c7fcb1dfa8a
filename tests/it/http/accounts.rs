//! Several accounts over HTTP: a token reaches the accounts of its grant.

use super::*;

/// Alice has these accounts; Bob has `home`.
fn accounts_policy(alice: &str) -> String {
    let bob = "[accounts]\nwork = { backend = \"sandbox\" }\nhome = { backend = \"sandbox\" }\n[grants.bob]\naccounts = [\"home\"]\n";
    two()
        .replace("expires = \"1970-01-02T00:00:00Z\"\n", "")
        .replace(
            "[grants.alice]\n",
            &format!("[grants.alice]\naccounts = {alice}\n"),
        )
        .replace("[grants.bob]\n", bob)
}

/// The code of a refusal, or "done".
fn outcome(result: &Value) -> &str {
    let code = &result["structuredContent"]["error"]["code"];
    code.as_str().unwrap_or("done")
}

#[tokio::test]
async fn a_token_reaches_the_accounts_of_its_grant() {
    let site =
        HttpServer::of_accounts(&["work", "home"], &accounts_policy("[\"work\", \"home\"]")).await;
    let (alice, bob) = (site.open(ALICE).await, site.open(BOB).await);
    for (token, session, account, wanted) in [
        (ALICE, &alice, Some("work"), "done"),
        (ALICE, &alice, Some("home"), "done"),
        (ALICE, &alice, None, "bad-arguments"),
        (BOB, &bob, None, "done"),
        (BOB, &bob, Some("home"), "bad-arguments"),
        (BOB, &bob, Some("work"), "bad-arguments"),
    ] {
        let arguments = account.map_or(json!({}), |account| json!({ "account": account }));
        let call = json!({ "name": "get_session", "arguments": arguments });
        let (_, modern) = site
            .modern(token, "tools/call", call, Some("get_session"))
            .await;
        let legacy = site.call(token, session, "get_session", arguments).await;
        assert_eq!(outcome(&modern["result"]), wanted, "{token} {account:?}");
        assert_eq!(outcome(&legacy), wanted, "{token} {account:?}");
    }
    let lines = site.audit();
    let used: Vec<_> = lines.iter().map(|line| line["account"].as_str()).collect();
    let (work, home) = (Some("work"), Some("home"));
    // With one account there is no `account` argument; its own tool refuses it.
    let alices = [work, work, home, home, None, None];
    assert_eq!(used, [alices, [home; 6]].concat());
}

#[tokio::test]
async fn an_open_session_loses_an_account_when_its_grant_does() {
    let site =
        HttpServer::of_accounts(&["work", "home"], &accounts_policy("[\"work\", \"home\"]")).await;
    let session = site.open(ALICE).await;
    let work = json!({ "account": "work" });
    let result = site
        .call(ALICE, &session, "get_session", work.clone())
        .await;
    assert_eq!(outcome(&result), "done", "{result}");
    let policy = accounts_policy("[\"home\"]");
    site.server
        .replace(Policy::from_toml("policy.toml", &policy).unwrap());
    let result = site.call(ALICE, &session, "get_session", work).await;
    assert_eq!(outcome(&result), "bad-arguments", "{result}");
    let result = site.call(ALICE, &session, "get_session", json!({})).await;
    assert_eq!(outcome(&result), "done", "{result}");
    assert_eq!(site.audit().last().unwrap()["account"], "home");
}
