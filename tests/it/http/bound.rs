//! How many sessions there are, which of them end first, and when.

use tokio::runtime::Handle;

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);
const SECOND: Duration = Duration::from_secs(1);

/// Opens a session a second after the last, and uses it.
async fn open(site: &HttpServer, token: &str) -> String {
    site.hand.advance(SECOND);
    let session = site.open(token).await;
    assert_eq!(site.status(token, &session).await, StatusCode::OK);
    session
}

async fn open_some(site: &HttpServer, token: &str, many: usize) -> Vec<String> {
    let mut sessions = Vec::new();
    for _ in 0..many {
        sessions.push(open(site, token).await);
    }
    sessions
}

/// Which of these sessions there still are.
async fn left(site: &HttpServer, token: &str, sessions: &[String]) -> Vec<bool> {
    let mut left = Vec::new();
    for session in sessions {
        // So that no two were used last at the same time.
        site.hand.advance(SECOND);
        let status = site.status(token, session).await;
        assert!(status == StatusCode::OK || status == StatusCode::NOT_FOUND);
        left.push(status == StatusCode::OK);
    }
    left
}

async fn code(call: Response) -> Value {
    let result = last(call).await;
    result["result"]["structuredContent"]["error"]["code"].clone()
}

#[tokio::test]
async fn the_least_recently_used_session_ends_first() {
    // One grant alone gets half.
    let site = HttpServer::bounded(&two(), 6).await;
    let mut sessions = open_some(&site, ALICE, 3).await;
    site.hand.advance(SECOND);
    assert_eq!(site.status(ALICE, &sessions[0]).await, StatusCode::OK);
    sessions.push(open(&site, ALICE).await);
    let kept = left(&site, ALICE, &sessions).await;
    assert_eq!(kept, [true, false, true, true]);
    // Whose session ended opens another.
    sessions.push(open(&site, ALICE).await);
    assert_eq!(left(&site, ALICE, &sessions[4..]).await, [true]);
}

#[tokio::test]
async fn a_grant_with_more_than_its_share_ends_its_own_sessions() {
    let site = HttpServer::bounded(&two(), 8).await;
    let mut bobs = open_some(&site, BOB, 1).await;
    let alices = open_some(&site, ALICE, 5).await;
    // Bob's is the least recently used of all.
    let kept = async |token, sessions: &[String]| left(&site, token, sessions).await;
    assert_eq!(kept(BOB, &bobs).await, [true]);
    assert_eq!(kept(ALICE, &alices).await, [false, true, true, true, true]);
    // He has less than his share, so Alice's end for his until both have as many.
    bobs.extend(open_some(&site, BOB, 2).await);
    assert_eq!(kept(BOB, &bobs).await, [true; 3]);
    assert_eq!(kept(ALICE, &alices[1..]).await, [false, true, true, true]);
    bobs.extend(open_some(&site, BOB, 1).await);
    assert_eq!(kept(BOB, &bobs).await, [false, true, true, true]);
    assert_eq!(kept(ALICE, &alices[2..]).await, [true; 3]);
}

#[tokio::test]
async fn a_session_in_use_does_not_end_for_another() {
    let site = HttpServer::bounded(&two(), 4).await;
    let sessions = open_some(&site, ALICE, 2).await;
    let (call, question) = site.ask(ALICE, &sessions[0]).await;
    let mut stream = site.listen(ALICE, &sessions[1]).await;
    let refused = site.initialize(ALICE).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "10");
    let text = refused.text().await.unwrap();
    assert_eq!(text, "too many sessions are open; try again later");
    let answered = site.answer(ALICE, &sessions[0], &question, "no").await;
    assert_eq!(answered, StatusCode::ACCEPTED);
    assert_eq!(code(call).await, "declined");
    open(&site, ALICE).await;
    assert_eq!(left(&site, ALICE, &sessions).await, [false, true]);
    site.server.replace(stricter());
    read_until(&mut stream, "notifications/tools/list_changed").await;
}

#[tokio::test]
async fn a_grant_whose_sessions_are_in_use_ends_nobody_elses() {
    let site = HttpServer::bounded(&two(), 4).await;
    let bobs = open_some(&site, BOB, 1).await;
    let alices = open_some(&site, ALICE, 2).await;
    let first = site.listen(ALICE, &alices[0]).await;
    let second = site.listen(ALICE, &alices[1]).await;
    let refused = site.initialize(ALICE).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(left(&site, BOB, &bobs).await, [true]);
    drop((first, second));
}

#[tokio::test]
async fn an_hour_without_use_ends_a_session_and_a_call_is_use() {
    let site = HttpServer::start(&two()).await;
    let sessions = open_some(&site, ALICE, 4).await;
    let [idle, recent, asked, abandoned] = &sessions[..] else {
        panic!("not four")
    };
    let (call, question) = site.ask(ALICE, asked).await;
    let (left_alone, other) = site.ask(ALICE, abandoned).await;
    // The call goes on without its client.
    drop(left_alone);
    site.hand.advance(HOUR / 2);
    assert_eq!(site.status(ALICE, recent).await, StatusCode::OK);
    site.hand.advance(HOUR / 2);
    assert_eq!(site.status(ALICE, idle).await, StatusCode::NOT_FOUND);
    assert_eq!(site.status(ALICE, recent).await, StatusCode::OK);
    site.hand.advance(HOUR / 2);
    for (session, question) in [(asked, &question), (abandoned, &other)] {
        let answered = site.answer(ALICE, session, question, "no").await;
        assert_eq!(answered, StatusCode::ACCEPTED);
    }
    // The answer is too late for an approval, and still ends the call.
    assert_eq!(code(call).await, "approval-expired");
    // The hour counts from the end of the call.
    site.hand.advance(HOUR - SECOND);
    assert_eq!(site.status(ALICE, asked).await, StatusCode::OK);
    site.hand.advance(HOUR);
    assert_eq!(left(&site, ALICE, &sessions).await, [false; 4]);
}

#[tokio::test]
async fn what_serves_a_session_ends_with_it() {
    let site = HttpServer::bounded(&two(), 2).await;
    open_some(&site, ALICE, 2).await;
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    open_some(&site, ALICE, 20).await;
    // A kept connection waits ten seconds for another request.
    let settled = async {
        while tasks() > before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(3 * PATIENCE, settled).await.unwrap();
    site.hand.advance(HOUR);
    open(&site, ALICE).await;
    let swept = async {
        while tasks() >= before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(3 * PATIENCE, swept).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bound_holds_for_many_at_once() {
    let site = Arc::new(HttpServer::bounded(&two(), 4).await);
    let clients: Vec<_> = (0..24)
        .map(|number| {
            let (site, token) = (site.clone(), [ALICE, BOB][number % 2]);
            tokio::spawn(async move {
                let opened = site.initialize(token).await;
                let session = opened.headers().get("mcp-session-id").cloned();
                let status = opened.status();
                last(opened).await;
                match session {
                    Some(session) => Some((token, session.to_str().unwrap().to_owned())),
                    None => {
                        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                        None
                    }
                }
            })
        })
        .collect();
    let mut kept = 0;
    for client in clients {
        if let Some((token, session)) = client.await.unwrap() {
            let left = left(&site, token, &[session]).await;
            kept += usize::from(left[0]);
        }
    }
    assert!((1..=4).contains(&kept), "{kept}");
}
