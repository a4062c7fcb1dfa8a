//! What a person reads before deciding.

use serde_json::json;

use crate::app::{self, OPEN, Person};

#[tokio::test]
async fn a_long_text_is_shown_or_said_to_be_cut() {
    let policy = format!("{OPEN}\n[tools.send_message]\naction = \"confirm\"\n");
    let mut app = app::sandbox()
        .person(Person::Declines)
        .policy(&policy)
        .linked()
        .await;
    let chat = "15552220001@c.us";
    for length in [3900, 5000] {
        let text = format!("{} end", "x".repeat(length));
        app.call("send_message", json!({ "chat": chat, "text": text }))
            .await;
        let question = app.questions.last().unwrap()["message"].as_str().unwrap();
        assert!(question.contains(&format!("chat: {chat}")));
        assert_eq!(question.contains(" end\n"), length == 3900);
        assert_eq!(
            question.contains("[cut: 5004 characters in all]"),
            length == 5000
        );
    }
}

#[tokio::test]
async fn a_picture_is_asked_about_in_short() {
    let policy = format!("{OPEN}\n[tools.send_media]\naction = \"confirm\"\n");
    let mut app = app::sandbox()
        .person(Person::Declines)
        .policy(&policy)
        .linked()
        .await;
    let media = json!({ "base64": "iVBOR".repeat(2000), "mime": "image/png" });
    let arguments = json!({ "chat": "15552220001@c.us", "media": media });
    app.call("send_media", arguments).await;
    let question = app.questions[0]["message"].as_str().unwrap();
    assert!(question.len() < 900, "{question}");
    assert!(question.contains("characters in all]"), "{question}");
}
