use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, multipart::Form};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{files::from_public, http::Http, open, read_request::ReadRequest, specs};
use crate::{
    config::Config,
    media::{MediaRules, tests::loopback_rules},
    op::{BackendError, Clearance, ClearanceCheck, Hold, Progress, RequestKind, Withdrawal},
    shares::Shares,
    toolset::LoadFailure,
};

const SOON: Duration = Duration::from_secs(5);

/// Allows every check, and a hand-over or not; counts what is held.
struct AtHandOver {
    allows: bool,
    held: Arc<AtomicUsize>,
}

struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Clearance for AtHandOver {
    fn check(&self) -> ClearanceCheck<'_> {
        Box::pin(async { Ok(()) })
    }

    fn check_read(&self) -> ClearanceCheck<'_> {
        self.check()
    }

    fn hand_over(&self, _request: RequestKind) -> Result<Hold, BackendError> {
        if !self.allows {
            return Err(withdrawn());
        }
        self.held.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Held(self.held.clone())))
    }
}

fn withdrawn() -> BackendError {
    BackendError::Withdrawn(Box::new(Withdrawal {
        code: "panic",
        reason: "Stopped.".to_owned(),
        next: "Stop.",
    }))
}

/// The requests that change something: without a body, with JSON, with a file.
type Shape = fn(&Client, &str) -> RequestBuilder;

const SHAPES: [Shape; 4] = [
    |client, url| client.get(url),
    |client, url| client.request(Method::DELETE, url),
    |client, url| client.post(url).json(&json!({ "text": "hi" })),
    |client, url| client.post(url).multipart(Form::new().text("a", "b")),
];

/// Answers each connection once; what it received.
fn listen(connections: usize) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let receive = move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut text = Vec::new();
        let mut part = [0; 4096];
        while let Ok(length) = stream.read(&mut part)
            && length > 0
        {
            text.extend_from_slice(&part[..length]);
            let head = String::from_utf8_lossy(&text).into_owned();
            if head.ends_with("\r\n\r\n") || head.ends_with('}') || head.ends_with("--\r\n") {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                break;
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    };
    let received = thread::spawn(move || (0..connections).map(|_| receive()).collect());
    (url, received)
}

#[tokio::test]
async fn nothing_is_written_of_a_request_that_is_refused_at_its_hand_over() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (url, received) = listen(SHAPES.len());
    for shape in SHAPES {
        let http = Http::new("WAHA", SOON);
        let clearance = AtHandOver {
            allows: false,
            held: Arc::default(),
        };
        let (progress, _reports) = Progress::new(CancellationToken::new(), Arc::new(clearance));
        let outcome = http.change(&progress, |client| shape(client, &url)).await;
        assert_eq!(outcome.err(), Some(withdrawn()));
    }
    let received = tokio::task::spawn_blocking(move || received.join().unwrap());
    assert_eq!(received.await.unwrap(), [""; 4]);
}

/// The requests that change nothing.
fn reads(url: &str) -> [ReadRequest; 2] {
    let url: url::Url = url.parse().unwrap();
    let text = json!({ "text": "hi" });
    [ReadRequest::get(url.clone()), ReadRequest::post(url, &text)]
}

#[tokio::test]
async fn nothing_is_written_of_a_read_that_is_refused_and_its_hold_ends_once_it_is_written() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for allows in [false, true] {
        let (url, received) = listen(6);
        let held: Arc<AtomicUsize> = Arc::default();
        for plain in [false, true] {
            for read in &reads(&url) {
                let http = Http::new("WAHA", SOON).plain(plain);
                let clearance = AtHandOver {
                    allows,
                    held: held.clone(),
                };
                let (progress, _reports) =
                    Progress::new(CancellationToken::new(), Arc::new(clearance));
                let outcome = http.read(&progress, read).await;
                assert_eq!(outcome.err(), (!allows).then(withdrawn));
                assert!(!plain || held.load(Ordering::SeqCst) == 0);
                drop(http);
            }
            let http = Http::new("WAHA", SOON).plain(plain);
            let clearance = AtHandOver {
                allows,
                held: held.clone(),
            };
            let (progress, _reports) = Progress::new(CancellationToken::new(), Arc::new(clearance));
            let [get, _] = reads(&url);
            let outcome = http.open(&progress, &get).await;
            assert_eq!(outcome.err(), (!allows).then(withdrawn));
        }
        let received = tokio::task::spawn_blocking(move || received.join().unwrap());
        let received = received.await.unwrap();
        let written = received.iter().filter(|text| !text.is_empty());
        assert_eq!(written.count(), if allows { 6 } else { 0 }, "{received:?}");
        let heads = received.iter().map(|text| text.to_ascii_lowercase());
        assert!(
            heads
                .clone()
                .all(|head| !head.contains("transfer-encoding"))
        );
    }
}

#[tokio::test]
async fn a_request_that_is_handed_over_is_what_it_was_and_ends_its_hold() {
    let (url, received) = listen(SHAPES.len());
    let held: Arc<AtomicUsize> = Arc::default();
    for shape in SHAPES {
        let http = Http::new("WAHA", SOON);
        let clearance = AtHandOver {
            allows: true,
            held: held.clone(),
        };
        let (progress, _reports) = Progress::new(CancellationToken::new(), Arc::new(clearance));
        let outcome = http.change(&progress, |client| shape(client, &url)).await;
        assert!(outcome.is_ok_and(|reply| reply.is_success()));
        drop(http);
    }
    let received = tokio::task::spawn_blocking(move || received.join().unwrap());
    let received = received.await.unwrap();
    for (text, length) in received.iter().zip([None, None, Some("13"), Some("")]) {
        let head = text.to_ascii_lowercase();
        assert!(!head.contains("transfer-encoding"), "{text}");
        let line = length.map(|length| format!("content-length: {length}"));
        assert!(line.is_none_or(|line| head.contains(&line)), "{text}");
    }
    let gone = async {
        while held.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, gone).await.unwrap();
}

/// A clearance as of a call, with what allows its requests or does not.
fn progress(allows: bool) -> Progress {
    let clearance = AtHandOver {
        allows,
        held: Arc::default(),
    };
    Progress::stopped_by(Arc::new(clearance))
}

/// Rules for a server on loopback, whose host name is `here.example`.
fn downloads(url: &str) -> (MediaRules, String) {
    (loopback_rules(), url.replace("127.0.0.1", "here.example"))
}

#[tokio::test]
async fn no_file_is_requested_that_an_api_has_named_once_nothing_may_be_read() {
    for (allows, received_requests) in [(false, 0), (true, 1)] {
        let (url, received) = listen(1);
        let (rules, address) = downloads(&url);
        let file = from_public("WAHA", &progress(allows), &address, None, &rules).await;
        assert_eq!(file.err() == Some(withdrawn()), !allows);
        assert_eq!(requests(&url, received), received_requests);
    }
}

#[tokio::test]
async fn no_file_of_a_call_is_requested_once_nothing_may_be_read() {
    let environment = |name: &str| match name {
        "WAHA_BASE_URL" => Some("http://127.0.0.1:9".to_owned()),
        "WAHA_API_KEY" => Some("key".to_owned()),
        _ => None,
    };
    let mut config = Config::read(None, specs(), &environment).unwrap();
    for (allows, received_requests) in [(false, 0), (true, 1)] {
        let (url, received) = listen(1);
        let (rules, address) = downloads(&url);
        config.media = rules;
        let (tools, authority) = open(&config).unwrap().toolset();
        let arguments =
            json!({ "chat": "+15550001111", "media": { "url": address }, "kind": "image" });
        let Value::Object(arguments) = arguments else {
            unreachable!()
        };
        let call = tools.prepare("send_media", arguments).unwrap();
        let room = Shares::new(1 << 20).take("tests", 0).unwrap();
        let permit = authority.permit_file(progress(allows), None);
        // The server's answer is empty, which no file is.
        let LoadFailure::Refused(error) = tools.load(call, permit, room).await.err().unwrap()
        else {
            panic!("there is room")
        };
        assert_eq!(error == withdrawn(), !allows, "{error}");
        assert_eq!(requests(&url, received), received_requests);
    }
}

/// How many requests a server of one connection has received. Ends it.
fn requests(url: &str, received: thread::JoinHandle<Vec<String>>) -> usize {
    let address = url.trim_start_matches("http://").trim_end_matches("/x");
    // It may still wait for a connection.
    drop(TcpStream::connect(address));
    let received = received.join().unwrap();
    received.iter().filter(|text| !text.is_empty()).count()
}
