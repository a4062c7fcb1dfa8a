//! The messages before and after one.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, method, path},
};

use crate::app::{self, SECRET, code, text};

const ANN: &str = "15552223333@c.us";

async fn around(message: &str, limit: u8) -> Value {
    let mock = MockServer::start().await;
    let history: Value = (0..9)
        .map(|n| {
            json!({
                "type": "incoming", "idMessage": format!("3EB{n}"), "timestamp": 1_700_000_000 + n,
                "typeMessage": "textMessage", "chatId": ANN, "textMessage": n.to_string(), "senderId": ANN,
            })
        })
        .collect();
    Mock::given(method("POST"))
        .and(path(format!(
            "/waInstance7103000000/getChatHistory/{SECRET}"
        )))
        .and(body_json(json!({ "chatId": ANN, "count": 500 })))
        .respond_with(ResponseTemplate::new(200).set_body_json(history))
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = app::green_api(&mock).start().await;
    let arguments = json!({ "chat": ANN, "around": message, "limit": limit });
    app.call("list_messages", arguments).await
}

#[tokio::test]
async fn neighbours_come_from_both_sides() {
    let result = around("3EB4", 3).await;
    let found = &result["structuredContent"];
    let messages = found["messages"].as_array().unwrap();
    let texts: Vec<_> = messages.iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["5", "4", "3"]);
    assert_eq!(found["next_cursor"], "1700000003~3EB3");
}

#[tokio::test]
async fn what_is_further_back_is_not_found() {
    let result = around("BAE5", 3).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("BAE5 is not among the last 500"));
}
