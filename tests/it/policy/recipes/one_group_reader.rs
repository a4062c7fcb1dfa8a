//! A read-only helper for one group.

use serde_json::json;

use super::{
    account::{ANNA, APIS, BOB, OTHER, TEAM, outcome, sent, start},
    holds,
};

const POLICY: &str = include_str!("../../../../examples/policies/recipes/one-group-reader.toml");
const CASES: &str =
    include_str!("../../../../examples/policies/recipes/one-group-reader.cases.toml");

#[tokio::test]
async fn it_reads_one_group_and_is_told_of_nothing_else() {
    holds(POLICY, CASES);
    for api in APIS {
        let (mut app, mock) = start(api, POLICY).await;
        let chats = app.call("list_chats", json!({})).await;
        let listed = chats["structuredContent"]["chats"].as_array().unwrap();
        assert_eq!(
            (listed.len(), &listed[0]["chat"]),
            (1, &json!(TEAM)),
            "{api} {chats}"
        );
        let messages = app.call("list_messages", json!({ "chat": TEAM })).await;
        assert!(messages.to_string().contains(ANNA), "{api} {messages}");
        let members = app
            .call("list_group_members", json!({ "group": TEAM }))
            .await;
        assert_eq!(members["structuredContent"]["total"], 2, "{api} {members}");
        for chat in [ANNA, BOB, OTHER] {
            let read = app.call("list_messages", json!({ "chat": chat })).await;
            assert!(!read.to_string().contains("hello"), "{api} {chat}: {read}");
            let one = outcome(&mut app, "get_chat", json!({ "chat": chat })).await;
            assert_eq!(one, "chat-not-readable", "{api} {chat}");
        }
        for (tool, arguments) in [
            ("send_message", json!({ "chat": TEAM, "text": "hi" })),
            ("get_group_invite", json!({ "group": TEAM })),
            ("list_contacts", json!({})),
            ("list_groups", json!({})),
        ] {
            assert_eq!(
                outcome(&mut app, tool, arguments).await,
                "not-admitted",
                "{api} {tool}"
            );
        }
        assert_eq!(sent(&mock).await, 0, "{api}");
    }
}
