//! `tools/list`: one snapshot for each tool.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::app::{self, OPEN};

#[tokio::test]
async fn the_tools_look_like_this() {
    let mut app = app::sandbox().policy(OPEN).start().await;
    let answer = app.request("tools/list", json!({})).await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(names.is_sorted(), "{names:?}");
    for (name, tool) in names.iter().zip(tools) {
        insta::with_settings!({
            snapshot_path => "snapshots/tools", prepend_module_to_snapshot => false, omit_expression => true,
        }, { insta::assert_json_snapshot!(*name, tool) });
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mcp/snapshots/tools");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "snap"));
    assert_eq!(files.count(), names.len(), "a snapshot of no tool is left");
    // Names, descriptions and arguments; clients pay for them on each turn.
    let shown: Vec<Value> = tools
        .iter()
        .map(|tool| json!({ "name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"] }))
        .collect();
    assert!(serde_json::to_string(&shown).unwrap().len() < 24_000);
}

#[tokio::test]
async fn what_is_listed_is_the_same_every_time() {
    let mut app = app::sandbox().policy(OPEN).start().await;
    let one = app.request("tools/list", json!({})).await;
    app.call("open_session", json!({})).await;
    let two = app.request("tools/list", json!({})).await;
    assert_eq!(one["result"].to_string(), two["result"].to_string());
    let mut again = app::sandbox().policy(OPEN).start().await;
    let three = again.request("tools/list", json!({})).await;
    assert_eq!(one["result"].to_string(), three["result"].to_string());
}
