//! Large answers of the back end take memory, which grants share.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::{process::*, *};

/// More reads of one grant than the memory for large answers holds.
const HANGING: usize = 24;

/// A little more than an answer may have without taking room of the process.
const LARGE: usize = (1 << 20) + (300 << 10);

/// A WAHA at a port: the first lists of groups never end, and the later ones are as large.
/// Receives a message for each that has got as far as it gets.
async fn waha() -> (String, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (hangs, hanging) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let lists = Arc::new(AtomicUsize::new(0));
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, lists.clone(), hangs.clone()));
        }
    });
    (url, hanging)
}

async fn answer(
    mut stream: TcpStream,
    lists: Arc<AtomicUsize>,
    hangs: mpsc::UnboundedSender<()>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let is_list = String::from_utf8_lossy(&head).contains("/groups");
    let hang = is_list && lists.fetch_add(1, Ordering::Relaxed) < HANGING;
    let (body, length) = match is_list {
        true => (
            format!("[{}]", " ".repeat(LARGE)),
            LARGE + 2 + usize::from(hang),
        ),
        false => ("{}".to_owned(), 2),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    if hang {
        let _ = hangs.send(());
        // Until the other side has had enough.
        stream.read_u8().await?;
    }
    Ok(())
}

#[tokio::test]
async fn large_answers_of_one_grant_leave_room_for_anothers() {
    let (url, mut hanging) = waha().await;
    let site = HttpProcess::start(&[("WAHA_BASE_URL", &url), ("WAHA_API_KEY", "key")]);
    let list = |token| site.begin(token, "list_groups", json!({}));
    let reads: Vec<_> = (0..HANGING).map(|_| list(ALICE)).collect();
    for _ in 0..HANGING {
        let arrived = timeout(PATIENCE, hanging.recv()).await;
        arrived.expect("it is read").unwrap();
    }
    for _ in 0..3 {
        let read = timeout(PATIENCE, site.call(CAROL, "list_groups", json!({}))).await;
        let read = read.expect("it waits for the answers of another grant");
        assert_eq!(read["isError"], false, "{read}");
    }
    reads.iter().for_each(JoinHandle::abort);
}
