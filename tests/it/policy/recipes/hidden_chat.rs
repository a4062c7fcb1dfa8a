//! The chat called "Therapist" does not exist for the agent.

use serde_json::json;

use super::{
    account::{ANNA, APIS, BOB, TEAM, outcome, sent, start},
    holds,
};

const POLICY: &str = include_str!("../../../../examples/policies/recipes/hidden-chat.toml");
const CASES: &str = include_str!("../../../../examples/policies/recipes/hidden-chat.cases.toml");

#[tokio::test]
async fn the_chat_does_not_exist() {
    holds(POLICY, CASES);
    for api in APIS {
        let (mut app, mock) = start(api, POLICY).await;
        for (tool, arguments) in [
            ("list_chats", json!({})),
            ("list_chats", json!({ "query": "therapist" })),
            ("list_contacts", json!({})),
            ("list_group_members", json!({ "group": TEAM })),
            ("list_messages", json!({ "chat": TEAM })),
        ] {
            let result = app.call(tool, arguments).await;
            assert_eq!(result["isError"], false, "{api} {tool}: {result}");
            let text = result.to_string();
            for trace in ["15552220002", "Therapist", "push2"] {
                assert!(
                    !text.contains(trace),
                    "{api} {tool} tells of {trace}: {text}"
                );
            }
        }
        let contacts = app.call("list_contacts", json!({})).await;
        assert!(contacts.to_string().contains(ANNA), "{api} {contacts}");
        for (tool, arguments) in [
            ("get_chat", json!({ "chat": BOB })),
            ("send_message", json!({ "chat": BOB, "text": "hi" })),
        ] {
            assert_eq!(
                outcome(&mut app, tool, arguments).await,
                "backend-refused",
                "{api} {tool}"
            );
        }
        assert_eq!(sent(&mock).await, 0, "{api}");
        let hi = json!({ "chat": ANNA, "text": "hi" });
        assert_eq!(outcome(&mut app, "send_message", hi).await, "done", "{api}");
    }
}
