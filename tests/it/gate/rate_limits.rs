//! Limits over short windows, in memory.

use std::time::Duration;

use serde_json::json;
use whatsapp_guard::policy::DEFAULT;

use crate::app::{self, BOTH, code, text};

#[tokio::test]
async fn the_eleventh_call_within_the_minute_is_refused() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(DEFAULT).start().await;
        for _ in 0..10 {
            let result = app.call("open_session", json!({})).await;
            assert_eq!(result["isError"], false);
        }
        let result = app.call("open_session", json!({})).await;
        assert_eq!(code(&result), "rate-limited");
        assert_eq!(result["structuredContent"]["error"]["retry_after_s"], 6);
        insta::allow_duplicates! {
            insta::assert_snapshot!(text(&result), @"
            [sandbox: a simulated WhatsApp, nothing here is real]
            Refused (rate-limited): `open_session` is limited to 10 per minute per caller; the next call is possible in 6 s. Wait, then call once.
            ");
        }
        // Waiting for what the refusal says is enough, and for one call.
        app.hand.advance(Duration::from_secs(6));
        assert_eq!(app.call("open_session", json!({})).await["isError"], false);
        assert_eq!(
            code(&app.call("open_session", json!({})).await),
            "rate-limited"
        );
    }
}

#[tokio::test]
async fn a_call_that_one_limit_refuses_counts_for_none() {
    let policy = r#"
version = "1"
default = "allow"
[risk.execute]
limits = [{ max = 3, window = "minute" }]
[tools.open_session]
limits = [{ max = 1, window = "minute" }]
"#;
    let mut app = app::sandbox().policy(policy).start().await;
    assert_eq!(app.call("open_session", json!({})).await["isError"], false);
    for _ in 0..5 {
        assert_eq!(
            code(&app.call("open_session", json!({})).await),
            "rate-limited"
        );
    }
    // Of the three for the class one is used, whatever was refused meanwhile.
    for _ in 0..2 {
        assert_eq!(
            app.call("logout_instance", json!({})).await["isError"],
            false
        );
    }
    assert_eq!(
        code(&app.call("logout_instance", json!({})).await),
        "rate-limited"
    );
}

#[tokio::test]
async fn limits_count_by_what_their_scope_says() {
    let policy = r#"
version = "1"
default = "allow"
[tools.get_group]
limits = [{ max = 1, window = "minute", scope = "chat" }]
[tools.list_groups]
limits = [{ max = 1, window = "minute", scope = "account", counter = "lists" }]
[tools.get_session]
limits = [{ max = 1, window = "minute", scope = "account", counter = "lists" }]
"#;
    let mut app = app::sandbox().policy(policy).start().await;
    let (one, two) = (
        json!({ "group": "12345@g.us" }),
        json!({ "group": "67890@g.us" }),
    );
    assert_eq!(
        code(&app.call("get_group", one.clone()).await),
        "backend-refused"
    );
    assert_eq!(code(&app.call("get_group", one).await), "rate-limited");
    assert_eq!(code(&app.call("get_group", two).await), "backend-refused");
    assert_eq!(app.call("get_session", json!({})).await["isError"], false);
    assert_eq!(
        code(&app.call("list_groups", json!({})).await),
        "rate-limited"
    );
}

#[tokio::test]
async fn a_burst_is_less_than_the_whole() {
    let policy = "version = \"1\"\n[risk.read]\naction = \"allow\"\nlimits = [{ max = 60, window = \"minute\", burst = 2 }]\n";
    let mut app = app::sandbox().policy(policy).start().await;
    for wanted in [false, false, true] {
        assert_eq!(app.call("get_session", json!({})).await["isError"], wanted);
    }
    app.hand.advance(Duration::from_secs(1));
    assert_eq!(app.call("get_session", json!({})).await["isError"], false);
}

#[tokio::test]
async fn the_time_to_wait_is_the_one_of_all_limits_that_refuse() {
    let policy = r#"
version = "1"
default = "allow"
[tools.open_session]
limits = [
  { max = 1, window = "minute" },
  { max = 1, window = "10m" },
  { max = 1, window = "2h" },
  { max = 1, window = "30s" },
]
"#;
    let mut app = app::sandbox().policy(policy).start().await;
    assert_eq!(app.call("open_session", json!({})).await["isError"], false);
    let refused = app.call("open_session", json!({})).await;
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["retry_after_s"], 7200, "{error}");
    app.hand.advance(Duration::from_secs(7199));
    assert_eq!(
        code(&app.call("open_session", json!({})).await),
        "rate-limited"
    );
    app.hand.advance(Duration::from_secs(1));
    assert_eq!(app.call("open_session", json!({})).await["isError"], false);
}

#[tokio::test]
async fn of_two_limits_in_memory_the_longer_wait_is_told() {
    let policy = r#"
version = "1"
default = "allow"
[tools.open_session]
limits = [{ max = 1, window = "minute" }, { max = 1, window = "10m" }, { max = 1, window = "30s" }]
"#;
    let mut app = app::sandbox().policy(policy).start().await;
    assert_eq!(app.call("open_session", json!({})).await["isError"], false);
    let refused = app.call("open_session", json!({})).await;
    assert_eq!(refused["structuredContent"]["error"]["retry_after_s"], 600);
}
