//! The fields of an audit line.

use std::time::Duration;

use serde_json::json;

use crate::app;

#[tokio::test]
async fn the_audit_has_a_line_for_each_call() {
    let mut app = app::sandbox().start().await;
    app.hand.advance(Duration::from_secs(86_400));
    app.call(
        "open_session",
        json!({ "phone_number": "+49 151 12345678" }),
    )
    .await;
    let nonsense = json!({ "name": "nonsense", "arguments": {} });
    app.request("tools/call", nonsense).await;
    app.call("get_group", json!({ "group": "no" })).await;
    let lines = app.audit();
    assert_eq!(
        lines[0],
        json!({
            "time": "1970-01-02T00:00:00Z",
            "event": "ended",
            "id": lines[0]["id"],
            "caller": "local",
            "client": "tests 1",
            "tool": "open_session",
            "risk": "execute",
            "verdict": "allowed",
            "code": "allowed",
            "digest": lines[0]["digest"],
            "outcome": "ok",
            "ms": 0,
        })
    );
    assert_eq!(lines[0]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&lines[1]["tool"], &lines[1]["code"]),
        (&json!("unknown"), &json!("unknown-tool"))
    );
    assert_eq!(
        (&lines[2]["tool"], &lines[2]["code"]),
        (&json!("get_group"), &json!("bad-arguments"))
    );
    assert_eq!(lines.len(), 3);
    assert!(
        !serde_json::to_string(&lines)
            .unwrap()
            .contains("15112345678")
    );
}

#[tokio::test]
async fn the_same_call_has_the_same_digest() {
    let mut app = app::sandbox().start().await;
    for number in ["+49 151 12345678", "0049-151-12345678", "+49 151 12345679"] {
        app.call("open_session", json!({ "phone_number": number }))
            .await;
    }
    let digests: Vec<_> = app
        .audit()
        .iter()
        .map(|line| line["digest"].to_string())
        .collect();
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
}
