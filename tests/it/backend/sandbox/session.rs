//! The sandbox's session can be stopped, restarted, deleted and made again.

use serde_json::{Value, json};

use crate::app::{self, TestServer};

async fn call(app: &mut TestServer, tool: &str) -> Value {
    let result = app.call(tool, json!({})).await;
    assert_eq!(result["isError"], false, "{tool}: {result}");
    result["structuredContent"].clone()
}

#[tokio::test]
async fn a_session_is_stopped_and_restarted() {
    let mut app = app::sandbox().linked().await;
    assert_eq!(call(&mut app, "stop_session").await["outcome"], "stopped");
    assert_eq!(call(&mut app, "get_session").await["state"], "stopped");
    assert_eq!(
        call(&mut app, "stop_session").await["outcome"],
        "was_not_running"
    );
    let restarted = call(&mut app, "restart_session").await;
    assert_eq!(restarted["outcome"], "restarted");
    assert_eq!(call(&mut app, "get_session").await["state"], "working");
}

#[tokio::test]
async fn a_deleted_session_is_missing_until_it_is_opened() {
    let mut app = app::sandbox().linked().await;
    assert_eq!(call(&mut app, "get_profile").await["name"], "Sandbox");
    assert_eq!(call(&mut app, "delete_session").await["outcome"], "deleted");
    assert!(
        app.questions[0].to_string().contains("15550001111@c.us"),
        "{:?}",
        app.questions
    );
    assert_eq!(call(&mut app, "get_session").await["state"], "missing");
    assert_eq!(
        call(&mut app, "delete_session").await["outcome"],
        "was_missing"
    );
    let result = app.call("get_profile", json!({})).await;
    assert_eq!(app::code(&result), "backend-refused");
    let opened = call(&mut app, "open_session").await;
    assert_eq!(opened["session"]["state"], "needs_linking");
}
