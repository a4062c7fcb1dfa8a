//! The panic switch over the real program: pulled by one process, held by others.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::command::run,
    app::process::{ServerProcess, serve},
    app::{BOTH, Era, OPEN, yes},
};

fn start(home: &TempDir, era: Era, policy: &str) -> ServerProcess {
    let file = home.path().join("policy.toml");
    fs::write(&file, policy).unwrap();
    let mut command = serve(home.path());
    command
        .arg("--policy")
        .arg(file)
        .arg("--state")
        .arg(home.path().join("state"));
    ServerProcess::start(command, era)
}

fn panic(home: &Path, arguments: &[&str]) {
    let state = home.join("state");
    let state = state.to_str().unwrap();
    let ran = run(&[&["panic", "--state", state], arguments].concat(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

fn session(running: &mut ServerProcess) -> Value {
    running.request("resources/read", json!({ "uri": "whatsapp://session" }))
}

#[test]
fn from_the_next_call_on_nothing_but_reads_then_nothing() {
    for era in BOTH {
        let home = tempfile::tempdir().unwrap();
        let mut running = start(&home, era, OPEN);
        let mut other = start(&home, Era::Modern, OPEN);
        let listed = running.listed();
        let before = running.policy();
        assert_eq!(running.outcome("open_session", json!({})), "done");
        panic(home.path(), &[]);
        for server in [&mut running, &mut other] {
            assert_eq!(server.outcome("open_session", json!({})), "panic");
            assert_eq!(server.outcome("get_session", json!({})), "done");
            assert!(session(server)["result"].is_object());
        }
        let told = running.policy();
        assert!(
            told.contains("Stopped by the operator: only reading"),
            "{told}"
        );
        panic(home.path(), &["--all"]);
        for server in [&mut running, &mut other] {
            assert_eq!(server.outcome("open_session", json!({})), "panic");
            assert_eq!(server.outcome("get_session", json!({})), "panic");
            let answer = session(server);
            assert_eq!(answer["error"]["data"]["code"], "panic", "{answer}");
            assert_eq!(answer["error"]["code"], 1001);
        }
        assert!(
            running
                .policy()
                .contains("Stopped by the operator: nothing is")
        );
        // What is there is told as before; it reads nothing of WhatsApp's.
        assert_eq!(running.listed(), listed);
        let prompt = running.request("prompts/get", json!({ "name": "catch_up" }));
        assert!(prompt["result"].is_object(), "{prompt}");
        panic(home.path(), &["--off"]);
        for server in [&mut running, &mut other] {
            assert_eq!(server.outcome("open_session", json!({})), "done");
            assert!(session(server)["result"].is_object());
        }
        assert_eq!(running.policy(), before);
    }
}

#[test]
fn a_yes_that_comes_after_it_is_too_late() {
    let home = tempfile::tempdir().unwrap();
    let mut running = start(&home, Era::Legacy, &format!("{OPEN}min_answer_ms = 0\n"));
    assert_eq!(running.outcome("open_session", json!({})), "done");
    let call = json!({ "name": "delete_session", "arguments": {} });
    let id = running.begin("tools/call", call);
    let question = running.notification("elicitation/create");
    panic(home.path(), &[]);
    running.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() }));
    let answer = running.receive();
    assert_eq!(answer["id"], id);
    let code = &answer["result"]["structuredContent"]["error"]["code"];
    assert_eq!(code, "panic", "{answer}");
}

#[test]
fn a_yes_to_a_question_from_before_it_is_too_late_although_it_is_off() {
    let home = tempfile::tempdir().unwrap();
    let mut running = start(&home, Era::Legacy, &format!("{OPEN}min_answer_ms = 0\n"));
    assert_eq!(running.outcome("open_session", json!({})), "done");
    for (off, expected) in [(true, json!("panic")), (false, Value::Null)] {
        let call = json!({ "name": "delete_session", "arguments": {} });
        running.begin("tools/call", call);
        let question = running.notification("elicitation/create");
        if off {
            panic(home.path(), &["--all"]);
        }
        panic(home.path(), &["--off"]);
        running.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() }));
        let answer = running.receive();
        let code = &answer["result"]["structuredContent"]["error"]["code"];
        assert_eq!(*code, expected, "{answer}");
    }
}

#[test]
fn it_holds_over_a_restart_and_whatever_the_policy_says() {
    let shadow = format!("{OPEN}[mode]\nvalue = \"shadow\"\n");
    let home = tempfile::tempdir().unwrap();
    panic(home.path(), &[]);
    let mut running = start(&home, Era::Modern, &shadow);
    assert_eq!(running.outcome("open_session", json!({})), "panic");
    running.finish();
    let audit = fs::read_to_string(home.path().join("state/audit.jsonl")).unwrap();
    let line: Value = serde_json::from_str(audit.lines().next_back().unwrap()).unwrap();
    assert_eq!(
        (&line["verdict"], &line["code"]),
        (&json!("refused"), &json!("panic"))
    );
}
