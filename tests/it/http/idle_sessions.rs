//! Sessions that are not used are put to sleep and woken, and nobody notices.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::HeaderMap;

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Few places, so that sessions sleep soon.
const FEW: Room = Room { awake: 4, all: 40 };

/// A list request; no two that are under way at once have the same number.
fn list() -> Value {
    static NUMBER: AtomicU64 = AtomicU64::new(100);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    json!({ "jsonrpc": "2.0", "id": number, "method": "tools/list" })
}

/// A policy that shows less.
fn stricter() -> Policy {
    let text = two().replace("default", "hide = [\"delete_session\"]\ndefault");
    Policy::from_toml("policy.toml", &text).unwrap()
}

/// How many tools a session lists.
async fn listed(site: &Site, session: &str) -> usize {
    let response = site.post(ALICE, Some(session), &list()).send().await;
    let response = response.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let answer = last(response).await;
    answer["result"]["tools"].as_array().unwrap().len()
}

async fn status(site: &Site, token: &str, session: &str) -> StatusCode {
    let request = site.post(token, Some(session), &list());
    request.send().await.unwrap().status()
}

async fn open_some(site: &Site, many: usize) -> Vec<String> {
    let mut sessions = Vec::new();
    for _ in 0..many {
        sessions.push(site.open(ALICE).await);
    }
    sessions
}

/// The stream that a server sends to without being asked.
async fn stream(site: &Site, session: &str) -> Response {
    listening(site, session, HeaderMap::new()).await
}

/// The same, after what was heard last.
async fn resumed(site: &Site, session: &str, last: &str) -> Response {
    let mut head = HeaderMap::new();
    head.insert("last-event-id", last.parse().unwrap());
    listening(site, session, head).await
}

async fn listening(site: &Site, session: &str, head: HeaderMap) -> Response {
    let request = client().get(&site.url).bearer_auth(ALICE);
    let request = request
        .headers(head)
        .header(header::ACCEPT, "text/event-stream")
        .header("mcp-session-id", session)
        .header("mcp-protocol-version", "2025-11-25");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response
}

/// Reads on until something is said, and gives all that was.
async fn told(response: &mut Response, wanted: &str) -> String {
    let mut text = String::new();
    while !text.lines().any(|line| line.contains(wanted)) {
        let chunk = timeout(PATIENCE, response.chunk()).await.unwrap().unwrap();
        text += std::str::from_utf8(&chunk.unwrap()).unwrap();
    }
    text
}

/// What is still said on a stream until its session is deleted.
async fn rest(site: &Site, session: &str, mut response: Response) -> String {
    // Whatever was on its way is there when this is answered.
    listed(site, session).await;
    delete(site, session).await;
    let mut text = String::new();
    while let Some(chunk) = timeout(PATIENCE, response.chunk()).await.unwrap().unwrap() {
        text += std::str::from_utf8(&chunk).unwrap();
    }
    text
}

async fn delete(site: &Site, session: &str) {
    let request = client().delete(&site.url).bearer_auth(ALICE);
    let request = request.header("mcp-session-id", session);
    assert!(request.send().await.unwrap().status().is_success());
}

/// The line in which something is said.
async fn said(response: &mut Response, wanted: &str) -> String {
    let text = told(response, wanted).await;
    let line = text.lines().find(|line| line.contains(wanted)).unwrap();
    line.strip_prefix("data: ").unwrap().to_owned()
}

/// A call that a person is asked about, and the question's number.
async fn asked(site: &Site, session: &str) -> (Response, Value) {
    let body = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
        "name": "leave_group", "arguments": { "group": "120363000000000002@g.us" },
    } });
    let response = site.post(ALICE, Some(session), &body).send().await;
    let mut response = response.unwrap();
    let question = said(&mut response, "elicitation/create").await;
    let question: Value = serde_json::from_str(&question).unwrap();
    (response, question["id"].clone())
}

async fn answer(site: &Site, session: &str, question: &Value, decision: &str) {
    let body = json!({ "jsonrpc": "2.0", "id": question, "result": {
        "action": "accept", "content": { "decision": decision },
    } });
    let response = site.post(ALICE, Some(session), &body).send().await;
    assert_eq!(response.unwrap().status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn all_sessions_stay_usable_and_few_are_awake() {
    let site = Site::roomy(&two(), FEW).await;
    let sessions = open_some(&site, 7).await;
    assert!(site.sessions.awake() <= FEW.awake + 1);
    let tools = listed(&site, &sessions[0]).await;
    for _ in 0..2 {
        for session in &sessions {
            assert_eq!(listed(&site, session).await, tools);
            let got = site.call(ALICE, session, "get_session", json!({})).await;
            assert_eq!(got["isError"], false, "{got}");
        }
    }
    assert!(site.sessions.awake() <= FEW.awake + 1);
    // Waking is not a call, and the client is known by its name.
    let audit = site.audit();
    assert_eq!(audit.len(), 14, "{audit:?}");
    assert!(
        audit
            .iter()
            .all(|line| line["client"] == audit[0]["client"])
    );
}

#[tokio::test]
async fn a_limit_by_session_holds_across_its_sleep() {
    let policy = format!(
        "{}\n[[tools.get_session.limits]]\nmax = 1\nwindow = \"hour\"\nscope = \"session\"\n",
        two()
    );
    let site = Site::roomy(&policy, FEW).await;
    let sessions = open_some(&site, 2).await;
    let get = async |session: &str| {
        let got = site.call(ALICE, session, "get_session", json!({})).await;
        got["structuredContent"]["error"]["code"].clone()
    };
    assert_eq!(get(&sessions[0]).await, Value::Null);
    open_some(&site, 6).await;
    assert!(site.sessions.sleeps(&sessions[0]));
    assert_eq!(get(&sessions[0]).await, "rate-limited");
    assert_eq!(get(&sessions[1]).await, Value::Null);
}

#[tokio::test]
async fn a_session_with_an_open_question_stays_awake() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    let (response, question) = asked(&site, &session).await;
    open_some(&site, 7).await;
    assert!(!site.sessions.sleeps(&session));
    answer(&site, &session, &question, "no").await;
    let result = last(response).await["result"].clone();
    assert_eq!(app_code(&result), "declined", "{result}");
    open_some(&site, 5).await;
    assert!(site.sessions.sleeps(&session));
}

#[tokio::test]
async fn a_question_keeps_its_session_awake_when_the_client_leaves() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    let (response, question) = asked(&site, &session).await;
    drop(response);
    open_some(&site, 7).await;
    assert!(!site.sessions.sleeps(&session));
    answer(&site, &session, &question, "no").await;
    while !site.sessions.sleeps(&session) {
        open_some(&site, 1).await;
    }
    assert_eq!(site.audit().len(), 1);
}

#[tokio::test]
async fn an_answer_to_an_earlier_question_answers_no_later_one() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    let (response, first) = asked(&site, &session).await;
    answer(&site, &session, &first, "no").await;
    last(response).await;
    open_some(&site, 7).await;
    assert!(site.sessions.sleeps(&session));
    let (response, second) = asked(&site, &session).await;
    assert_ne!(first, second);
    answer(&site, &session, &first, "yes").await;
    answer(&site, &session, &second, "no").await;
    let result = last(response).await["result"].clone();
    assert_eq!(app_code(&result), "declined", "{result}");
}

#[tokio::test]
async fn a_session_with_a_stream_stays_awake() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    let mut stream = stream(&site, &session).await;
    open_some(&site, 7).await;
    assert!(!site.sessions.sleeps(&session));
    site.server.replace(stricter());
    said(&mut stream, "notifications/tools/list_changed").await;
}

#[tokio::test]
async fn a_change_during_its_sleep_is_told_on_waking() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    listed(&site, &session).await;
    open_some(&site, 7).await;
    assert!(site.sessions.sleeps(&session));
    site.server.replace(stricter());
    let mut stream = stream(&site, &session).await;
    said(&mut stream, "notifications/tools/list_changed").await;
}

#[tokio::test]
async fn a_change_that_nobody_heard_is_told_on_waking() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    listed(&site, &session).await;
    site.server.replace(stricter());
    open_some(&site, 7).await;
    assert!(site.sessions.sleeps(&session));
    // A client that had been told of things before, which counted from 0 too.
    let mut stream = resumed(&site, &session, "5").await;
    said(&mut stream, "notifications/tools/list_changed").await;
}

#[tokio::test]
async fn nothing_is_told_on_waking_when_nothing_changed() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    open_some(&site, 7).await;
    assert!(site.sessions.sleeps(&session));
    let mut stream = stream(&site, &session).await;
    site.server.replace(stricter());
    let text = told(&mut stream, "tools/list_changed").await + &rest(&site, &session, stream).await;
    assert_eq!(text.matches("list_changed").count(), 1, "{text}");
}

#[tokio::test]
async fn who_is_ready_twice_is_told_once() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let again = site.post(ALICE, Some(&session), &ready).send().await;
    assert_eq!(again.unwrap().status(), StatusCode::ACCEPTED);
    let mut stream = stream(&site, &session).await;
    site.server.replace(stricter());
    let text = told(&mut stream, "tools/list_changed").await + &rest(&site, &session, stream).await;
    assert_eq!(text.matches("list_changed").count(), 1, "{text}");
}

#[tokio::test]
async fn somebody_elses_sleeping_session_is_not_there() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    open_some(&site, 7).await;
    assert!(site.sessions.sleeps(&session));
    assert_eq!(status(&site, BOB, &session).await, StatusCode::NOT_FOUND);
    assert!(site.sessions.sleeps(&session));
    assert_eq!(status(&site, ALICE, &session).await, StatusCode::OK);
}

#[tokio::test]
async fn a_sleeping_session_can_be_deleted() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    open_some(&site, 7).await;
    assert!(site.sessions.sleeps(&session));
    delete(&site, &session).await;
    assert_eq!(status(&site, ALICE, &session).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_woken_session_that_is_deleted_is_over() {
    let site = Site::roomy(&two(), FEW).await;
    let session = site.open(ALICE).await;
    open_some(&site, 7).await;
    assert_eq!(status(&site, ALICE, &session).await, StatusCode::OK);
    let stream = stream(&site, &session).await;
    let awake = site.sessions.awake();
    rest(&site, &session, stream).await;
    assert_eq!(site.sessions.awake(), awake - 1);
    assert_eq!(status(&site, ALICE, &session).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_abandoned_session_is_forgotten_after_an_hour() {
    let site = Site::roomy(&two(), Room { awake: 4, all: 7 }).await;
    let sessions = open_some(&site, 7).await;
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "tests", "version": "1" },
    } });
    let full = site.post(ALICE, None, &hello).send().await.unwrap();
    assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
    site.hand.advance(HOUR / 2);
    listed(&site, &sessions[0]).await;
    listed(&site, &sessions[6]).await;
    site.hand.advance(HOUR / 2);
    assert_eq!(
        status(&site, ALICE, &sessions[1]).await,
        StatusCode::NOT_FOUND
    );
    open_some(&site, 5).await;
    for kept in [&sessions[0], &sessions[6]] {
        assert_eq!(status(&site, ALICE, kept).await, StatusCode::OK);
    }
    assert_eq!(
        status(&site, ALICE, &sessions[2]).await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_too_long_to_keep_does_not_outlive_its_sleep() {
    let site = Site::roomy(&two(), FEW).await;
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "x".repeat(17 * 1024), "version": "1" },
    } });
    let response = site.post(ALICE, None, &hello).send().await.unwrap();
    let session = response.headers()["mcp-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    last(response).await;
    assert_eq!(status(&site, ALICE, &session).await, StatusCode::OK);
    open_some(&site, 7).await;
    assert_eq!(status(&site, ALICE, &session).await, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_wake_sleepers_and_all_are_served() {
    let site = Arc::new(Site::roomy(&two(), FEW).await);
    let sessions = open_some(&site, 24).await;
    let tools = listed(&site, &sessions[0]).await;
    for _ in 0..5 {
        let calls: Vec<_> = (0..3)
            .flat_map(|_| sessions.clone())
            .map(|session| {
                let site = site.clone();
                tokio::spawn(async move { listed(&site, &session).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), tools);
        }
    }
    site.open(ALICE).await;
    assert!(site.sessions.awake() <= FEW.awake + 1);
}

fn app_code(result: &Value) -> &Value {
    &result["structuredContent"]["error"]["code"]
}
