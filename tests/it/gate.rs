//! What the gate refuses, and what the audit says of it.

use std::time::Duration;

use serde_json::json;
use whatsapp_guard::policy::DEFAULT;
use wiremock::MockServer;

use crate::app::{self, BOTH, OPEN, Person, code, text};

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
            [sandbox: a pretended WhatsApp, nothing here is real]
            refused (rate-limited): `open_session` is limited to 10 per minute per caller; the next call can be made in 6 s; wait, then call once [policy.toml:61:11 (risk.execute.limits[0])]
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
    let policy =
        "version = \"1\"\n[risk.read]\nlimits = [{ max = 60, window = \"minute\", burst = 2 }]\n";
    let mut app = app::sandbox().policy(policy).start().await;
    for wanted in [false, false, true] {
        assert_eq!(app.call("get_session", json!({})).await["isError"], wanted);
    }
    app.hand.advance(Duration::from_secs(1));
    assert_eq!(app.call("get_session", json!({})).await["isError"], false);
}

#[tokio::test]
async fn each_refusal_says_why_and_what_next() {
    let cases = [
        ("default = \"deny\"", "logout_instance", json!({})),
        (
            "default = \"allow\"\n[tools.logout_instance]\naction = \"deny\"\nreason = \"the phone is at home\"",
            "logout_instance",
            json!({}),
        ),
        (
            "default = \"allow\"\nhide = [\"logout_instance\"]",
            "logout_instance",
            json!({}),
        ),
        (
            "default = \"allow\"",
            "leave_group",
            json!({ "group": "12345@g.us" }),
        ),
        (
            "default = \"allow\"\n[mode]\nread_only = true",
            "logout_instance",
            json!({}),
        ),
        (
            "default = \"allow\"\n[risk.execute]\nrate_limit = { max = 1, window = 30 }",
            "open_session",
            json!({}),
        ),
    ];
    let mut said = String::new();
    for (rules, tool, arguments) in cases {
        let mut app = app::sandbox()
            .policy(&format!("version = \"1\"\n{rules}\n"))
            .start()
            .await;
        let mut result = app.call(tool, arguments.clone()).await;
        if result["isError"] == false {
            result = app.call(tool, arguments).await;
        }
        said += &format!("{}\n", text(&result));
        let error = &result["structuredContent"]["error"];
        assert!(
            error["next"].is_string() && error["reason"].is_string(),
            "{error}"
        );
        let line = app.audit().pop().unwrap();
        assert_eq!(line["verdict"], "refused");
        assert_eq!(line["code"], error["code"]);
        assert_eq!(line["rule"], error["rule"]);
        assert_eq!(line["outcome"], "none");
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn under_a_denying_policy_nothing_is_sent() {
    let denying = [
        "version = \"1\"\ndefault = \"deny\"\n",
        "version = \"1\"\ndefault = \"allow\"\n[tools.\"*\"]\naction = \"deny\"\n",
        "version = \"1\"\ndefault = \"allow\"\nhide = [\"*\"]\n",
        "{\"version\":\"1\",\"default\":\"deny\"}",
    ];
    for policy in denying {
        for era in BOTH {
            let mock = MockServer::start().await;
            for setup in [app::waha(&mock), app::green_api(&mock)] {
                let mut app = setup.policy(policy).era(era).start().await;
                let tools = app.backend.tools();
                for tool in tools.tools() {
                    let (name, arguments) = (tool.name, app::arguments(tool));
                    let result = app.call(name, arguments).await;
                    assert_eq!(result["isError"], true, "{name} under {policy}");
                }
            }
            assert!(
                mock.received_requests().await.unwrap().is_empty(),
                "{policy}"
            );
        }
    }
}

#[tokio::test]
async fn without_an_audit_only_reading_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    // A folder in the way, a file where a folder should be, a device that is full.
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
        assert!(
            result
                .to_string()
                .contains("could not be written to the audit")
        );
    }
}

#[tokio::test]
async fn without_an_audit_nobody_is_asked() {
    let mut app = app::sandbox().audit("/dev/full".into()).start().await;
    let result = app
        .call("leave_group", json!({ "group": "12345@g.us" }))
        .await;
    assert_eq!(code(&result), "audit-unavailable");
    assert!(app.questions.is_empty());
}

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

#[tokio::test]
async fn too_many_calls_at_once_are_refused() {
    // Sixty-four calls wait for a person; the next is told to wait.
    let policy = OPEN.replace(
        "enabled = true",
        "enabled = true\nprompts = { max = 100, window = \"minute\" }",
    );
    let mut app = app::sandbox()
        .person(Person::Silent)
        .policy(&policy)
        .start()
        .await;
    let call = json!({ "name": "leave_group", "arguments": { "group": "12345@g.us" } });
    for _ in 0..64 {
        app.begin("tools/call", call.clone()).await;
        assert_eq!(app.receive().await["method"], "elicitation/create");
    }
    let result = app.call("get_session", json!({})).await;
    assert_eq!(code(&result), "busy");
}
