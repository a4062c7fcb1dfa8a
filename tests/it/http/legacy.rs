//! What clients before 2026-07-28 do in a session.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

impl HttpServer {
    /// The status of a list request in a session.
    pub async fn status(&self, token: &str, session: &str) -> StatusCode {
        // No two that are under way at once have the same number.
        static NUMBER: AtomicU64 = AtomicU64::new(100);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let list = json!({ "jsonrpc": "2.0", "id": number, "method": "tools/list" });
        let response = self.post(token, Some(session), &list).send().await.unwrap();
        let status = response.status();
        last(response).await;
        status
    }

    /// Ends a session.
    pub async fn delete(&self, token: &str, session: &str) -> StatusCode {
        let request = client().delete(&self.url).bearer_auth(token);
        let request = request.header("mcp-session-id", session);
        request.send().await.unwrap().status()
    }

    /// The stream of a session that belongs to no request.
    pub async fn listen(&self, token: &str, session: &str) -> Response {
        let request = client().get(&self.url).bearer_auth(token);
        let request = request
            .header(header::ACCEPT, "text/event-stream")
            .header("mcp-session-id", session)
            .header("mcp-protocol-version", "2025-11-25");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response
    }

    /// A call that a person is asked about: its stream, and the question's number.
    pub async fn ask(&self, token: &str, session: &str) -> (Response, Value) {
        let body = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
            "name": "leave_group", "arguments": { "group": "120363000000000002@g.us" },
        } });
        let response = self.post(token, Some(session), &body).send().await;
        let mut response = response.unwrap();
        let text = read_until(&mut response, "elicitation/create").await;
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let line = lines.find(|line| line.contains("elicitation/create"));
        let question: Value = serde_json::from_str(line.unwrap()).unwrap();
        (response, question["id"].clone())
    }

    /// Answers such a question.
    pub async fn answer(
        &self,
        token: &str,
        session: &str,
        question: &Value,
        decision: &str,
    ) -> StatusCode {
        let body = json!({ "jsonrpc": "2.0", "id": question, "result": {
            "action": "accept", "content": { "decision": decision },
        } });
        let response = self.post(token, Some(session), &body).send().await;
        response.unwrap().status()
    }
}

/// The policy of [`two`] with one tool less.
pub fn stricter() -> Policy {
    let text = two().replace("default", "hide = [\"delete_session\"]\ndefault");
    crate::app::policy(&text)
}

/// Reads a stream until a whole line of it has these words, and returns all of it so far.
pub async fn read_until(response: &mut Response, words: &str) -> String {
    let mut text = String::new();
    while !text
        .split_inclusive('\n')
        .any(|line| line.contains(words) && line.ends_with('\n'))
    {
        let chunk = timeout(PATIENCE, response.chunk()).await.unwrap().unwrap();
        text += std::str::from_utf8(&chunk.unwrap()).unwrap();
    }
    text
}
