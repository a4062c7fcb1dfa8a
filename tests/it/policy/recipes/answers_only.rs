//! May answer only who wrote first within a day.

use serde_json::json;

use super::{
    account::{ANNA, APIS, BOB, TEAM, outcome, sent, start},
    holds,
};

const POLICY: &str = include_str!("../../../../examples/policies/recipes/answers-only.toml");
const CASES: &str = include_str!("../../../../examples/policies/recipes/answers-only.cases.toml");

#[tokio::test]
async fn it_writes_where_somebody_has_written_within_a_day() {
    holds(POLICY, CASES);
    for api in APIS {
        let (mut app, mock) = start(api, POLICY).await;
        let to = |chat: &str, text: &str| json!({ "chat": chat, "text": text });
        assert_eq!(
            outcome(&mut app, "send_message", to(ANNA, "one")).await,
            "done",
            "{api}"
        );
        assert_eq!(
            outcome(&mut app, "send_message", to(TEAM, "one")).await,
            "done",
            "{api}"
        );
        let refused = outcome(&mut app, "send_message", to(BOB, "one")).await;
        assert_eq!(refused, "no-recent-message", "{api}");
        assert_eq!(
            outcome(&mut app, "list_messages", json!({ "chat": BOB })).await,
            "done",
            "{api}"
        );
        let group = json!({ "name": "Us", "people": [ANNA] });
        assert_eq!(
            outcome(&mut app, "create_group", group).await,
            "not-admitted",
            "{api}"
        );
        assert_eq!(sent(&mock).await, 2, "{api}");
        // A day later nobody has written.
        app.hand.advance(std::time::Duration::from_secs(24 * 3600));
        let refused = outcome(&mut app, "send_message", to(ANNA, "two")).await;
        assert_eq!(refused, "no-recent-message", "{api}");
        assert_eq!(sent(&mock).await, 2, "{api}");
    }
}
