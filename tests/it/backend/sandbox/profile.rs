//! The sandbox remembers the profile, and the pictures of its groups.

use serde_json::{Value, json};

use crate::app::{self, code, text};

const MINE: &str = "120363000000000001@g.us";
const THEIRS: &str = "120363000000000002@g.us";
/// The first bytes of a JPEG and of a PNG.
const JPEG: &str = "/9j/4A==";
const PNG: &str = "iVBORw0KGgo=";

#[tokio::test]
async fn what_is_changed_shows_in_the_profile() {
    let mut app = app::sandbox().linked().await;
    let before = app.call("get_profile", json!({})).await["structuredContent"].clone();
    assert_eq!(
        (&before["name"], before.get("about"), &before["has_picture"]),
        (&json!("Sandbox"), None, &json!(false))
    );
    let wanted = json!({ "name": "Robin", "about": "On the train", "picture": { "base64": JPEG } });
    let result = app.call("update_profile", wanted).await;
    let told = &result["structuredContent"];
    for part in ["name", "about", "picture"] {
        assert_eq!(told[part], "changed", "{result}");
    }
    assert_eq!(told["verified"], true);
    let after = app.call("get_profile", json!({})).await;
    assert_eq!(after["structuredContent"]["about"], "On the train");
    assert_eq!(after["structuredContent"]["has_picture"], true);
    assert!(text(&after).contains("Robin"), "{after}");
    let session = app.call("get_session", json!({})).await;
    assert_eq!(session["structuredContent"]["account_name"], "Robin");
    let result = app.call("update_profile", json!({ "about": "" })).await;
    assert_eq!(result["structuredContent"]["about"], "changed", "{result}");
    let after = app.call("get_profile", json!({})).await["structuredContent"].clone();
    assert_eq!(
        (&after["name"], after.get("about")),
        (&json!("Robin"), None)
    );
}

fn picture(group: &str, base64: &str) -> Value {
    json!({ "group": group, "picture": { "base64": base64 } })
}

#[tokio::test]
async fn a_group_s_picture_comes_and_goes() {
    let mut app = app::sandbox().linked().await;
    for _ in 0..2 {
        let result = app.call("set_group_picture", picture(MINE, JPEG)).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "outcome": "changed", "verified": true, "group": MINE, "notice": result["structuredContent"]["notice"] })
        );
    }
    let group = json!({ "group": MINE });
    let result = app.call("delete_group_picture", group.clone()).await;
    assert_eq!(result["structuredContent"]["outcome"], "changed");
    let question = app.questions[0].to_string();
    assert!(
        question.contains("Family") && question.contains("3 members"),
        "{question}"
    );
    let again = app.call("delete_group_picture", group).await;
    assert_eq!(again["structuredContent"]["outcome"], "accepted");
    assert_eq!(again["structuredContent"]["verified"], false);
}

#[tokio::test]
async fn what_may_not_be_shown_is_refused() {
    let mut app = app::sandbox().linked().await;
    let result = app.call("set_group_picture", picture(THEIRS, JPEG)).await;
    assert_eq!(code(&result), "backend-refused");
    let result = app.call("set_group_picture", picture(MINE, PNG)).await;
    assert!(text(&result).contains("no JPEG"), "{result}");
    let large = format!("/9j/4A{}", "A".repeat(3 * 1024 * 1024 + 2));
    let result = app.call("set_group_picture", picture(MINE, &large)).await;
    assert_eq!(result["isError"], false, "{result}");
}
