//! Calls over HTTP pass the same gate, each with the grant of its caller.

use super::*;

#[tokio::test]
async fn each_caller_has_its_own_grant() {
    let site = HttpServer::start(&two()).await;
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
    let site = HttpServer::start(&two()).await;
    let call = site.ask_modern(ALICE).await;
    let stolen = site.answer_modern(BOB, &call, "yes").await;
    assert_eq!(app::error_code(&stolen), "approval-invalid");
}

#[tokio::test]
async fn an_invalid_request_is_an_error_in_both_eras() {
    let site = HttpServer::start(&two()).await;
    let session = site.open(ALICE).await;
    let call = json!({ "name": "no_tool_at_all", "arguments": {} });
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call.clone() });
    let legacy = site.post(ALICE, Some(&session), &body).send().await;
    assert_eq!(
        app::error_code(&last(legacy.unwrap()).await),
        "unknown-tool"
    );
    let name = Some("no_tool_at_all");
    let (_, modern) = site.modern(ALICE, "tools/call", call, name).await;
    assert_eq!(app::error_code(&modern), "unknown-tool");
    let mut forged = site.ask_modern(ALICE).await;
    let state = forged["requestState"].as_str().unwrap();
    forged["requestState"] = format!("{state}-TAMPERED").into();
    let answer = site.answer_modern(ALICE, &forged, "yes").await;
    assert_eq!(app::error_code(&answer), "approval-invalid");
}

#[tokio::test]
async fn a_stopped_server_accepts_no_connections() {
    let site = HttpServer::start(&two()).await;
    site.open(ALICE).await;
    site.stop.cancel();
    timeout(PATIENCE, site.serving).await.unwrap().unwrap();
    let client = client();
    assert!(client.get(&site.url).send().await.is_err());
}
