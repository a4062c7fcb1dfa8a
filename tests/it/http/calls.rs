//! Calls over HTTP go through the same gate, each under its caller's grant.

use super::*;

#[tokio::test]
async fn each_caller_has_a_grant_of_its_own() {
    let site = Site::start(&two()).await;
    let (alice, bob) = (site.open(ALICE).await, site.open(BOB).await);
    let opened = site.call(ALICE, &alice, "open_session", json!({})).await;
    assert_eq!(opened["isError"], false, "{opened}");
    let refused = site.call(BOB, &bob, "open_session", json!({})).await;
    assert_eq!(
        refused["structuredContent"]["error"]["code"],
        "denied-by-rule"
    );
    let callers: Vec<_> = site
        .audit()
        .iter()
        .map(|line| line["caller"].clone())
        .collect();
    assert_eq!(callers, ["alice", "bob"]);
}

#[tokio::test]
async fn an_approval_belongs_to_its_grant() {
    let site = Site::start(&two()).await;
    let call =
        json!({ "name": "leave_group", "arguments": { "group": "120363000000000002@g.us" } });
    let (_, asked) = site
        .modern(ALICE, "tools/call", call.clone(), Some("leave_group"))
        .await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let mut answered = call;
    answered["requestState"] = asked["result"]["requestState"].clone();
    answered["inputResponses"] =
        json!({ "confirm": { "action": "accept", "content": { "decision": "yes" } } });
    let (_, stolen) = site
        .modern(BOB, "tools/call", answered, Some("leave_group"))
        .await;
    let code = &stolen["result"]["structuredContent"]["error"]["code"];
    assert_eq!(code, "approval-invalid", "{stolen}");
}

#[tokio::test]
async fn a_stopped_server_ends() {
    let site = Site::start(&two()).await;
    site.open(ALICE).await;
    site.stop.cancel();
    timeout(PATIENCE, site.serving).await.unwrap().unwrap();
    let client = client();
    assert!(client.get(&site.url).send().await.is_err());
}
