//! The protocol: bad input, odd lines, what is offered and what is not.

use serde_json::json;
use tokio::runtime::Handle;

use crate::app::{self, BOTH, Era, code, error_code, text};

#[tokio::test]
async fn bad_arguments_are_named_with_what_would_be_right() {
    let cases = [
        ("get_group", json!({})),
        ("get_group", json!({ "group": 5 })),
        ("get_group", json!({ "group": "15552223333@c.us" })),
        ("get_group", json!({ "group": "120363@newsletter" })),
        (
            "get_group",
            json!({ "group": "../../sessions/default/logout" }),
        ),
        (
            "get_group",
            json!({ "group": "120363025246125486@g.us", "gruop": 1 }),
        ),
        ("list_groups", json!({ "limit": -1 })),
        ("list_groups", json!({ "limit": "many" })),
        ("open_session", json!({ "phone_number": "0151 23" })),
        (
            "open_session",
            json!({ "phone_number": null, "phone": "1" }),
        ),
        ("logout_instance", json!({ "force": true })),
    ];
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        let mut said = String::new();
        for (tool, arguments) in &cases {
            let result = app.call(tool, arguments.clone()).await;
            assert_eq!(code(&result), "bad-arguments", "{result}");
            said += &format!("{tool} {arguments}\n  {}\n", text(&result));
        }
        insta::allow_duplicates! { insta::assert_snapshot!(said); }
    }
}

#[tokio::test]
async fn an_unknown_tool_is_an_error_of_the_protocol() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        for (tool, next) in [
            ("leave_grup", "did you mean `leave_group`?"),
            ("no_tool_at_all", "tools/list has all tools"),
        ] {
            let call = json!({ "name": tool, "arguments": {} });
            let answer = app.request("tools/call", call).await;
            assert_eq!(error_code(&answer), "unknown-tool");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.starts_with("[sandbox:"), "{message}");
            assert!(message.contains(&format!("there is no tool `{tool}`; {next}")));
            assert!(answer["error"]["data"]["notice"].is_string());
        }
        assert_eq!(app.audit()[1]["code"], "unknown-tool");
    }
}

#[tokio::test]
async fn hostile_arguments_stay_short_in_the_answer() {
    let mut app = app::sandbox().start().await;
    let long = "x".repeat(1_000_000);
    for arguments in [
        json!({ "group": long }),
        json!({ "\u{202e}".repeat(1000): 1 }),
    ] {
        let result = app.call("get_group", arguments).await;
        assert!(result.to_string().len() < 3000);
        assert!(!text(&result).contains('\u{202e}'));
    }
    let call = json!({ "name": long, "arguments": {} });
    let answer = app.request("tools/call", call).await;
    assert_eq!(error_code(&answer), "unknown-tool");
    assert!(answer.to_string().len() < 3000);
}

#[tokio::test]
async fn what_comes_before_the_first_request_is_skipped() {
    let mut app = app::sandbox().era(Era::Modern).start().await;
    app.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
        .await;
    app.send(&json!({ "jsonrpc": "2.0", "id": 9, "result": {} }))
        .await;
    let answer = app.request("server/discover", json!({})).await;
    assert!(
        answer["result"]["supportedVersions"]
            .as_array()
            .unwrap()
            .contains(&"2026-07-28".into())
    );
    app.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
        .await;
    assert!(app.listed().await.contains(&"get_session".to_owned()));
}

#[tokio::test]
async fn a_flood_of_initialized_leaves_no_tasks_behind() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        app.listed().await;
        app.send(&ready).await;
        app.listed().await;
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let before = tasks();
        for _ in 0..200 {
            app.send(&ready).await;
        }
        app.listed().await;
        assert!(tasks() <= before + 2, "{era:?}: {before}, then {}", tasks());
    }
}

#[tokio::test]
async fn a_probe_followed_by_initialize_works() {
    let mut app = app::sandbox().era(Era::Modern).start().await;
    app.request("server/discover", json!({})).await;
    let hello = json!({
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" },
    });
    app.send(&json!({ "jsonrpc": "2.0", "id": 99, "method": "initialize", "params": hello }))
        .await;
    let answer = app.receive().await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(answer["result"]["serverInfo"]["name"], "whatsapp-guard");
}

#[tokio::test]
async fn what_is_not_offered_is_not_there() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        let completion = json!({
            "ref": { "type": "ref/prompt", "name": "draft_reply" },
            "argument": { "name": "chat", "value": "M" },
        });
        for (method, params) in [
            ("completion/complete", completion),
            (
                "resources/subscribe",
                json!({ "uri": "whatsapp://session" }),
            ),
            ("nobody/knows", json!({})),
        ] {
            let answer = app.request(method, params).await;
            assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
        }
    }
}

#[tokio::test]
async fn what_is_offered_is_declared() {
    let mut app = app::sandbox().era(Era::Modern).start().await;
    let answer = app.request("server/discover", json!({})).await;
    let changing = json!({ "listChanged": true });
    let offered = json!({ "prompts": changing, "resources": changing, "tools": changing });
    assert_eq!(answer["result"]["capabilities"], offered);
}

#[tokio::test]
async fn the_sandbox_says_so_everywhere() {
    let mut app = app::sandbox().era(Era::Modern).start().await;
    let answer = app.request("server/discover", json!({})).await;
    assert!(
        answer["result"]["instructions"]
            .as_str()
            .unwrap()
            .contains("simulated WhatsApp")
    );
    for tool in ["get_session", "open_session", "logout_instance"] {
        let result = app.call(tool, json!({})).await;
        assert!(text(&result).starts_with("[sandbox: "), "{result}");
        assert!(
            result["structuredContent"]["notice"]
                .as_str()
                .unwrap()
                .starts_with("sandbox: ")
        );
    }
    let result = app.call("list_groups", json!({})).await;
    assert!(text(&result).contains("sandbox"), "{}", text(&result));
}

#[tokio::test]
async fn the_list_is_private_to_the_client() {
    let mut app = app::sandbox().era(Era::Modern).start().await;
    for method in [
        "tools/list",
        "resources/list",
        "resources/templates/list",
        "prompts/list",
    ] {
        let answer = app.request(method, json!({})).await;
        assert_eq!(answer["result"]["cacheScope"], "private", "{method}");
        assert!(answer["result"]["ttlMs"].is_u64());
        assert_eq!(answer["result"]["resultType"], "complete");
    }
}

#[tokio::test]
async fn progress_is_told_to_who_asks_for_it() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        let call =
            json!({ "name": "open_session", "arguments": {}, "_meta": { "progressToken": "p1" } });
        let result = app.call_once(call).await;
        assert_eq!(result["result"]["isError"], false);
        assert_eq!(
            app.progress[0],
            json!({ "progressToken": "p1", "progress": 1.0, "message": "starting the session" })
        );
    }
}

#[tokio::test]
async fn an_answer_holds_text_picture_and_structure() {
    let mut app = app::sandbox().start().await;
    let result = app.call("open_session", json!({})).await;
    let content = result["content"].as_array().unwrap();
    assert_eq!(content[0]["type"], "text");
    assert!(content[0]["text"].as_str().unwrap().contains('█'));
    assert_eq!(
        (&content[1]["type"], &content[1]["mimeType"]),
        (&json!("image"), &json!("image/png"))
    );
    assert!(
        result["structuredContent"]["qr"]["expires_at"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
}
