//! What the gate refuses, and what each refusal says.

use serde_json::json;
use wiremock::MockServer;

use crate::app::{self, BOTH, OPEN, Person, code, text};

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
async fn too_many_questions_at_once_are_refused_and_hold_up_no_call() {
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
    assert_eq!(result["isError"], false);
    let result = app.call("leave_group", call["arguments"].clone()).await;
    assert_eq!(code(&result), "busy");
}
