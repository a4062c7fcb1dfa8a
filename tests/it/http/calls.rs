//! Calls over HTTP pass the same gate, each with the grant of its caller.

use super::*;

#[tokio::test]
async fn each_caller_has_its_own_grant() {
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
async fn an_approval_is_valid_for_its_grant_only() {
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
    assert_eq!(app::wrong(&stolen), "approval-invalid");
}

#[tokio::test]
async fn an_invalid_request_is_an_error_in_both_eras() {
    let site = Site::start(&two()).await;
    let session = site.open(ALICE).await;
    let call = json!({ "name": "no_tool_at_all", "arguments": {} });
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call.clone() });
    let legacy = site.post(ALICE, Some(&session), &body).send().await;
    assert_eq!(app::wrong(&last(legacy.unwrap()).await), "unknown-tool");
    let name = Some("no_tool_at_all");
    let (_, modern) = site.modern(ALICE, "tools/call", call, name).await;
    assert_eq!(app::wrong(&modern), "unknown-tool");
    let mut forged =
        json!({ "name": "leave_group", "arguments": { "group": "120363000000000002@g.us" } });
    let name = Some("leave_group");
    let (_, asked) = site.modern(ALICE, "tools/call", forged.clone(), name).await;
    let state = asked["result"]["requestState"].as_str().unwrap();
    forged["requestState"] = format!("{state}-TAMPERED").into();
    forged["inputResponses"] = json!({ "confirm": app::yes() });
    let (_, answer) = site.modern(ALICE, "tools/call", forged, name).await;
    assert_eq!(app::wrong(&answer), "approval-invalid");
}

#[tokio::test]
async fn a_stopped_server_accepts_no_connections() {
    let site = Site::start(&two()).await;
    site.open(ALICE).await;
    site.stop.cancel();
    timeout(PATIENCE, site.serving).await.unwrap().unwrap();
    let client = client();
    assert!(client.get(&site.url).send().await.is_err());
}
