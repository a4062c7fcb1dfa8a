//! A verification ends by its own deadline, for every tool that changes something, on
//! every API: no read after a change is answered.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::timeout;
use wiremock::ResponseTemplate;

use super::{
    change_answers::in_worlds,
    worlds::{Api, hanging},
};

/// A call that waits longer than this waits for a read.
const PATIENCE: Duration = Duration::from_secs(8);

/// A success in a shape that the tool's change has on this API.
fn accepted(api: Api, tool: &str) -> Value {
    match (api, tool) {
        (Api::Waha, "revoke_group_invite") => json!(true),
        (Api::Waha, "create_group") => json!({ "id": "120363000000000009@g.us" }),
        (Api::Waha, _) => json!({
            "id": "true_15552220001@c.us_3EB0AA", "success": true, "name": "default",
            "sent": true, "ids": [], "status": 200, "code": "ABCD-EFGH",
        }),
        (Api::GreenApi, "archive_chat" | "unarchive_chat") => json!({}),
        (Api::GreenApi, _) => {
            let flags = [
                "setRead",
                "updateGroupName",
                "updateGroupSettings",
                "setGroupPicture",
                "setProfilePicture",
                "leaveGroup",
                "removeAdmin",
                "addParticipant",
                "removeParticipant",
                "setGroupAdmin",
                "created",
                "isReboot",
                "isLogout",
                "status",
            ];
            let mut body = json!({
                "chatId": "120363000000000009@g.us", "idMessage": "3EB0AA",
                "messages": ["3EB0AA"], "code": "ABCD-EFGH",
            });
            for flag in flags {
                body[flag] = json!(true);
            }
            body
        }
    }
}

/// How many tools of both APIs read after a change that was answered like this.
async fn tools_that_read_after(
    answer: impl Fn(Api, &str) -> ResponseTemplate + Copy + Send + 'static,
) -> usize {
    static READING: AtomicUsize = AtomicUsize::new(0);
    READING.store(0, Ordering::Relaxed);
    in_worlds(hanging(), move |mut world| async move {
        let (api, tool) = (world.api, world.tool);
        world.hang_reads_after_change();
        let answer = answer(api, tool);
        let calling = timeout(PATIENCE, world.call(&answer)).await;
        let result = calling.unwrap_or_else(|_| panic!("{api:?} {tool} waits for a read"));
        assert!(world.changes().await > 0, "{api:?} {tool}: {result}");
        let structured = &result["structuredContent"];
        assert_ne!(structured["verified"], true, "{api:?} {tool}: {result}");
        let error = structured["error"]["code"].as_str();
        let is_open = error.is_none_or(|code| code == "outcome-unknown");
        assert!(is_open, "{api:?} {tool}: {result}");
        if world.requests_after_change().await > 0 {
            READING.fetch_add(1, Ordering::Relaxed);
        }
    })
    .await;
    READING.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_read_that_hangs_after_a_change_ends_with_the_verification() {
    let accepted = tools_that_read_after(|api, tool| {
        ResponseTemplate::new(200).set_body_json(accepted(api, tool))
    });
    let accepted = accepted.await;
    // On a busy machine a read may end before it has arrived.
    assert!(accepted > 40, "{accepted}");
    let ambiguous = tools_that_read_after(|_, _| ResponseTemplate::new(502)).await;
    assert!(ambiguous > 20, "{ambiguous}");
}
