//! Places, contact cards and polls in the sandbox.

use serde_json::json;

use crate::app;

const MUM: &str = "15552220001@c.us";

#[tokio::test]
async fn what_is_sent_is_listed_as_what_it_is() {
    let mut app = app::sandbox().linked().await;
    let place = json!({ "chat": MUM, "latitude": 12.5, "longitude": -3, "name": "Harbour" });
    let sent = app.call("send_location", place).await;
    let message = sent["structuredContent"]["message"].clone();
    let card = json!({ "chat": MUM, "name": "Sam", "number": "+15552220003" });
    let result = app.call("send_contact", card).await;
    assert_eq!(result["structuredContent"]["delivery"], "accepted");
    let poll = json!({ "chat": MUM, "question": "Tea?", "options": ["yes", "no"] });
    let result = app.call("send_poll", poll).await;
    assert_eq!(result["structuredContent"]["delivery"], "sent");
    let found = app.call("list_messages", json!({ "chat": MUM })).await;
    let mut told: Vec<_> = found["structuredContent"]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["kind"].as_str(), message["text"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            (None, "Did you call the dentist?"),
            // Who is written to three times answers.
            (None, "Got it, thanks!"),
            (None, "Tea?"),
            (Some("contact"), "Sam, +15552220003"),
            (Some("image"), "The cake of last year"),
            (Some("location"), "12.5, -3, Harbour"),
        ]
    );
    let forward = json!({ "chat": MUM, "message": message, "to": "15552220003@c.us" });
    app.call("forward_message", forward).await;
    let found = app
        .call("list_messages", json!({ "chat": "15552220003@c.us" }))
        .await;
    let messages = &found["structuredContent"]["messages"];
    assert_eq!(messages[0]["from_name"], "Sam");
    assert_eq!(messages[1]["text"], "12.5, -3, Harbour");
}

#[tokio::test]
async fn a_message_is_shown_among_its_neighbours() {
    let mut app = app::sandbox().linked().await;
    let family = "120363000000000001@g.us";
    let found = app.call("list_messages", json!({ "chat": family })).await;
    let middle = found["structuredContent"]["messages"][1].clone();
    let around = json!({ "chat": family, "around": middle["message"], "limit": 2 });
    let found = app.call("list_messages", around).await;
    let messages = found["structuredContent"]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["text"], "Who brings the cake?");
    assert_eq!(messages[1], middle);
}
