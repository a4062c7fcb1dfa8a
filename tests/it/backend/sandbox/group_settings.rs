//! The sandbox remembers what was done to its groups.

use serde_json::{Value, json};

use crate::app::{self, code, text};

const MINE: &str = "120363000000000001@g.us";
const THEIRS: &str = "120363000000000002@g.us";
const INVITED: &str = "120363000000000009@g.us";
const INVITE: &str = "https://chat.whatsapp.com/ABCDEFGHIJKLMNOPQRSTUV";

#[tokio::test]
async fn name_and_description_are_kept() {
    let mut app = app::sandbox().linked().await;
    for (tool, arguments) in [
        (
            "set_group_subject",
            json!({ "group": MINE, "name": "The family" }),
        ),
        (
            "set_group_description",
            json!({ "group": MINE, "description": "Sundays at six" }),
        ),
    ] {
        let result = app.call(tool, arguments).await;
        assert_eq!(
            result["structuredContent"]["outcome"], "changed",
            "{result}"
        );
        assert_eq!(result["structuredContent"]["verified"], true);
    }
    let group = app.call("get_group", json!({ "group": MINE })).await;
    assert_eq!(group["structuredContent"]["name"], "The family");
    assert_eq!(group["structuredContent"]["description"], "Sundays at six");
    let arguments = json!({ "group": MINE, "description": "" });
    let result = app.call("set_group_description", arguments).await;
    assert_eq!(result["structuredContent"]["outcome"], "changed");
    let group = app.call("get_group", json!({ "group": MINE })).await;
    assert_eq!(group["structuredContent"].get("description"), None);
}

#[tokio::test]
async fn permissions_are_kept() {
    let mut app = app::sandbox().linked().await;
    for who in ["admins", "all"] {
        let arguments = json!({ "group": MINE, "send_messages": who, "edit_info": who });
        let result = app.call("set_group_permissions", arguments).await;
        let told = &result["structuredContent"];
        assert_eq!(
            (&told["send_messages"], &told["edit_info"]),
            (&json!("changed"), &json!("changed")),
            "{result}"
        );
    }
}

#[tokio::test]
async fn only_an_administrator_may_change_a_group() {
    let mut app = app::sandbox().linked().await;
    for (tool, arguments) in [
        ("set_group_subject", json!({ "group": THEIRS, "name": "X" })),
        (
            "set_group_permissions",
            json!({ "group": THEIRS, "edit_info": "all" }),
        ),
        ("get_group_invite", json!({ "group": THEIRS })),
        ("revoke_group_invite", json!({ "group": THEIRS })),
    ] {
        let result = app.call(tool, arguments).await;
        let told = &result["structuredContent"];
        assert_eq!(result["isError"], true, "{tool}: {told}");
    }
}

#[tokio::test]
async fn a_link_is_replaced_by_another() {
    let mut app = app::sandbox().linked().await;
    let link = |result: Value| {
        result["structuredContent"]["link"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let group = json!({ "group": MINE });
    let old = link(app.call("get_group_invite", group.clone()).await);
    let result = app.call("revoke_group_invite", group.clone()).await;
    assert_eq!(result["structuredContent"]["outcome"], "revoked");
    assert!(!text(&result).contains("https://"), "{result}");
    assert_ne!(old, link(app.call("get_group_invite", group).await));
    let result = app
        .call("preview_group_invite", json!({ "invite": old }))
        .await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn an_invitation_is_looked_at_and_followed() {
    let mut app = app::sandbox().linked().await;
    let invite = json!({ "invite": INVITE });
    let preview = app.call("preview_group_invite", invite.clone()).await;
    assert_eq!(preview["structuredContent"]["name"], "Neighbours");
    for outcome in ["joined", "was_member"] {
        let result = app.call("join_group", invite.clone()).await;
        assert_eq!(result["structuredContent"]["outcome"], outcome, "{result}");
        assert_eq!(result["structuredContent"]["group"], INVITED);
    }
    let group = app.call("get_group", json!({ "group": INVITED })).await;
    assert_eq!(group["structuredContent"]["my_role"], "member");
}
