use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    time::sleep,
};

use super::{super::answer_body::Body, *};
use crate::op::{Progress, RequestKind};

const TIMEOUT: Duration = Duration::from_millis(300);
const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Reaction {
    Answer(&'static str),
    /// Answers and closes the connection.
    Last(&'static str),
    Hang,
}
use Reaction::{Answer, Hang, Last};

/// A server with a reaction to each request, and the requests with the number of their
/// connection.
async fn server(reactions: &[Reaction]) -> (Url, mpsc::UnboundedReceiver<(usize, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let (seen, requests) = mpsc::unbounded_channel();
    let mut reactions: Vec<_> = reactions.iter().rev().copied().collect();
    tokio::spawn(async move {
        for number in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            while let Ok(bytes @ 1..) = stream.read(&mut buffer).await {
                let request = String::from_utf8_lossy(&buffer[..bytes]).into_owned();
                seen.send((number, request)).unwrap();
                match reactions.pop() {
                    Some(Answer(text)) => stream.write_all(text.as_bytes()).await.unwrap(),
                    Some(Last(text)) => {
                        stream.write_all(text.as_bytes()).await.unwrap();
                        break;
                    }
                    Some(Hang) | None => sleep(TIMEOUT * 10).await,
                }
            }
        }
    });
    (url.parse().unwrap(), requests)
}

fn client() -> PlainHttp {
    PlainHttp::new(TIMEOUT)
}

fn handover() -> Arc<Handover> {
    Handover::new(RequestKind::Read, &Progress::default())
}

async fn send(client: &PlainHttp, url: &Url) -> Result<String, SendError> {
    let request = Request::get(url.path()).body(String::new()).unwrap();
    let handover = handover();
    let body = PartialBody::new("", TIMEOUT);
    let sending = client.send(ConnectionUse::Kept, url, request, &handover, body);
    let (_, body) = sending.await?;
    Ok(match body.body {
        Body::Text(text) => text,
        Body::Json(value) => value.to_string(),
        Body::Empty => String::new(),
    })
}

#[tokio::test]
async fn a_connection_is_used_again_until_the_server_closes_it() {
    let (url, mut requests) = server(&[Answer(GOOD), Last(GOOD), Answer(GOOD)]).await;
    let client = client();
    for connection in [1, 1, 2] {
        assert_eq!(send(&client, &url).await.unwrap(), "ok");
        let (number, request) = requests.recv().await.unwrap();
        assert_eq!(number, connection);
        assert!(request.starts_with("GET /base HTTP/1.1\r\n"), "{request}");
        // The end of the connection has arrived.
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_new_connection_is_new() {
    let (url, mut requests) = server(&[Answer(GOOD), Answer(GOOD)]).await;
    let client = client();
    send(&client, &url).await.unwrap();
    assert_eq!(requests.recv().await.unwrap().0, 1);
    let request = Request::get(url.path()).body(String::new()).unwrap();
    let handover = handover();
    let body = PartialBody::new("", TIMEOUT);
    let sending = client.send(ConnectionUse::New, &url, request, &handover, body);
    // The server has one connection at a time.
    let refused = tokio::time::timeout(TIMEOUT / 3, sending).await;
    assert!(refused.is_err(), "it waits beside the one that is kept");
}

#[tokio::test]
async fn each_request_has_the_whole_time() {
    let (url, _requests) = server(&[Answer(GOOD), Hang]).await;
    let client = client();
    send(&client, &url).await.unwrap();
    sleep(TIMEOUT / 2).await;
    let started = Instant::now();
    let lost = send(&client, &url).await;
    assert!(matches!(lost, Err(SendError::TimedOut)), "{lost:?}");
    let took = started.elapsed();
    assert!(took >= TIMEOUT && took < TIMEOUT * 3, "{took:?}");
}

#[tokio::test]
async fn bodies_are_read_in_every_form() {
    for (answer, body) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
            "until the end",
        ),
        ("HTTP/1.0 200 OK\r\n\r\nold", "old"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            "abc",
        ),
    ] {
        let (url, _requests) = server(&[Last(answer)]).await;
        assert_eq!(send(&client(), &url).await.unwrap(), body, "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_whole_is_no_answer() {
    for (reaction, expected) in [
        (Last(""), "Unanswered"),
        (Last("hello"), "Unanswered"),
        (
            Last("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
            "Unreadable",
        ),
        (
            Answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
            "TimedOut",
        ),
    ] {
        let (url, _requests) = server(&[reaction, Answer(GOOD)]).await;
        let client = client();
        let lost = format!("{:?}", send(&client, &url).await);
        assert!(lost.contains(expected), "{lost}");
        assert!(client.lock().is_empty(), "such a connection is not kept");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let lost = send(&client(), &url.parse().unwrap()).await;
    assert!(matches!(lost, Err(SendError::Unsent(_))), "{lost:?}");
}

#[tokio::test]
async fn what_was_not_asked_for_is_never_an_answer() {
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad";
    let (url, _requests) = server(&[Answer(twice), Answer(GOOD)]).await;
    let client = client();
    assert_eq!(send(&client, &url).await.unwrap(), "ok");
    let next = send(&client, &url).await;
    assert!(!matches!(&next, Ok(body) if body == "bad"), "{next:?}");
}

#[tokio::test]
async fn a_request_that_is_dropped_takes_its_connection_along() {
    let (url, mut requests) = server(&[Hang, Answer(GOOD)]).await;
    let client = client();
    tokio::select! {
        answer = send(&client, &url) => panic!("{answer:?}"),
        _ = requests.recv() => {}
    }
    assert!(client.lock().is_empty());
}

#[tokio::test]
async fn so_many_connections_are_kept() {
    let (url, _requests) = server(&[Answer(GOOD)]).await;
    let client = client();
    send(&client, &url).await.unwrap();
    for _ in 0..MAX_IDLE_CONNECTIONS + 1 {
        let connection = PlainConnection::open(&url).await;
        client.keep(connection.unwrap());
    }
    assert_eq!(client.lock().len(), MAX_IDLE_CONNECTIONS);
}
