//! Bodies of requests: how long they may take, how much they may hold, and what they say.

use std::time::Instant;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{process::*, *};

/// How long a body may take on which a mebibyte has been received, with some time to spare.
const LONGEST: Duration = Duration::from_secs(10 + 4 + 3);

const MEBIBYTE: usize = 1 << 20;

/// Sends the head of a POST request and the beginning of its body.
async fn half_sent(address: &str, token: &str, declared: usize, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Content-Length: {declared}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let body = vec![b' '; sent];
    // The server may have answered and hung up before it got everything.
    let _ = stream.write_all(&body).await;
    stream
}

/// The status of a response; 0 if the server hung up without one.
async fn status_of(mut stream: TcpStream) -> u16 {
    let mut start = [0; 12];
    match stream.read_exact(&mut start).await {
        Ok(_) => std::str::from_utf8(&start[9..]).unwrap().parse().unwrap(),
        Err(_) => 0,
    }
}

impl HttpServer {
    fn address(&self) -> &str {
        self.url
            .trim_start_matches("http://")
            .trim_end_matches("/mcp")
    }

    /// Posts this body as a client of a revision; returns the status and the response.
    async fn send_text(&self, era: app::Era, call: &str, body: String) -> (StatusCode, Value) {
        let session = match era {
            app::Era::Legacy => Some(self.open(ALICE).await),
            app::Era::Modern => None,
        };
        let mut request = self.post(ALICE, session.as_deref(), &json!({}));
        if era == app::Era::Modern {
            request = request
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", call);
        }
        let response = request.body(body).send().await.unwrap();
        (response.status(), last(response).await)
    }
}

#[tokio::test]
async fn the_head_alone_decides_who_may_send_a_body_and_how_large() {
    let site = HttpServer::start(&two()).await;
    for (token, declared, expected) in [
        ("wg_mallory", 1000, 401),
        (ALICE, 64 * MEBIBYTE, 413),
        (ALICE, usize::MAX >> 1, 413),
    ] {
        let stream = half_sent(site.address(), token, declared, 0).await;
        let status = timeout(Duration::from_secs(2), status_of(stream)).await;
        assert_eq!(status.unwrap(), expected, "{declared}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_answered_in_time() {
    let site = HttpServer::start(&two()).await;
    let start = Instant::now();
    let silent = half_sent(site.address(), ALICE, 1000, 10).await;
    let mut dripping = half_sent(site.address(), ALICE, 1000, 10).await;
    let drip = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if dripping.write_all(b" ").await.is_err() {
                return;
            }
        }
    };
    let silent = async {
        assert_eq!(timeout(LONGEST, status_of(silent)).await.unwrap(), 408);
    };
    let (_, dripped) = tokio::join!(silent, timeout(LONGEST, drip));
    dripped.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(9));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn half_sent_bodies_are_bounded_and_leave_room_for_others() {
    const MANY: usize = 250;
    const MAX_RESIDENT_KIB: usize = 150 * 1024;

    let site = HttpProcess::start(&[]);
    let mut streams = Vec::new();
    for _ in 0..MANY {
        streams.push(half_sent(&site.address, ALICE, 4 * MEBIBYTE, MEBIBYTE).await);
    }
    // What the system has buffered for the server gets there.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.unwrap().trim().trim_end_matches(" kB");
    // Another grant is served meanwhile.
    let other = site.post(CAROL, "tools/list", json!({}));
    let other = timeout(Duration::from_secs(2), other.send()).await;
    let answers = async {
        let mut found = Vec::new();
        for stream in streams {
            found.push(status_of(stream).await);
        }
        found
    };
    let answers = timeout(LONGEST, answers).await;
    drop(site);
    let resident: usize = resident.parse().unwrap();
    assert!(resident < MAX_RESIDENT_KIB, "{resident} KiB are resident");
    assert_eq!(other.unwrap().unwrap().status(), StatusCode::OK);
    let answers = answers.expect("each is answered or closed");
    let slow = answers.iter().filter(|status| **status == 408).count();
    assert!((1..64).contains(&slow), "{answers:?}");
    let known = |status: &u16| [0, 408, 503].contains(status);
    assert!(answers.iter().all(known), "{answers:?}");
}

#[tokio::test]
async fn what_is_not_json_rpc_is_a_bad_request() {
    let site = HttpServer::start(&two()).await;
    for (body, code) in [
        ("{bad", -32700),
        ("", -32700),
        ("[]", -32600),
        ("{}", -32600),
        ("5", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{}}",
            -32602,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"get_session\",\"_meta\":{\"a\":1,\"a\":2}}}",
            -32602,
        ),
        ("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.0,\"result\":{}}", -32600),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1,\"a\":2}}",
            -32600,
        ),
    ] {
        for era in app::BOTH {
            let (status, answer) = site.send_text(era, "get_session", body.to_owned()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{era:?} {body}: {answer}");
            assert_eq!(answer["error"]["code"], code, "{era:?} {body}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_name_that_stands_twice_in_arguments_is_a_bad_argument() {
    let site = HttpServer::start(&two()).await;
    for era in app::BOTH {
        let mut call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "send_message", "arguments": "ARGUMENTS" } });
        if era == app::Era::Modern {
            call["params"]["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let twice = r#"{"chat":"15552220001@c.us","text":"harmless","text":"other"}"#;
        let body = call.to_string().replace("\"ARGUMENTS\"", twice);
        let (status, answer) = site.send_text(era, "send_message", body).await;
        assert_eq!(status, StatusCode::OK);
        let result = &answer["result"];
        assert_eq!(app::code(result), "bad-arguments", "{era:?}: {answer}");
        assert!(app::text(result).contains("`text`"), "{answer}");
        assert_eq!(site.audit().last().unwrap()["code"], "bad-arguments");
    }
}

#[tokio::test]
async fn a_flood_of_initialized_leaves_no_tasks_behind() {
    let site = HttpServer::start(&two()).await;
    let session = site.open(ALICE).await;
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    for session in [Some(session.as_str()), None] {
        let send = async || {
            let request = site.post(ALICE, session, &ready);
            let request = match session {
                Some(_) => request,
                None => request.header("mcp-protocol-version", "2026-07-28"),
            };
            request.send().await.unwrap().text().await.unwrap();
        };
        let tasks = || {
            tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks()
        };
        send().await;
        let before = tasks();
        for _ in 0..200 {
            send().await;
        }
        assert!(tasks() <= before + 5, "{session:?}: {before}, {}", tasks());
    }
}
