//! An audit that cannot be written: only reads are permitted.

use serde_json::json;

use crate::app::{self, code};

#[tokio::test]
async fn without_an_audit_only_reads_pass() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    // A folder at the path, a file in place of its folder, and a full device.
    for path in [
        folder.path().to_owned(),
        file.join("audit.jsonl"),
        "/dev/full".into(),
    ] {
        let mut app = app::sandbox().audit(path.clone()).start().await;
        let result = app.call("open_session", json!({})).await;
        assert_eq!(code(&result), "audit-unavailable", "{}", path.display());
        let result = app.call("logout_instance", json!({})).await;
        assert_eq!(code(&result), "audit-unavailable");
        let result = app.call("get_session", json!({})).await;
        assert_eq!(result["structuredContent"]["state"], "stopped");
        assert!(result.to_string().contains("could not be audited"));
    }
}

#[tokio::test]
async fn without_an_audit_no_question_is_asked() {
    let mut app = app::sandbox().audit("/dev/full".into()).start().await;
    let result = app
        .call("leave_group", json!({ "group": "12345@g.us" }))
        .await;
    assert_eq!(code(&result), "audit-unavailable");
    assert!(app.questions.is_empty());
}
