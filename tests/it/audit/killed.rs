//! A server that ends without its last lines: the next one marks its calls as unknown.
#![cfg(unix)]

use std::{fs, io::Write};

use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::site::{CHAT, Site, events};

#[tokio::test]
async fn a_killed_server_leaves_a_trace_and_the_next_one_marks_it() {
    for rotated in [None, Some("audit.jsonl.1"), Some("audit.jsonl-20261127")] {
        let site = Site::new().await;
        let running = site.sending("1").await;
        let admitted = site.lines();
        assert_eq!(events(&admitted), ["admitted"]);
        assert_eq!(admitted[0]["tool"], "send_message");
        if let Some(name) = rotated {
            fs::rename(site.audit_path(), site.state().join(name)).unwrap();
        }
        running.kill();
        assert_eq!(site.run_files().len(), 1);

        let running = site.start();
        let lines = site.lines_with("unknown").await;
        let unknown = lines.last().unwrap();
        for field in ["id", "caller", "tool", "risk", "verdict", "code", "digest"] {
            assert_eq!(unknown[field], admitted[0][field], "{field}");
        }
        assert_eq!(unknown["outcome"], "unknown");
        site.until_runs(0).await;
        running.finish();
        let running = site.start();
        running.finish();
        let all = site.lines();
        assert_eq!(all.len(), if rotated.is_some() { 1 } else { 2 }, "{all:?}");
    }
}

#[tokio::test]
async fn only_calls_of_dead_servers_are_marked() {
    let site = Site::new().await;
    let alive = site.sending("1").await;
    let dead = site.sending("2").await;
    let admitted = site.lines();
    dead.kill();
    let third = site.sending("3").await;
    let lines = site.lines_with("unknown").await;
    site.until_runs(2).await;
    let marked: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "unknown")
        .collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0]["id"], admitted[1]["id"]);
    alive.kill();
    third.kill();
    let last = site.start();
    site.until_runs(0).await;
    let lines = site.lines();
    let mut marked: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "unknown")
        .map(|line| line["id"].to_string())
        .collect();
    assert_eq!(marked.len(), 3, "{lines:?}");
    marked.dedup();
    assert_eq!(marked.len(), 3, "each once");
    last.finish();
}

#[tokio::test]
async fn a_call_is_marked_although_its_run_file_was_removed() {
    let site = Site::new().await;
    let mut running = site.sending("1").await;
    let admitted = site.lines();
    fs::remove_file(&site.run_files()[0]).unwrap();
    // The next call makes the file again.
    running.call("list_chats", json!({}));
    assert_eq!(site.run_files().len(), 1);
    running.kill();
    let last = site.start();
    let lines = site.lines_with("unknown").await;
    assert_eq!(lines.last().unwrap()["id"], admitted[0]["id"]);
    last.finish();
}

#[tokio::test]
async fn a_call_with_an_end_is_not_marked() {
    let site = Site::new().await;
    let running = site.sending("1").await;
    // As if it was killed between the end and the removal from its run file.
    let mut ended = site.lines().remove(0);
    ended["event"] = json!("ended");
    let audit = fs::File::options().append(true).open(site.audit_path());
    writeln!(audit.unwrap(), "{ended}").unwrap();
    running.kill();
    let last = site.start();
    site.until_runs(0).await;
    assert_eq!(events(&site.lines()), ["admitted", "ended"]);
    last.finish();
}

#[tokio::test]
async fn a_server_that_ends_in_order_leaves_nothing_to_mark() {
    let site = Site::new().await;
    let mut running = site.start();
    let send = json!({ "chat": "no", "text": "hi" });
    assert_eq!(running.outcome("send_message", send), "bad-arguments");
    running.outcome("get_session", json!({}));
    assert_eq!(site.run_files().len(), 1);
    running.signal(Signal::TERM);
    assert_eq!(running.wait(), Some(0));
    assert_eq!(events(&site.lines()), ["ended", "admitted", "ended"]);
    assert!(site.run_files().is_empty());
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_both_lines() {
    let site = Site::new().await;
    let mut running = site.sending("1").await;
    running.hang_up();
    assert_eq!(running.wait(), Some(0));
    let lines = site.lines();
    assert_eq!(events(&lines), ["admitted", "ended"]);
    assert_eq!(lines[1]["outcome"], "abandoned");
    assert!(site.run_files().is_empty());
    // The end is of the moment at which it came, after the time that calls have left then.
    let time = |line: &Value| line["time"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let took = time(&lines[1]).duration_since(time(&lines[0]));
    assert!(took.as_millis() >= 400, "{lines:?}");
}

#[tokio::test]
async fn a_run_whose_file_was_moved_away_is_found_all_the_same() {
    let site = Site::new().await;
    let mut running = site.sending("1").await;
    for file in site.run_files() {
        fs::rename(file, site.home.path().join("elsewhere")).unwrap();
    }
    let before = site.received().await;
    let arguments = json!({ "chat": CHAT, "text": "2" });
    running.begin(
        "tools/call",
        json!({ "name": "send_message", "arguments": arguments }),
    );
    site.until_received(before + 1).await;
    running.kill();
    let last = site.start();
    site.until_runs(0).await;
    last.finish();
    let lines = site.lines();
    let marked = lines
        .iter()
        .filter(|line| line["event"] == "unknown")
        .count();
    assert_eq!(marked, 2, "{lines:?}");
}

#[tokio::test]
async fn calls_go_on_after_the_file_of_their_run_was_removed() {
    let site = Site::new().await;
    let mut running = site.sending("1").await;
    for removals in 0..3 {
        fs::remove_file(&site.run_files()[0]).unwrap();
        for call in 0..3 {
            let listed = running.outcome("list_chats", json!({}));
            let archive = json!({ "chat": format!("1555222000{call}@c.us") });
            let changed = running.outcome("archive_chat", archive);
            for outcome in [listed, changed] {
                assert_ne!(outcome, "audit-unavailable", "{removals} {call}");
            }
            assert_eq!(site.run_files().len(), 1);
        }
    }
    running.kill();
}

#[tokio::test]
async fn a_run_whose_file_was_cut_is_found_all_the_same() {
    // As some programs do that empty each file of a folder, and some that remove it after.
    for removed in [false, true] {
        let site = Site::new().await;
        let mut running = site.sending("1").await;
        let admitted = site.lines();
        let [file] = &site.run_files()[..] else {
            panic!("a run has one file");
        };
        fs::File::options()
            .write(true)
            .truncate(true)
            .open(file)
            .unwrap();
        if removed {
            fs::remove_file(file).unwrap();
        }
        // The next call finds the file as it is.
        running.call("list_chats", json!({}));
        running.kill();
        let last = site.start();
        let lines = site.lines_with("unknown").await;
        assert_eq!(lines.last().unwrap()["id"], admitted[0]["id"], "{removed}");
        last.finish();
    }
}
