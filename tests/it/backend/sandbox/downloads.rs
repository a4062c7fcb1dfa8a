//! What comes out of the sandbox: files of messages, and pictures.

use serde_json::{Value, json};
use tempfile::TempDir;
use whatsapp_guard::media::MediaRules;

use crate::app::{self, TestServer, code, text};

const MUM: &str = "15552220001@c.us";

/// The newest message of a chat that is more than text.
async fn newest_file(app: &mut TestServer, chat: &str) -> Value {
    let found = app.call("list_messages", json!({ "chat": chat })).await;
    let messages = found["structuredContent"]["messages"].as_array().unwrap();
    let file = messages.iter().find(|message| message["kind"].is_string());
    json!({ "chat": chat, "message": file.unwrap()["message"] })
}

#[tokio::test]
async fn each_kind_of_file_can_be_downloaded() {
    let mut app = app::sandbox().linked().await;
    for (chat, kind, mime) in [
        (MUM, "image", "image/png"),
        ("120363000000000001@g.us", "audio", "audio/wav"),
        ("120363000000000003@g.us", "resource", "application/pdf"),
    ] {
        let message = newest_file(&mut app, chat).await;
        let result = app.call("download_media", message).await;
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(result["content"][1]["type"], kind);
        assert_eq!(result["structuredContent"]["mime"], mime);
        assert!(result["structuredContent"]["file_name"].is_string());
    }
}

#[tokio::test]
async fn a_large_file_needs_an_inbox() {
    let mut app = app::sandbox().linked().await;
    let message = newest_file(&mut app, "120363000000000002@g.us").await;
    let result = app.call("download_media", message.clone()).await;
    assert_eq!(code(&result), "media-refused");
    assert!(text(&result).contains("WHATSAPP_GUARD_INBOX"));
    let inbox = TempDir::new().unwrap();
    let rules = MediaRules::default().with_inbox(Some(inbox.path().to_owned()));
    let mut app = app::sandbox_with_media(rules).linked().await;
    let mut paths = Vec::new();
    for _ in 0..2 {
        let result = app.call("download_media", message.clone()).await;
        paths.push(result["structuredContent"]["saved_as"].clone());
    }
    assert_eq!(paths[0], paths[1]);
    let saved = std::fs::read_to_string(paths[0].as_str().unwrap()).unwrap();
    assert!(saved.starts_with("The deposit"));
}

#[tokio::test]
async fn what_was_sent_can_be_downloaded_and_forwarded() {
    let mut app = app::sandbox().linked().await;
    let media = json!({ "base64": "YTtiCg==", "mime": "text/csv" });
    let message = json!({ "chat": MUM, "media": media, "file_name": "plan.csv" });
    let sent = app.call("send_media", message).await;
    let id = &sent["structuredContent"]["message"];
    let to = "15552220003@c.us";
    let copied = app
        .call(
            "forward_message",
            json!({ "chat": MUM, "message": id, "to": to }),
        )
        .await;
    assert_eq!(copied["isError"], false, "{copied}");
    for message in [
        json!({ "chat": MUM, "message": id }),
        newest_file(&mut app, to).await,
    ] {
        let result = app.call("download_media", message).await;
        assert_eq!(result["content"][1]["resource"]["blob"], "YTtiCg==");
        assert_eq!(result["structuredContent"]["file_name"], "plan.csv");
    }
    let words = json!({ "chat": MUM, "message": "false_15552220001@c.us_SANDBOX00000004" });
    let result = app.call("download_media", words).await;
    assert!(text(&result).contains("has no file"), "{}", text(&result));
}

#[tokio::test]
async fn a_picture_that_was_set_is_the_one_that_is_shown() {
    let mut app = app::sandbox().linked().await;
    let group = "120363000000000001@g.us";
    let picture = json!({ "base64": "/9j/4A==" });
    let wanted = json!({ "group": group, "picture": picture });
    app.call("set_group_picture", wanted).await;
    app.call("update_profile", json!({ "picture": picture }))
        .await;
    for chat in [group, "15550001111@c.us"] {
        let result = app.call("get_picture", json!({ "chat": chat })).await;
        assert_eq!(result["content"][1]["data"], "/9j/4A==", "{result}");
    }
    app.call("delete_group_picture", json!({ "group": group }))
        .await;
    let result = app.call("get_picture", json!({ "chat": group })).await;
    assert_eq!(result["structuredContent"]["has_picture"], false);
}

#[tokio::test]
async fn some_chats_have_a_picture() {
    let mut app = app::sandbox().linked().await;
    for (chat, has) in [
        (MUM, true),
        ("120363000000000001@g.us", true),
        ("15552220003@c.us", false),
    ] {
        let result = app.call("get_picture", json!({ "chat": chat })).await;
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(result["structuredContent"]["has_picture"], has);
        assert_eq!(result["content"][1]["type"] == "image", has);
    }
}
