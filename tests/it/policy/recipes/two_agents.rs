//! Two agents over HTTP, each with a token of its own.

use serde_json::{Value, json};
use whatsapp_guard::{http::auth, text::hex};
use wiremock::{Mock, MockServer, matchers::any};

use crate::{
    app,
    http::{ALICE, BOB, HttpServer},
    policy::presets::{answer, sends},
};

const POLICY: &str = include_str!("../../../../examples/policies/recipes/two-agents.toml");

/// The recipe with the digests of these tokens, for the reader and the writer.
fn with_tokens(reader: &str, writer: &str) -> String {
    let mut tokens = [reader, writer].into_iter();
    let lines = POLICY.lines().map(|line| match line.split_once(" = ") {
        Some(("token_sha256", _)) => {
            let digest = hex(&auth::digest(tokens.next().unwrap()));
            format!("token_sha256 = \"{digest}\"\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

fn outcome(result: &Value) -> &str {
    let code = &result["structuredContent"]["error"]["code"];
    code.as_str().unwrap_or("done")
}

#[tokio::test]
async fn each_agent_may_do_what_its_grant_says() {
    let (team, stranger) = ("+15551230000", "+15552220001");
    for is_waha in [true, false] {
        let mock = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&mock).await;
        let config = match is_waha {
            true => app::waha_config(&mock),
            false => app::green_api_config(&mock),
        };
        let site = HttpServer::with(config, &with_tokens(ALICE, BOB)).await;
        assert_eq!(site.initialize("wg_mallory").await.status(), 401);
        let (reader, writer) = (site.open(ALICE).await, site.open(BOB).await);
        for (token, session, tool, chat, wanted) in [
            (ALICE, &reader, "list_messages", stranger, "done"),
            (ALICE, &reader, "list_messages", team, "done"),
            (ALICE, &reader, "send_message", team, "denied-by-rule"),
            (BOB, &writer, "list_messages", stranger, "chat-not-readable"),
            (BOB, &writer, "list_messages", team, "done"),
            (BOB, &writer, "send_message", team, "done"),
            (BOB, &writer, "send_message", stranger, "recipient-unlisted"),
        ] {
            let mut arguments = json!({ "chat": chat });
            if tool == "send_message" {
                arguments["text"] = json!("Hi");
            }
            let result = site.call(token, session, tool, arguments).await;
            assert_eq!(
                outcome(&result),
                wanted,
                "WAHA: {is_waha}, {token} {tool} {chat}"
            );
        }
        for (token, session) in [(ALICE, &reader), (BOB, &writer)] {
            let result = site.call(token, session, "open_session", json!({})).await;
            assert_eq!(outcome(&result), "done", "{token}");
        }
        assert_eq!(sends(&mock).await, 1, "WAHA: {is_waha}");
    }
}
