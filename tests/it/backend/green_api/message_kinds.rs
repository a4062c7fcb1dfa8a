//! Messages that are more than text.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use crate::app::{self, SECRET};

const ANN: &str = "15552223333@c.us";
const CARD: &str =
    "BEGIN:VCARD\nVERSION:3.0\nFN:Kim\nitem1.TEL;type=CELL:+1 555 222 0006\nEND:VCARD";

/// What of a message of some kind is listed.
async fn listed(mut message: Value) -> Value {
    let mock = MockServer::start().await;
    message["type"] = json!("incoming");
    message["idMessage"] = json!("3EB1");
    message["timestamp"] = json!(1_700_000_000);
    message["senderId"] = json!(ANN);
    Mock::given(method("POST"))
        .and(path(format!(
            "/waInstance7103000000/getChatHistory/{SECRET}"
        )))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([message])))
        .mount(&mock)
        .await;
    let mut app = app::green_api(&mock).start().await;
    let result = app.call("list_messages", json!({ "chat": ANN })).await;
    result["structuredContent"]["messages"][0].clone()
}

#[tokio::test]
async fn each_kind_is_named_and_says_something() {
    let place = json!({ "nameLocation": "Harbour", "address": "Pier 1", "latitude": 12.5, "longitude": -3 });
    let poll = json!({ "name": "Which day?", "options": [{ "optionName": "Monday" }, { "optionName": "Tuesday" }] });
    let card = json!({ "displayName": "Kim", "vcard": CARD });
    for (message, kind, text) in [
        (
            json!({ "typeMessage": "textMessage", "textMessage": "hello" }),
            Value::Null,
            "hello",
        ),
        (
            json!({ "typeMessage": "extendedTextMessage", "extendedTextMessage": { "text": "see https://example.org" } }),
            Value::Null,
            "see https://example.org",
        ),
        (
            json!({ "typeMessage": "locationMessage", "location": place }),
            json!("location"),
            "12.5, -3, Harbour, Pier 1",
        ),
        (
            json!({ "typeMessage": "locationMessage", "locationMessageData": place }),
            json!("location"),
            "12.5, -3, Harbour, Pier 1",
        ),
        (
            json!({ "typeMessage": "contactMessage", "contact": card }),
            json!("contact"),
            "Kim, +1 555 222 0006",
        ),
        (
            json!({ "typeMessage": "contactsArrayMessage", "contacts": [card, card] }),
            json!("contact"),
            "Kim, +1 555 222 0006; Kim, +1 555 222 0006",
        ),
        (
            json!({ "typeMessage": "pollMessage", "pollMessageData": poll }),
            json!("poll"),
            "Which day? (Monday; Tuesday)",
        ),
        (
            json!({ "typeMessage": "pollUpdateMessage", "pollMessageData": poll }),
            json!("poll"),
            "Which day? (Monday; Tuesday)",
        ),
        (
            json!({ "typeMessage": "reactionMessage", "extendedTextMessage": { "text": "👍" } }),
            json!("reaction"),
            "👍",
        ),
        (
            json!({ "typeMessage": "documentMessage", "caption": "the plan" }),
            json!("document"),
            "the plan",
        ),
    ] {
        let told = listed(message).await;
        assert_eq!(told["kind"], kind, "{told}");
        assert_eq!(told["text"], text, "{told}");
    }
}

#[tokio::test]
async fn what_says_nothing_has_no_text() {
    for (message, kind) in [
        (json!({ "typeMessage": "stickerMessage" }), "sticker"),
        (
            json!({ "typeMessage": "audioMessage", "caption": "" }),
            "audio",
        ),
        (
            json!({ "typeMessage": "locationMessage", "location": "?" }),
            "location",
        ),
        (
            json!({ "typeMessage": "contactMessage", "contact": {} }),
            "contact",
        ),
        (json!({ "typeMessage": "groupInviteMessage" }), "invitation"),
        (json!({ "typeMessage": "brandNewMessage" }), "brandNew"),
        (
            json!({ "typeMessage": "textMessage", "textMessage": "gone", "isDeleted": true }),
            "deleted",
        ),
    ] {
        let told = listed(message).await;
        assert_eq!(told["kind"], kind, "{told}");
        assert_eq!(told.get("text"), None, "{told}");
    }
}

#[tokio::test]
async fn a_reaction_names_its_message() {
    let told = listed(json!({
        "typeMessage": "reactionMessage", "extendedTextMessage": { "text": "👍" },
        "quotedMessage": { "stanzaId": "3EB0" },
    }))
    .await;
    assert_eq!(told["reply_to"], "3EB0");
}
