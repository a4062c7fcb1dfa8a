//! What WAHA's engines answer to changes that they accept, as recorded of 2024.10.8 (NOWEB)
//! and 2026.4.1 (NOWEB, GOWS, WEBJS), and what GREEN-API documents: none of it is unknown.

use serde_json::json;
use wiremock::ResponseTemplate;

use super::{
    change_answers::is_unknown,
    worlds::{Api, World, short},
};

const NOTHING: &str = "";
const NOWEB: &str = r#"{"key":{"remoteJid":"15552220001@s.whatsapp.net","fromMe":true,"id":"3EB0142EC078BD74DE1621"},"messageTimestamp":"1795784824","status":"PENDING"}"#;
const GOWS: &str = r#"{"id":"true_15552220001@c.us_3EB0GOWS0000000001","_data":{}}"#;
const WEBJS: &str = r#"{"id":{"fromMe":true,"remote":"15552220001@c.us","id":"3EB0WJ0000000001","_serialized":"true_15552220001@c.us_3EB0WJ0000000001"},"ack":0,"body":"hi there"}"#;
const SESSION: &str =
    r#"{"name":"default","status":"STARTING","config":null,"me":null,"engine":{"engine":"NOWEB"}}"#;
const NOWEB_ADDED: &str = r#"[{"status":"200","jid":"15552220001@s.whatsapp.net","content":{"tag":"participant","attrs":{"jid":"15552220001@s.whatsapp.net"}}}]"#;
const GOWS_ADDED: &str = r#"[{"JID":"15552220001@s.whatsapp.net","PhoneNumber":"15552220001@s.whatsapp.net","LID":"","Error":0,"AddRequest":null}]"#;
const WEBJS_ADDED: &str = r#"{"15552220001@c.us":{"code":200,"message":"The participant was added successfully","isInviteV4Sent":false}}"#;

const WAHA: &[(&[&str], &[&str])] = &[
    (&["send_message", "send_location"], &[NOWEB, GOWS, WEBJS]),
    (
        &["send_poll", "send_media", "send_voice"],
        &[NOWEB, GOWS, WEBJS],
    ),
    (&["send_contact"], &[NOWEB, GOWS, WEBJS, NOTHING]),
    (&["forward_message"], &[GOWS, r#"{"sent":false}"#]),
    (
        &["edit_message", "delete_message", "react"],
        &[NOWEB, GOWS, WEBJS, NOTHING],
    ),
    (&["star_message", "unstar_message"], &[NOTHING]),
    (&["pin_message", "unpin_message"], &[r#"{"success":true}"#]),
    (
        &["mark_chat_read"],
        &[
            r#"{"ids":["true_15552220001@c.us_A"]}"#,
            r#"{"ids":[]}"#,
            r#"{"ids":null}"#,
        ],
    ),
    (&["mark_chat_unread"], &[NOTHING, r#"{"success":true}"#]),
    (&["archive_chat"], &[NOTHING, "true"]),
    (&["unarchive_chat"], &[NOTHING, "false"]),
    (&["clear_chat", "delete_chat"], &["true"]),
    (
        &["set_group_subject", "set_group_description"],
        &[NOTHING, "true"],
    ),
    (&["set_group_permissions"], &[NOTHING, "true"]),
    (
        &[
            "set_group_picture",
            "delete_group_picture",
            "update_profile",
        ],
        &[r#"{"success":true}"#],
    ),
    (
        &["add_group_members"],
        &[NOWEB_ADDED, GOWS_ADDED, WEBJS_ADDED],
    ),
    (
        &[
            "remove_group_members",
            "promote_group_admin",
            "demote_group_admin",
        ],
        &[NOWEB_ADDED, GOWS_ADDED, r#"{"status":200}"#],
    ),
    (&["join_group"], &[r#"{"id":"120363000000000009@g.us"}"#]),
    (
        &["revoke_group_invite"],
        &[
            "REVOKED84852140ABCDEFG",
            "https://chat.whatsapp.com/REVOKED84368993ABCDEFG",
        ],
    ),
    (&["leave_group"], &[NOTHING]),
    (&["block_contact", "unblock_contact"], &[NOTHING]),
    (&["set_presence"], &[NOTHING]),
    (&["subscribe_presence"], &[NOTHING, "{}"]),
    (&["stop_session", "logout_instance"], &[SESSION]),
    (&["delete_session"], &[NOTHING]),
    (&["open_session"], &[r#"{"code":"ABCD-1234"}"#]),
];

const GREEN_API: &[(&[&str], &[&str])] = &[
    (
        &["send_message", "send_location", "send_contact", "send_poll"],
        &[r#"{"idMessage":"3EB0C767D097B7C7C030"}"#],
    ),
    (
        &["send_media", "send_voice"],
        &[r#"{"idMessage":"3EB0C767D097B7C7C030","urlFile":"https://f.example/1"}"#],
    ),
    (&["forward_message"], &[r#"{"messages":["3EB0C767"]}"#]),
    (
        &["edit_message"],
        &[r#"{"idMessage":"3EB0C767D097B7C7C030"}"#],
    ),
    (
        &["delete_message", "archive_chat", "unarchive_chat"],
        &[NOTHING],
    ),
    (&["mark_chat_read"], &[r#"{"setRead":true}"#]),
    (&["set_group_subject"], &[r#"{"updateGroupName":true}"#]),
    (
        &["set_group_permissions"],
        &[r#"{"updateGroupSettings":true,"reason":null}"#],
    ),
    (
        &["set_group_picture"],
        &[r#"{"setGroupPicture":true,"urlAvatar":"https://p.example/3.jpg","reason":null}"#],
    ),
    (&["add_group_members"], &[r#"{"addParticipant":true}"#]),
    (
        &["remove_group_members"],
        &[r#"{"removeParticipant":true}"#],
    ),
    (&["promote_group_admin"], &[r#"{"setGroupAdmin":true}"#]),
    (&["demote_group_admin"], &[r#"{"removeAdmin":true}"#]),
    (
        &["leave_group"],
        &[r#"{"leaveGroup":true}"#, r#"{"removeAdmin":true}"#],
    ),
    (&["logout_instance"], &[r#"{"isLogout":true}"#]),
    (&["open_session"], &[r#"{"status":true,"code":"GAPI2015"}"#]),
];

async fn check(api: Api, table: &[(&[&'static str], &[&str])]) {
    for (tools, answers) in table {
        for tool in *tools {
            for answer in *answers {
                let mut world = World::open(api, tool, short()).await.unwrap();
                let answer = ResponseTemplate::new(200).set_body_raw(*answer, "text/html");
                let result = world.call(&answer).await;
                assert_eq!(world.changes().await, 1, "{tool}: {result}");
                let error = &result["structuredContent"]["error"];
                assert_eq!(*error, json!(null), "{api:?} {tool}: {result}");
                // What is not observed afterwards is told as that, and not as unknown.
                assert!(!is_unknown(&result), "{api:?} {tool}: {result}");
            }
        }
    }
}

#[tokio::test]
async fn every_engine_s_acceptance_is_understood() {
    check(Api::Waha, WAHA).await;
}

#[tokio::test]
async fn every_documented_acceptance_of_green_api_is_understood() {
    check(Api::GreenApi, GREEN_API).await;
}
