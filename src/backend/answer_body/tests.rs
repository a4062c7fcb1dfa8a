use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::*;

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(20);

async fn read(grant: &str, patience: Duration, text: &[u8]) -> Result<AnswerBody, SendError> {
    let mut body = PartialBody::new(grant, patience);
    body.push(text).await?;
    body.whole().await
}

/// Takes what one grant alone gets of all units.
fn all(shares: &Shares, grant: &str, unit: usize) -> Vec<Share> {
    std::iter::from_fn(|| shares.take(grant, unit)).collect()
}

/// The tests take the room of the whole process, so they take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn large_answers_take_room_of_their_grant() {
    let _turn = TURN.lock().await;
    let bytes = " ".repeat(SMALL_ANSWER_BYTES + 1);
    let tree = format!("[{}0]", "0,".repeat(SMALL_ANSWER_BYTES / 64));
    for (answer, room, unit) in [
        (&bytes, &*BODIES, MAX_BODY_BYTES),
        (&tree, &*TREES, 1024 * 1024),
    ] {
        let taken = all(room, "greedy", unit);
        let refused = read("greedy", SHORT, answer.as_bytes()).await.map(drop);
        let is_refused =
            matches!(&refused, Err(SendError::Unreadable(why)) if why.contains("no memory"));
        assert!(is_refused, "{refused:?}");
        let small = read("greedy", SHORT, b"[0]").await;
        assert!(small.is_ok(), "small ones take none");
        let other = read("other", LONG, answer.as_bytes()).await;
        assert!(other.is_ok(), "half of the room is for others");
        // Whoever waits gets room as soon as there is some.
        let mut waiting = pin!(read("greedy", LONG, answer.as_bytes()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(taken);
        assert!(waiting.await.is_ok());
    }
}

#[tokio::test]
async fn a_large_answer_is_read_where_it_holds_up_nobody() {
    let _turn = TURN.lock().await;
    for (answer, is_large) in [
        ("[0]".to_owned(), false),
        (format!("[{}0]", " ".repeat(SMALL_ANSWER_BYTES)), true),
        (format!("[{}0]", "0,".repeat(SMALL_ANSWER_BYTES / 8)), true),
    ] {
        let mut body = PartialBody::new("one", LONG);
        for chunk in answer.as_bytes().chunks(1 << 16) {
            body.push(chunk).await.unwrap();
        }
        let mut reading = pin!(body.whole());
        let mut context = Context::from_waker(Waker::noop());
        let first = reading.as_mut().poll(&mut context);
        assert_eq!(first.is_pending(), is_large);
        let read = match first {
            Poll::Ready(read) => read,
            Poll::Pending => reading.await,
        };
        let read = read.ok().unwrap();
        assert_eq!(read.bytes, answer.len());
        assert!(matches!(read.body, Body::Json(Value::Array(_))));
    }
}
