//! The sandbox keeps what was sent as a file.

use serde_json::json;

use crate::app;

#[tokio::test]
async fn a_file_that_is_sent_is_listed() {
    let mut app = app::sandbox().linked().await;
    let large = format!("iVBORw0KGgo{}", "A".repeat(3 * 1024 * 1024 + 1));
    let message = json!({
        "chat": "15552220001@c.us",
        "media": { "base64": large, "mime": "image/png" },
        "caption": "The cake",
    });
    let sent = app.call("send_media", message).await;
    assert_eq!(sent["isError"], false, "{sent}");
    let found = app
        .call("list_messages", json!({ "chat": "15552220001@c.us" }))
        .await;
    let newest = &found["structuredContent"]["messages"][0];
    assert_eq!(newest["message"], sent["structuredContent"]["message"]);
    assert_eq!(newest["text"], "The cake");
    assert_eq!(newest["kind"], "image");
}
