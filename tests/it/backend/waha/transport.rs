//! What can go wrong on the way, whatever is called.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use whatsapp_guard::{
    backend::{Backend, Finding},
    config::{Config, SessionName, Timeouts, WahaAccount},
    media::MediaRules,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use super::*;
use crate::app::{self, code, text};

async fn list(answer: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    get(GROUPS)
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    call(&mock, "list_groups", json!({})).await
}

#[tokio::test]
async fn a_refusal_is_told_in_waha_s_own_words() {
    let html = "<html><body>It works</body></html>";
    for (what, answer, said, next) in [
        (
            "no key",
            refused(401, "Unauthorized"),
            "Unauthorized",
            "check WAHA_API_KEY",
        ),
        (
            "another's key",
            refused(403, "Forbidden"),
            "Forbidden",
            "the key may not do this",
        ),
        (
            "no such route",
            refused(404, "Cannot GET /api/default/groups"),
            "Cannot GET",
            "too old",
        ),
        (
            "old, stopped",
            refused(
                404,
                "We didn't find a session with name 'default'.\nPlease start",
            ),
            "We didn't find a session",
            "open_session",
        ),
        (
            "wrong state",
            wrong_state("STOPPED"),
            "(the session is STOPPED)",
            "open_session",
        ),
        (
            "no session",
            reply(
                422,
                json!({ "error": "Session \"default\" does not exist", "session": "default" }),
            ),
            "does not exist",
            "open_session",
        ),
        (
            "engine",
            refused(501, "The method is not implemented by 'GOWS' engine."),
            "not implemented by 'GOWS'",
            "another engine",
        ),
        (
            "rate limit",
            reply(
                500,
                json!({ "statusCode": 500, "exception": { "message": "rate-overlimit", "data": 429 } }),
            ),
            "rate-overlimit",
            "wait some minutes",
        ),
        (
            "several messages",
            reply(
                400,
                json!({ "statusCode": 400, "message": ["all must be a boolean value", "limit must be a number"], "error": "Bad Request" }),
            ),
            "all must be a boolean value; limit must be a number",
            "read the message",
        ),
        (
            "detail",
            reply(
                400,
                json!({ "detail": "'typing' presence requires 'chatId' field." }),
            ),
            "requires 'chatId'",
            "read the message",
        ),
        (
            "error as an object",
            reply(
                404,
                json!({ "error": { "code": 404, "key": "X", "message": "No such file" } }),
            ),
            "No such file",
            "check the id",
        ),
        (
            "an object without words",
            reply(400, json!({ "error": { "code": 400 }, "message": [] })),
            "Bad Request",
            "read the message",
        ),
        (
            "not JSON",
            ResponseTemplate::new(502).set_body_string(html),
            "Bad Gateway",
            "check the state",
        ),
        (
            "0 bytes",
            empty(503),
            "Service Unavailable",
            "check the state",
        ),
        (
            "hidden characters",
            refused(400, "a\u{202e}b\nc"),
            "a\\u{202e}b\\nc",
            "read the message",
        ),
        (
            "the key repeated",
            refused(400, &format!("key {SECRET} is bad")),
            "key [secret] is bad",
            "read the message",
        ),
    ] {
        let result = list(answer).await;
        assert_eq!(code(&result), "backend-refused", "{what}");
        assert!(text(&result).contains(said), "{what}: {result}");
        let error = &result["structuredContent"]["error"];
        assert!(
            error["next"].as_str().unwrap().contains(next),
            "{what}: {result}"
        );
        assert!(!result.to_string().contains(SECRET), "{what}");
        assert!(!result.to_string().contains("<html>"), "{what}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_told() {
    let large = vec![b' '; 10 * 1024 * 1024];
    for (answer, why) in [
        (
            ResponseTemplate::new(200).set_body_string("<html>private</html>"),
            "a list of groups is expected",
        ),
        (
            ResponseTemplate::new(200).set_body_string("[{\"id\": private"),
            "a list of groups is expected",
        ),
        (
            ResponseTemplate::new(200).set_body_bytes([0xff, 0xfe, 0x00]),
            "a list of groups is expected",
        ),
        (
            ResponseTemplate::new(200).set_body_bytes(large),
            "it is larger than 8 MiB",
        ),
    ] {
        let result = list(answer).await;
        assert_eq!(code(&result), "backend-unreadable");
        assert!(text(&result).contains(why), "{result}");
        assert!(!result.to_string().contains("private"));
    }
    for (answer, why) in [
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            "it is not JSON",
        ),
        (empty(200), "it is empty"),
        (
            reply(200, json!({ "status": 7 })),
            "a field is missing or of another type",
        ),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [answer]).await;
        let result = call(&mock, "get_session", json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
        assert!(text(&result).contains(why), "{result}");
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_named() {
    // A server of its own: those that are shared go on listening.
    let mock = MockServer::builder().start().await;
    let (uri, address) = (mock.uri(), *mock.address());
    let mut app = app::waha(&mock).start().await;
    drop(mock);
    let start = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(start.elapsed() < Duration::from_secs(5), "still listening");
        tokio::task::yield_now().await;
    }
    for (tool, arguments) in [("get_session", json!({})), ("logout_instance", json!({}))] {
        let result = app.call(tool, arguments).await;
        assert_eq!(code(&result), "backend-unreachable");
        assert!(
            text(&result).contains(&format!("WAHA could not be reached at {uri}: ")),
            "{result}"
        );
        assert!(text(&result).contains("doctor"), "{result}");
        assert!(!result.to_string().contains(SECRET));
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_not_waited_for() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING").set_delay(NEVER)]).await;
    let timeouts = Timeouts {
        answer: Duration::from_millis(100),
        ..patient()
    };
    let mut app = app::waha_with(&mock, timeouts).start().await;
    let start = Instant::now();
    let result = app.call("get_session", json!({})).await;
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(code(&result), "backend-unreachable");
    assert!(
        text(&result).contains("no answer within the time limit"),
        "{result}"
    );
}

#[tokio::test]
async fn a_change_without_a_readable_answer_is_not_called_undone() {
    let large = ResponseTemplate::new(201).set_body_bytes(vec![b' '; 10 * 1024 * 1024]);
    for (answer, why) in [
        (large, "larger than 8 MiB"),
        (empty(201).set_delay(NEVER), "no answer within"),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("SCAN_QR_CODE")]).await;
        // Once: what changes something is never sent again by itself.
        request("POST", "/api/default/auth/request-code")
            .respond_with(answer)
            .expect(1)
            .mount(&mock)
            .await;
        let timeouts = Timeouts {
            answer: Duration::from_millis(400),
            ..patient()
        };
        let mut app = app::waha_with(&mock, timeouts).start().await;
        let number = json!({ "phone_number": "+4915112345678" });
        let result = app.call("open_session", number).await;
        assert_eq!(code(&result), "outcome-unknown");
        assert!(text(&result).contains(why), "{result}");
        assert!(text(&result).contains("do not repeat the call"), "{result}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mock = MockServer::start().await;
    let elsewhere = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(reply(200, json!([])))
        .expect(0)
        .mount(&elsewhere)
        .await;
    let answer = empty(302).insert_header("Location", elsewhere.uri());
    get(GROUPS)
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    let result = call(&mock, "list_groups", json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("redirect"), "{result}");
}

async fn examine(base_url: String) -> Vec<Finding> {
    let account = WahaAccount {
        base_url: base_url.parse().unwrap(),
        api_key: Some(SECRET.into()),
        session: SessionName::parse("default").unwrap(),
        timeouts: patient(),
        media: MediaRules::default(),
    };
    Backend::new(&Config::Waha(account)).examine().await
}

const VERSION: &str = r#"{"version":"2024.10.8","engine":"NOWEB","tier":"CORE"}"#;

#[tokio::test]
async fn an_address_may_have_a_path() {
    for (base, prefix) in [
        ("", ""),
        ("/", ""),
        ("/waha", "/waha"),
        ("/waha/", "/waha"),
        ("/a%20b/waha/", "/a%20b/waha"),
    ] {
        let mock = MockServer::start().await;
        get(&format!("{prefix}/api/server/version"))
            .respond_with(ResponseTemplate::new(200).set_body_string(VERSION))
            .expect(1)
            .mount(&mock)
            .await;
        get(&format!("{prefix}{SESSION}"))
            .respond_with(session("WORKING"))
            .expect(1)
            .mount(&mock)
            .await;
        let findings = examine(format!("{}{base}", mock.uri())).await;
        assert!(
            findings.len() == 2 && findings.iter().all(|finding| finding.ok),
            "{findings:?}"
        );
        assert_eq!(
            findings[0].found,
            "WAHA 2024.10.8 (NOWEB) answers and accepts the key"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_found() {
    let mock = MockServer::start().await;
    get("/api/server/version")
        .respond_with(refused(401, "Unauthorized"))
        .mount(&mock)
        .await;
    let findings = examine(mock.uri()).await;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(!findings[0].ok && findings[0].found.contains("Unauthorized"));
    assert!(findings[0].next.as_ref().unwrap().contains("WAHA_API_KEY"));
}

#[tokio::test]
async fn a_read_whose_connection_breaks_is_tried_once_more() {
    for (breaks, ok) in [(1, true), (2, false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            for turn in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await.unwrap();
                if turn >= breaks {
                    let length = VERSION.len();
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{VERSION}"
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        let findings = examine(format!("http://{address}")).await;
        serving.abort();
        assert_eq!(findings[0].ok, ok, "{findings:?}");
    }
}
