//! Presence in the sandbox: what was done shows.

use serde_json::json;

use crate::app::{self, OPEN};

const PERSON: &str = "15552220003@c.us";
const OTHER: &str = "15552220004@c.us";

#[tokio::test]
async fn chats_that_are_followed_show() {
    let mut app = app::sandbox().policy(OPEN).linked().await;
    let none = app.call("get_presence", json!({})).await;
    assert_eq!(none["structuredContent"]["chats"], json!([]));
    let followed = app
        .call("subscribe_presence", json!({ "chat": PERSON }))
        .await;
    assert_eq!(followed["structuredContent"]["outcome"], "subscribed");
    app.call("get_presence", json!({ "chat": OTHER })).await;
    let all = app.call("get_presence", json!({})).await;
    let chats = &all["structuredContent"]["chats"];
    assert_eq!(chats[0]["chat"], PERSON);
    assert_eq!(chats[0]["people"][0]["presence"], "online");
    assert_eq!(chats[1]["chat"], OTHER);
}

#[tokio::test]
async fn who_shows_nothing_is_shown_nothing() {
    let mut app = app::sandbox().policy(OPEN).linked().await;
    for (presence, people) in [("offline", 0), ("online", 1)] {
        let done = app
            .call("set_presence", json!({ "presence": presence }))
            .await;
        assert_eq!(done["structuredContent"]["accepted"], presence);
        let seen = app.call("get_presence", json!({ "chat": PERSON })).await;
        let told = &seen["structuredContent"]["chats"][0]["people"];
        assert_eq!(told.as_array().unwrap().len(), people);
    }
    let typing = json!({ "presence": "typing", "chat": PERSON });
    let done = app.call("set_presence", typing).await;
    assert_eq!(done["isError"], false);
}
