//! The sandbox remembers what was done.

use serde_json::json;

use crate::app;

#[tokio::test]
async fn what_is_sent_is_listed() {
    let mut app = app::sandbox().linked().await;
    let message = json!({ "chat": "+15552220001", "text": "On my way." });
    let sent = app.call("send_message", message).await;
    let found = app
        .call("list_messages", json!({ "chat": "15552220001@c.us" }))
        .await;
    let messages = &found["structuredContent"]["messages"];
    assert_eq!(messages[0]["text"], "On my way.");
    assert_eq!(messages[0]["message"], sent["structuredContent"]["message"]);
    assert_eq!(messages[1]["text"], "Call me when you can.");
}
