//! What one grant has under way leaves room for the others.

use std::time::Instant;

use whatsapp_guard::config::Timeouts;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, path_regex},
};

use super::*;

/// The most calls of one grant at a time, and the most of its questions.
const MAX_OF_ONE_GRANT: usize = 64;

/// In which time a read of an idle back end is answered.
const PROMPT: Duration = Duration::from_millis(50);

/// The policy of [`two`] without a practical limit on questions.
fn asking_much() -> String {
    two().replace(
        "enabled = true",
        "enabled = true\nprompts = { max = 1000, window = \"minute\" }",
    )
}

/// A WAHA that tells the session at once, and everything else long after any test.
async fn slow() -> (MockServer, HttpServer) {
    let mock = MockServer::start().await;
    let session =
        json!({ "name": "default", "status": "WORKING", "me": { "id": "15550001111@c.us" } });
    Mock::given(method("GET"))
        .and(path("/api/sessions/default"))
        .respond_with(ResponseTemplate::new(200).set_body_json(session))
        .mount(&mock)
        .await;
    Mock::given(path_regex("^/api/(default/chats|sendText)"))
        .respond_with(ResponseTemplate::new(200).set_delay(PATIENCE * 6))
        .mount(&mock)
        .await;
    let timeouts = Timeouts {
        answer: PATIENCE * 6,
        ..app::timeouts()
    };
    let mut config = app::waha_config(&mock);
    config.timeouts = timeouts;
    let site = HttpServer::with(config, &asking_much()).await;
    (mock, site)
}

/// Waits until the API has got this many requests that it answers late.
async fn received(mock: &MockServer, many: usize) {
    let arrived = async {
        loop {
            let requests = mock.received_requests().await.unwrap();
            let late = |path: &str| path != "/api/sessions/default";
            let late = requests.iter().filter(|one| late(one.url.path()));
            if late.count() >= many {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, arrived).await.unwrap();
}

impl HttpServer {
    /// The code of a refused `get_session`, or how long the fastest of five took.
    async fn read_session(&self, token: &str) -> Result<Duration, Value> {
        let mut fastest = PATIENCE;
        for _ in 0..5 {
            let start = Instant::now();
            let call = json!({ "name": "get_session", "arguments": {} });
            let read = self.modern(token, "tools/call", call, Some("get_session"));
            let (_, answer) = read.await;
            if answer["result"]["isError"] != false {
                return Err(answer["result"]["structuredContent"]["error"]["code"].clone());
            }
            fastest = fastest.min(start.elapsed());
        }
        Ok(fastest)
    }

    /// Whether `get_session` is answered promptly.
    async fn is_prompt(&self, token: &str) {
        let read = self.read_session(token).await;
        assert!(read.as_ref().is_ok_and(|time| *time < PROMPT), "{read:?}");
    }

    /// Begins a call of revision 2026-07-28 and does not wait for its end.
    fn begin(
        self: &Arc<Self>,
        token: &'static str,
        tool: &'static str,
        arguments: Value,
    ) -> JoinHandle<(StatusCode, Value)> {
        let site = self.clone();
        tokio::spawn(async move {
            let call = json!({ "name": tool, "arguments": arguments });
            site.modern(token, "tools/call", call, Some(tool)).await
        })
    }

    /// Begins as many slow reads as a grant may have.
    async fn begin_reads(
        self: &Arc<Self>,
        mock: &MockServer,
        token: &'static str,
    ) -> Vec<JoinHandle<(StatusCode, Value)>> {
        let reads = (0..MAX_OF_ONE_GRANT).map(|_| self.begin(token, "list_chats", json!({})));
        let reads = reads.collect();
        received(mock, MAX_OF_ONE_GRANT).await;
        reads
    }
}

#[tokio::test]
async fn slow_reads_of_one_grant_leave_room_for_another() {
    let (mock, site) = slow().await;
    let site = Arc::new(site);
    let reads = site.begin_reads(&mock, ALICE).await;
    site.is_prompt(BOB).await;
    assert_eq!(site.read_session(ALICE).await, Err(json!("busy")));
    reads.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn a_client_that_hangs_up_gives_its_places_back() {
    let (mock, site) = slow().await;
    let site = Arc::new(site);
    for read in site.begin_reads(&mock, ALICE).await {
        read.abort();
    }
    let again = async {
        while site.read_session(ALICE).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE / 2, again).await.unwrap();
}

/// A request of a session before 2026-07-28 whose answer nobody waits for.
async fn post(site: &HttpServer, session: &str, number: usize, params: &Value) -> Response {
    let body = json!({ "jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params });
    let sent = site.post(ALICE, Some(session), &body).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::OK);
    sent
}

#[tokio::test]
async fn cancelled_calls_give_their_places_back() {
    let (mock, site) = slow().await;
    let session = site.open(ALICE).await;
    let send = |number: usize| json!({ "name": "send_message", "arguments": { "chat": "15552223333@c.us", "text": format!("{number}") } });
    let read = |_| json!({ "name": "list_chats", "arguments": {} });
    let kinds: [&dyn Fn(usize) -> Value; 2] = [&send, &read];
    for (kind, call) in kinds.into_iter().enumerate() {
        let numbers = kind * MAX_OF_ONE_GRANT..(kind + 1) * MAX_OF_ONE_GRANT;
        let mut calls = Vec::new();
        for number in numbers.clone() {
            calls.push(post(&site, &session, number, &call(number)).await);
        }
        received(&mock, numbers.end).await;
        assert_eq!(site.read_session(ALICE).await, Err(json!("busy")));
        for number in numbers {
            let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": number } });
            let cancelled = site.post(ALICE, Some(&session), &cancel).send().await;
            assert_eq!(cancelled.unwrap().status(), StatusCode::ACCEPTED);
        }
        let again = async {
            while site.read_session(ALICE).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE / 2, again).await.unwrap();
    }
    // A message that may have been sent is in the audit as such, not as cancelled.
    let sends = site.audit().into_iter();
    let sends = sends.filter(|line| line["tool"] == "send_message");
    assert_eq!(sends.count(), 0, "a send that is under way has not ended");
}

#[tokio::test]
async fn open_questions_hold_no_place_of_running_calls() {
    let site = HttpServer::start(&asking_much()).await;
    let session = site.open(ALICE).await;
    let leave =
        json!({ "name": "leave_group", "arguments": { "group": "120363000000000002@g.us" } });
    let mut questions = Vec::new();
    for number in 0..MAX_OF_ONE_GRANT {
        let mut call = post(&site, &session, number, &leave).await;
        read_until(&mut call, "elicitation/create").await;
        questions.push(call);
    }
    site.is_prompt(BOB).await;
    site.is_prompt(ALICE).await;
    // The next question is refused before a person sees it.
    let refused = post(&site, &session, MAX_OF_ONE_GRANT, &leave).await;
    let refused = last(refused).await["result"]["structuredContent"]["error"].clone();
    assert_eq!(refused["code"], "busy", "{refused}");
    // Bob still asks and is answered.
    let bobs = site.open(BOB).await;
    let (call, question) = site.ask(BOB, &bobs).await;
    let answered = site.answer(BOB, &bobs, &question, "no").await;
    assert_eq!(answered, StatusCode::ACCEPTED);
    let ended = last(call).await["result"]["structuredContent"]["error"]["code"].clone();
    assert_eq!(ended, "declined");
}

#[tokio::test]
async fn a_persons_answer_counts_while_all_places_are_taken() {
    let (mock, site) = slow().await;
    let site = Arc::new(site);
    let session = site.open(ALICE).await;
    let (call, question) = site.ask(ALICE, &session).await;
    let reads = site.begin_reads(&mock, ALICE).await;
    let answered = site.answer(ALICE, &session, &question, "no").await;
    assert_eq!(answered, StatusCode::ACCEPTED);
    let ended = last(call).await["result"]["structuredContent"]["error"]["code"].clone();
    assert_eq!(ended, "declined");
    reads.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn questions_are_counted_by_grant() {
    let policy = two().replace(
        "enabled = true",
        "enabled = true\nprompts = { max = 1, window = \"hour\" }",
    );
    let site = HttpServer::start(&policy).await;
    site.ask_modern(ALICE).await;
    let call =
        json!({ "name": "leave_group", "arguments": { "group": "120363000000000002@g.us" } });
    let again = site.modern(ALICE, "tools/call", call, Some("leave_group"));
    let (_, again) = again.await;
    let code = &again["result"]["structuredContent"]["error"]["code"];
    assert_eq!(code, "prompts-exhausted");
    site.ask_modern(BOB).await;
}

#[tokio::test]
async fn streams_of_one_grant_leave_room_for_anothers_sessions() {
    let site = HttpServer::bounded(&two(), 8).await;
    let mut streams = Vec::new();
    loop {
        let opened = site.initialize(ALICE).await;
        if opened.status() == StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
        let session = opened.headers()["mcp-session-id"]
            .to_str()
            .unwrap()
            .to_owned();
        last(opened).await;
        streams.push(site.listen(ALICE, &session).await);
    }
    assert_eq!(streams.len(), 4, "half of all sessions");
    let bobs = site.open(BOB).await;
    assert_eq!(site.status(BOB, &bobs).await, StatusCode::OK);
}

/// Connects from an address of this machine; returns whether the server keeps the connection.
#[cfg(target_os = "linux")]
async fn connect(from: [u8; 4], to: std::net::SocketAddr) -> Option<tokio::net::TcpStream> {
    use tokio::io::AsyncReadExt;

    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let closed = timeout(Duration::from_millis(200), stream.read(&mut [0])).await;
    closed.is_err().then_some(stream)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_from_one_address_leave_room_for_another() {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
        .with_max_connections(4);
    let to = listener.address().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(axum::Router::new(), stop.clone()));
    let (one, other) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    let mut kept = vec![connect(one, to).await, connect(one, to).await];
    assert!(kept.iter().all(Option::is_some));
    assert!(connect(one, to).await.is_none());
    kept.push(connect(other, to).await);
    assert!(kept.iter().all(Option::is_some));
    // What is closed is free again.
    kept.clear();
    let again = async { while connect(one, to).await.is_none() {} };
    timeout(PATIENCE, again).await.unwrap();
    stop.cancel();
    serving.await.unwrap();
}
