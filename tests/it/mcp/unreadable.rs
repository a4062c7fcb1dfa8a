//! Lines that are no request are answered, and names that stand twice are found.

use serde_json::{Value, json};

use whatsapp_guard::media::MediaRules;

use crate::app::{self, BOTH, Era, Person, TestServer, code, text};

/// The largest media of these tests, in bytes.
const MAX_MEDIA_BYTES: usize = 4 << 20;

/// More than a line may have then: base64 of the media, and a mebibyte.
const TOO_LONG: usize = 8 << 20;

/// The next message of a server, without its words: the error's code and the id.
async fn error(app: &mut TestServer) -> (Value, Value) {
    let answer = app.receive().await;
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.ends_with('.') && message.len() < 300, "{message}");
    (answer["error"]["code"].clone(), answer["id"].clone())
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_with_the_id_where_it_can_be_found() {
    let cases: [(&[u8], i32, Value); 20] = [
        (b"no JSON", -32700, Value::Null),
        (b"{", -32700, Value::Null),
        (b"\x00\x01", -32700, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":", -32700, json!(7)),
        (b"{\"method\":\"tools/list\",\"params\":{oops},\"jsonrpc\":\"2.0\",\"id\":\"x-9\"}", -32700, json!("x-9")),
        (b"{\"method\":\"tools/list\",\"params\":{oops},\"jsonrpc\":\"2.0\", \"id\" : 12 } ", -32700, json!(12)),
        // This id belongs to another object.
        (b"{\"method\":\"tools/list\",\"params\":{oops,\"id\":12}}", -32700, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\",\"params\":{\"x\":\"\xff\"}}", -32700, json!(3)),
        (b"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/list\"} {}", -32700, json!(4)),
        (b"[]", -32600, Value::Null),
        (b"5", -32600, Value::Null),
        (b"{}", -32600, Value::Null),
        (b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":8}", -32600, json!(8)),
        (b"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"tools/list\"}", -32600, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":5}", -32600, json!(9)),
        (b"{\"jsonrpc\":\"1.0\",\"id\":10,\"method\":\"tools/list\"}", -32600, json!(10)),
        (b"{\"jsonrpc\":\"2.0\",\"id\":11,\"method\":\"tools/list\",\"result\":{}}", -32600, json!(11)),
        (b"{\"jsonrpc\":\"2.0\",\"id\":12,\"method\":\"tools/call\",\"params\":{\"name\":5}}", -32602, json!(12)),
        (b"{\"jsonrpc\":\"2.0\",\"id\":13,\"method\":\"tools/call\",\"params\":{\"name\":\"get_session\",\"name\":\"logout_instance\"}}", -32602, json!(13)),
    ];
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        for (line, code, id) in &cases {
            app.send_bytes(line).await;
            app.send_bytes(b"\n").await;
            let shown = String::from_utf8_lossy(line);
            let found = error(&mut app).await;
            assert_eq!(found, (json!(code), id.clone()), "{era:?}: {shown}");
        }
        let result = app.call("get_session", json!({})).await;
        assert_eq!(result["isError"], false, "{era:?}");
    }
}

#[tokio::test]
async fn notifications_responses_and_empty_lines_are_never_answered() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).start().await;
        for line in [
            "",
            " \t\r",
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nobody_knows\"}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":5}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":5}}",
            "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}",
            "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":5}",
            "{\"jsonrpc\":\"2.0\",\"id\":77,\"error\":5}",
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"an echo\"}}",
        ] {
            app.send_line(line).await;
        }
        let result = app.call("get_session", json!({})).await;
        assert_eq!(result["isError"], false, "{era:?}");
    }
}

#[tokio::test]
async fn a_line_above_the_limit_is_answered_and_the_next_one_works() {
    let long = "x".repeat(TOO_LONG);
    for (era, start, end, id) in [
        (Era::Legacy, "{\"id\":21,\"x\":\"", "\"}", json!(21)),
        (Era::Modern, "{\"x\":\"", "\",\"id\":\"a\"}", json!("a")),
        (Era::Modern, "", "", Value::Null),
    ] {
        let media = MediaRules::new(None, MAX_MEDIA_BYTES);
        let mut app = app::sandbox_with_media(media).era(era).start().await;
        app.send_line(&format!("{start}{long}{end}")).await;
        assert_eq!(error(&mut app).await, (json!(-32700), id), "{start}");
        assert!(!app.listed().await.is_empty(), "{era:?}");
    }
}

#[tokio::test]
async fn the_largest_media_fits_in_a_line() {
    use base64::{Engine, engine::general_purpose::STANDARD};

    // The default, and what a message may have because of it.
    let app = app::sandbox().start().await;
    assert_eq!(
        app.server.max_message_bytes(),
        (16 << 20) / 3 * 4 + 4 + (1 << 20)
    );
    let media = MediaRules::new(None, MAX_MEDIA_BYTES);
    let mut app = app::sandbox_with_media(media).linked().await;
    let content = [b"%PDF-".as_slice(), &vec![b' '; MAX_MEDIA_BYTES - 5]].concat();
    let media = json!({ "base64": STANDARD.encode(content), "mime": "application/pdf" });
    let to = json!({ "chat": "15552220001@c.us", "media": media });
    let result = app.call("send_media", to).await;
    assert_eq!(result["isError"], false, "{}", text(&result));
}

/// Arguments in which a name stands twice, and that name.
const REPEATED: [(&str, &str, &str); 4] = [
    (
        "send_message",
        r#"{"chat":"15552220001@c.us","text":"harmless","text":"other"}"#,
        "`text`",
    ),
    (
        "send_message",
        r#"{"chat":"15552220001@c.us","text":"harmless","te\u0078t":"other"}"#,
        "`text`",
    ),
    (
        "send_media",
        r#"{"chat":"15552220001@c.us","media":{"path":"a","path":"b"}}"#,
        "`path`",
    ),
    (
        "create_group",
        r#"{"subject":"x","members":[[{"a":{"b":1,"b":1}}]]}"#,
        "`b`",
    ),
];

#[tokio::test]
async fn a_name_that_stands_twice_in_arguments_is_a_bad_argument() {
    for era in BOTH {
        let mut app = app::sandbox().era(era).linked().await;
        for (tool, arguments, name) in REPEATED {
            let mut call = json!({ "jsonrpc": "2.0", "id": 900, "method": "tools/call",
                "params": { "name": tool, "arguments": "ARGUMENTS" } });
            if era == Era::Modern {
                call["params"]["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
            }
            let line = call.to_string().replace("\"ARGUMENTS\"", arguments);
            app.send_line(&line).await;
            let answer = app.end(900).await;
            let result = &answer["result"];
            assert_eq!(code(result), "bad-arguments", "{era:?}: {answer}");
            assert!(text(result).contains(name), "{}", text(result));
            let audit = app.audit();
            assert_eq!(audit.last().unwrap()["code"], "bad-arguments");
            assert_eq!(audit.last().unwrap()["tool"], tool);
        }
    }
}

#[tokio::test]
async fn a_name_that_stands_twice_beside_the_arguments_is_a_malformed_call() {
    let version = "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"";
    let other = "\"io.modelcontextprotocol/protocolVersion\":\"2025-11-25\"";
    let capabilities = "\"io.modelcontextprotocol/clientCapabilities\":{}";
    let no = "{\"action\":\"decline\"}";
    let yes = "{\"action\":\"accept\",\"content\":{\"decision\":\"yes\"}}";
    for (number, part) in [
        format!("\"_meta\":{{{version},{capabilities},{other}}}"),
        format!("\"_meta\":{{{version},{capabilities},\"x\":[{{\"a\":1,\"\\u0061\":2}}]}}"),
        format!("\"_meta\":{{{version},{capabilities}}},\"inputResponses\":{{\"confirm\":{no},\"confirm\":{yes}}}"),
        format!("\"_meta\":{{{version},{capabilities}}},\"inputResponses\":{{\"confirm\":{{\"action\":\"accept\",\"content\":{{\"decision\":\"no\",\"decision\":\"yes\"}}}}}}"),
    ]
    .iter()
    .enumerate()
    {
        let mut app = app::sandbox().era(Era::Modern).start().await;
        app.send_line(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{number},\"method\":\"tools/call\",\"params\":{{\"name\":\"get_session\",\"arguments\":{{}},{part}}}}}")).await;
        assert_eq!(error(&mut app).await, (json!(-32602), json!(number)), "{part}");
        assert!(app.audit().is_empty(), "{part}");
    }
}

#[tokio::test]
async fn only_the_id_of_a_question_answers_it() {
    let mut app = app::sandbox().person(Person::Silent).linked().await;
    let leave = json!({ "group": "120363000000000002@g.us" });
    let call = app
        .begin(
            "tools/call",
            json!({ "name": "leave_group", "arguments": leave }),
        )
        .await;
    let question = app.receive().await;
    let id = question["id"].as_u64().expect("a number");
    let yes = json!({ "action": "accept", "content": { "decision": "yes" } });
    let no = json!({ "action": "decline" });
    let twice = yes.to_string().replace("}}", ",\"decision\":\"yes\"}}");
    for (id, answer) in [
        (format!("\"{id}\""), yes.to_string()),
        (format!("\"0{id}\""), yes.to_string()),
        (format!("\" {id}\""), yes.to_string()),
        (format!("{id}.0"), yes.to_string()),
        (format!("{id}e0"), yes.to_string()),
        (format!("{id}"), twice),
    ] {
        app.send_line(&format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{answer}}}"
        ))
        .await;
        app.listed_beside(call).await;
    }
    app.send_line(&format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{no}}}"
    ))
    .await;
    let ended = app.end(call).await;
    assert_eq!(code(&ended["result"]), "declined", "{ended}");
}
