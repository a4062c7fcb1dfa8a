//! A session belongs to who opened it.

use super::*;

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    let site = HttpServer::start(&two()).await;
    let session = site.open(ALICE).await;
    let status = async |token, session: &str| site.status(token, session).await;
    assert_eq!(status(ALICE, &session).await, StatusCode::OK);
    assert_eq!(status(BOB, &session).await, StatusCode::NOT_FOUND);
    assert_eq!(
        status(ALICE, "no-such-session").await,
        StatusCode::NOT_FOUND
    );
    let end = async |token| site.delete(token, &session).await;
    assert_eq!(end(BOB).await, StatusCode::NOT_FOUND);
    assert_eq!(status(ALICE, &session).await, StatusCode::OK);
    assert!(end(ALICE).await.is_success());
    assert_eq!(status(ALICE, &session).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn somebody_else_cannot_answer_a_question() {
    let site = HttpServer::start(&two()).await;
    let session = site.open(ALICE).await;
    let (asked, question) = site.ask(ALICE, &session).await;
    let stolen = site.answer(BOB, &session, &question, "yes").await;
    assert_eq!(stolen, StatusCode::NOT_FOUND);
    let own = site.answer(ALICE, &session, &question, "no").await;
    assert_eq!(own, StatusCode::ACCEPTED);
    let result = last(asked).await["result"].clone();
    assert_eq!(
        result["structuredContent"]["error"]["code"], "declined",
        "{result}"
    );
}

#[tokio::test]
async fn a_modern_request_needs_no_session_and_ignores_one() {
    let site = HttpServer::start(&two()).await;
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

#[tokio::test]
async fn a_deleted_session_ends_at_once_with_its_stream() {
    let site = HttpServer::start(&two()).await;
    let session = site.open(ALICE).await;
    let mut stream = site.listen(ALICE, &session).await;
    assert!(site.delete(ALICE, &session).await.is_success());
    assert_eq!(site.status(ALICE, &session).await, StatusCode::NOT_FOUND);
    let end = async { while stream.chunk().await.unwrap().is_some() {} };
    timeout(PATIENCE, end).await.unwrap();
}

#[tokio::test]
async fn a_client_that_initializes_twice_is_notified_once() {
    let site = HttpServer::start(&two()).await;
    let session = site.open(ALICE).await;
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let again = site.post(ALICE, Some(&session), &ready).send().await;
    assert_eq!(again.unwrap().status(), StatusCode::ACCEPTED);
    let mut stream = site.listen(ALICE, &session).await;
    site.server.replace(stricter());
    let mut text = read_until(&mut stream, "tools/list_changed").await;
    // Whatever else was on its way is there when this is answered.
    assert_eq!(site.status(ALICE, &session).await, StatusCode::OK);
    site.delete(ALICE, &session).await;
    text += &timeout(PATIENCE, stream.text()).await.unwrap().unwrap();
    assert_eq!(text.matches("list_changed").count(), 1, "{text}");
}
