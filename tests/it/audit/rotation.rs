//! The file is renamed, removed, replaced or cut while the server runs.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::{self, TestServer, audit_lines, code};

fn here() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    (folder, audit)
}

async fn start(audit: &Path) -> TestServer {
    app::sandbox().audit(audit.to_owned()).start().await
}

/// Calls a tool that changes something; returns the events in the file.
async fn events(app: &mut TestServer, audit: &Path) -> Vec<Value> {
    let result = app.call("open_session", json!({})).await;
    assert_eq!(result["isError"], false, "{result}");
    let lines = audit_lines(audit);
    lines.iter().map(|line| line["event"].clone()).collect()
}

#[tokio::test]
async fn a_file_that_is_renamed_removed_or_replaced_is_opened_anew() {
    let (folder, audit) = here();
    let mut app = start(&audit).await;
    let rotated = folder.path().join("audit.jsonl.1");
    assert_eq!(events(&mut app, &audit).await, ["admitted", "ended"]);
    fs::rename(&audit, &rotated).unwrap();
    assert_eq!(events(&mut app, &audit).await, ["admitted", "ended"]);
    assert_eq!(audit_lines(&rotated).len(), 2);
    fs::remove_file(&audit).unwrap();
    assert_eq!(events(&mut app, &audit).await, ["admitted", "ended"]);
    // logrotate's `create`.
    fs::rename(&audit, &rotated).unwrap();
    fs::write(&audit, "").unwrap();
    assert_eq!(events(&mut app, &audit).await, ["admitted", "ended"]);
    assert_eq!(audit_lines(&rotated).len(), 2);
    // logrotate's `copytruncate`.
    fs::copy(&audit, &rotated).unwrap();
    fs::File::options()
        .write(true)
        .open(&audit)
        .unwrap()
        .set_len(0)
        .unwrap();
    assert_eq!(events(&mut app, &audit).await, ["admitted", "ended"]);
}

#[tokio::test]
async fn a_line_that_was_cut_is_ended_before_the_next_one() {
    let (_folder, audit) = here();
    let mut app = start(&audit).await;
    for _ in 0..2 {
        // Before the first line, and between two.
        let mut file = fs::File::options()
            .append(true)
            .create(true)
            .open(&audit)
            .unwrap();
        file.write_all(b"{\"time\":\"2026-11-2").unwrap();
        app.call("open_session", json!({})).await;
    }
    let text = fs::read_to_string(&audit).unwrap();
    let (whole, cut): (Vec<&str>, Vec<&str>) = text
        .lines()
        .partition(|line| serde_json::from_str::<Value>(line).is_ok());
    assert_eq!((whole.len(), cut.len()), (4, 2), "{text}");
    assert!(text.ends_with('\n'));
}

#[tokio::test]
async fn changes_are_refused_while_it_cannot_be_opened_anew() {
    let (_folder, audit) = here();
    let mut app = start(&audit).await;
    app.call("open_session", json!({})).await;
    fs::remove_file(&audit).unwrap();
    fs::create_dir(&audit).unwrap();
    let refused = app.call("open_session", json!({})).await;
    assert_eq!(code(&refused), "audit-unavailable");
    let read = app.call("get_session", json!({})).await;
    assert_eq!(read["isError"], false);
    fs::remove_dir(&audit).unwrap();
    // What was refused and read meanwhile is in no file.
    assert_eq!(events(&mut app, &audit).await, ["admitted", "ended"]);
}
