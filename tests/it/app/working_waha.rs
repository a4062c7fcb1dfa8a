//! A WAHA server that works.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use super::{TestServer, code};

/// Answers what a test has mounted no answer for: a session that works, and messages that
/// are sent, to whatever chat the request names.
pub async fn answer_the_rest(mock: &MockServer) {
    Mock::given(method("POST"))
        .respond_with(|request: &Request| {
            let body: Value = request.body_json().unwrap();
            let chat = body["chatId"].as_str().unwrap();
            let sent = json!({ "id": format!("true_{chat}_3EB0AA"), "ack": 1 });
            ResponseTemplate::new(200).set_body_json(sent)
        })
        .mount(mock)
        .await;
    let version = json!({ "version": "2026.7.1", "engine": "GOWS", "tier": "PLUS" });
    Mock::given(method("GET"))
        .and(path("/api/server/version"))
        .respond_with(ResponseTemplate::new(200).set_body_json(version))
        .mount(mock)
        .await;
    let working = json!({
        "name": "default", "status": "WORKING", "me": { "id": "15550001111@c.us" },
        "engine": { "engine": "GOWS" }
    });
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(working))
        .mount(mock)
        .await;
}

/// Sends a message: `sent`, or the code of the refusal.
pub async fn send(app: &mut TestServer, chat: &str, text: &str) -> String {
    let arguments = json!({ "chat": chat, "text": text });
    let result = app.call("send_message", arguments).await;
    match result["isError"] == true {
        true => code(&result).to_owned(),
        false => "sent".to_owned(),
    }
}
