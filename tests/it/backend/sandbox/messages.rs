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
    assert_eq!(messages[1]["text"], "Did you call the dentist?");
}

#[tokio::test]
async fn what_is_done_to_a_message_shows() {
    let mut app = app::sandbox().linked().await;
    let (chat, to) = ("15552220001@c.us", "120363000000000001@g.us");
    let sent = app
        .call(
            "send_message",
            json!({ "chat": chat, "text": "On my way." }),
        )
        .await;
    let message = sent["structuredContent"]["message"].clone();
    let edit = json!({ "chat": chat, "message": message, "text": "Almost there." });
    let result = app.call("edit_message", edit).await;
    assert_eq!(result["structuredContent"]["outcome"], "done");
    let forward = json!({ "chat": chat, "message": message, "to": to });
    app.call("forward_message", forward).await;
    let found = app.call("list_messages", json!({ "chat": to })).await;
    assert_eq!(
        found["structuredContent"]["messages"][0]["text"],
        "Almost there."
    );
    let result = app
        .call(
            "delete_message",
            json!({ "chat": chat, "message": message }),
        )
        .await;
    assert_eq!(result["structuredContent"]["verified"], true);
    assert!(app::shown(&app.questions[0]).contains("“Almost there.”"));
    let found = app.call("list_messages", json!({ "chat": chat })).await;
    assert_eq!(
        found["structuredContent"]["messages"][0]["text"],
        "Did you call the dentist?"
    );
}
