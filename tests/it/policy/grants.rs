//! Callers with names, and what holds for each of them.

use std::fs;

use serde_json::{Value, json};

use crate::{
    app::command::run,
    app::process::{ServerProcess, serve},
    app::{self, BOTH, OPEN, code, policy},
};

const GRANTS: &str = r#"
version = "1"
default = "allow"
[grants.local]
hide = ["send_message"]
[grants.reader]
default = "deny"
[grants.reader.risk.read]
action = "allow"
"#;

#[tokio::test]
async fn each_caller_has_rules_of_its_own() {
    for era in BOTH {
        let mut local = app::sandbox().era(era).policy(GRANTS).start().await;
        assert!(!local.listed().await.contains(&"send_message".to_owned()));
        let result = local.call("open_session", json!({})).await;
        assert_eq!(result["isError"], false, "{result}");
        let setup = app::sandbox().era(era).policy(GRANTS).grant("reader");
        let mut reader = setup.start().await;
        // What is always refused is not listed; why is told where it is asked for.
        assert!(!reader.listed().await.contains(&"send_message".to_owned()));
        let result = reader.call("open_session", json!({})).await;
        assert_eq!(code(&result), "not-admitted");
        let result = reader.call("get_session", json!({})).await;
        assert_eq!(result["isError"], false, "{result}");
        let told = reader.read("whatsapp://policy").await;
        let text = told["result"]["contents"][0]["text"].as_str().unwrap();
        assert!(text.contains("The caller is `reader`."), "{text}");
        assert!(text.contains("open_session (execute): refused"), "{text}");
        assert_eq!(reader.audit()[0]["caller"], "reader");
    }
}

#[tokio::test]
async fn a_caller_that_is_taken_out_is_refused_whatever_it_does() {
    let shadow = format!("{OPEN}[mode]\nvalue = \"shadow\"\n");
    for without in [OPEN, shadow.as_str()] {
        let setup = app::sandbox().policy(GRANTS).grant("reader");
        let mut app = setup.start().await;
        app.server.replace(policy(without));
        for tool in ["get_session", "open_session"] {
            let result = app.call(tool, json!({})).await;
            assert_eq!(code(&result), "unknown-grant", "{result}");
        }
        let answer = app.read("whatsapp://session").await;
        assert_eq!(answer["error"]["data"]["code"], "unknown-grant");
        let told = app.read("whatsapp://policy").await;
        let text = told["result"]["contents"][0]["text"].as_str().unwrap();
        assert!(text.contains("get_session (read): refused"), "{text}");
        app.server.replace(policy(GRANTS));
        let result = app.call("get_session", json!({})).await;
        assert_eq!(result["isError"], false, "{result}");
    }
}

#[test]
fn a_caller_has_to_be_named_by_the_policy() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    fs::write(&file, GRANTS).unwrap();
    let path = file.to_str().unwrap();
    let wrong = ["serve", "--policy", path, "--grant", "raeder"];
    let ran = run(&wrong, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let said = format!("error: {path} has no `[grants.raeder]`; did you mean `reader`?\n");
    assert_eq!(ran.err, said);
    let ran = run(&["serve"], &[("WHATSAPP_GUARD_GRANT", "nobody")]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`[grants.nobody]`"), "{}", ran.err);
    assert_eq!(run(&["serve", "--grant", ""], &[]).code, 2);
    for grant in [&[][..], &["--grant", "local"], &["--grant", "reader"]] {
        let ran = run(&[&["serve", "--policy", path], grant].concat(), &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{grant:?}");
    }
}

#[test]
fn check_says_what_holds_for_a_caller() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    fs::write(&file, GRANTS).unwrap();
    let effect = |more: &[&str], tool: &str| {
        let path = file.to_str().unwrap();
        let ran = run(
            &[&["check", "--json", "--policy", path], more].concat(),
            &[],
        );
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let rows = report["tools"].as_array().unwrap();
        rows.iter().find(|row| row["tool"] == tool).unwrap()["standing"].clone()
    };
    assert_eq!(effect(&[], "send_message"), "hidden");
    assert_eq!(effect(&[], "open_session"), "listed");
    assert_eq!(effect(&["--as", "reader"], "send_message"), "refused");
    assert_eq!(effect(&["--as", "reader"], "get_session"), "listed");
    let ran = run(&["check", "--as", "reader"], &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`[grants.reader]`"), "{}", ran.err);
}

#[test]
fn a_running_server_loses_a_caller_that_is_taken_out() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    fs::write(&file, GRANTS).unwrap();
    for era in BOTH {
        fs::write(&file, GRANTS).unwrap();
        let mut command = serve(home.path());
        command.args(["--grant", "reader", "--policy"]).arg(&file);
        let mut running = ServerProcess::start(command, era);
        assert_eq!(running.outcome("get_session", json!({})), "done");
        fs::write(&file, OPEN).unwrap();
        running.stderr_until("the policy no longer has `[grants.reader]`");
        assert_eq!(running.outcome("get_session", json!({})), "unknown-grant");
        fs::write(&file, GRANTS).unwrap();
        running.stderr_until("in force from now on");
        assert_eq!(running.outcome("get_session", json!({})), "done");
    }
}
