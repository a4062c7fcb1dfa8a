//! A session belongs to who opened it.

use super::*;

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    let site = Site::start(&two()).await;
    let session = site.open(ALICE).await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let status = async |token, session: &str| {
        let request = site.post(token, Some(session), &list);
        request.send().await.unwrap().status()
    };
    assert_eq!(status(ALICE, &session).await, StatusCode::OK);
    assert_eq!(status(BOB, &session).await, StatusCode::NOT_FOUND);
    assert_eq!(
        status(ALICE, "no-such-session").await,
        StatusCode::NOT_FOUND
    );
    let client = client();
    let end = async |token| {
        let request = client.delete(&site.url).bearer_auth(token);
        let request = request.header("mcp-session-id", &session);
        request.send().await.unwrap().status()
    };
    assert_eq!(end(BOB).await, StatusCode::NOT_FOUND);
    assert_eq!(status(ALICE, &session).await, StatusCode::OK);
    assert!(end(ALICE).await.is_success());
    assert_eq!(status(ALICE, &session).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn somebody_else_cannot_answer_a_question() {
    let site = Site::start(&two()).await;
    let session = site.open(ALICE).await;
    let group = "120363000000000002@g.us";
    let body = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
        "name": "leave_group", "arguments": { "group": group },
    } });
    let mut asked = site
        .post(ALICE, Some(&session), &body)
        .send()
        .await
        .unwrap();
    // The question comes on the stream of the call.
    let mut text = String::new();
    let question: Value = loop {
        let chunk = timeout(PATIENCE, asked.chunk()).await.unwrap().unwrap();
        text += std::str::from_utf8(&chunk.unwrap()).unwrap();
        let asks = text
            .lines()
            .find(|line| line.contains("elicitation/create"));
        if let Some(line) = asks {
            break serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap();
        }
    };
    let answer = |decision: &str| {
        json!({ "jsonrpc": "2.0", "id": question["id"], "result": {
            "action": "accept", "content": { "decision": decision },
        } })
    };
    let stolen = site
        .post(BOB, Some(&session), &answer("yes"))
        .send()
        .await
        .unwrap();
    assert_eq!(stolen.status(), StatusCode::NOT_FOUND);
    let own = site
        .post(ALICE, Some(&session), &answer("no"))
        .send()
        .await
        .unwrap();
    assert_eq!(own.status(), StatusCode::ACCEPTED);
    let result = last(asked).await["result"].clone();
    assert_eq!(
        result["structuredContent"]["error"]["code"], "declined",
        "{result}"
    );
}

#[tokio::test]
async fn a_modern_request_needs_no_session_and_ignores_one() {
    let site = Site::start(&two()).await;
    let session = site.open(ALICE).await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    } } });
    let client = client();
    let response = client
        .post(&site.url)
        .bearer_auth(BOB)
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/list")
        .header("mcp-session-id", &session)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().get("mcp-session-id").is_none());
    assert!(last(response).await["result"]["tools"].is_array());
}
