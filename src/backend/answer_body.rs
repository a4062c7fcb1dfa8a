//! The body of an answer, collected within bounds of the answer and of the process.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::send_error::SendError;
use crate::text::tree_bytes;

/// The largest answer that is read, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The most memory that an answer may take as a tree, in bytes.
const MAX_TREE_BYTES: usize = 144 * 1024 * 1024;

/// An answer takes no room of the process up to this size, in bytes, and no room for its
/// tree if that takes no more.
const SMALL_ANSWER_BYTES: usize = 1024 * 1024;

/// The most memory that the bytes of all large answers of the process take, in KiB.
const MAX_BODIES_KIB: usize = 128 * 1024;

/// The most memory that the trees of all large answers of the process take, in KiB.
const MAX_TREES_KIB: usize = 256 * 1024;

static BODIES: Semaphore = Semaphore::const_new(MAX_BODIES_KIB);

/// Whoever has room here waits for none of [`BODIES`], so that no two wait for each other.
static TREES: Semaphore = Semaphore::const_new(MAX_TREES_KIB);

/// The body of an answer, as far as it has arrived.
pub(super) struct PartialBody {
    bytes: Vec<u8>,
    room: Option<SemaphorePermit<'static>>,
    /// How long to wait for room.
    patience: Duration,
}

/// The whole body of an answer.
pub(super) struct AnswerBody {
    bytes: Vec<u8>,
    /// What it takes of [`BODIES`] and [`TREES`].
    _room: [Option<SemaphorePermit<'static>>; 2],
}

impl PartialBody {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            bytes: Vec::new(),
            room: None,
            patience,
        }
    }

    /// Adds bytes that arrived.
    ///
    /// # Errors
    /// If there are too many of them, or no room.
    pub(super) async fn push(&mut self, chunk: &[u8]) -> Result<(), SendError> {
        if self.bytes.len() + chunk.len() > MAX_BODY_BYTES {
            let why = format!("it is larger than {} MiB", MAX_BODY_BYTES >> 20);
            return Err(SendError::Unreadable(why));
        }
        self.bytes.extend_from_slice(chunk);
        if self.room.is_none() && self.bytes.len() > SMALL_ANSWER_BYTES {
            self.room = Some(self.room(&BODIES, MAX_BODY_BYTES).await?);
        }
        Ok(())
    }

    /// The body, which is whole now.
    ///
    /// # Errors
    /// If it would be too large as a tree, or there is no room for that.
    pub(super) async fn whole(self) -> Result<AnswerBody, SendError> {
        let tree = match tree_bytes(&self.bytes) {
            ..=SMALL_ANSWER_BYTES => None,
            bytes @ ..=MAX_TREE_BYTES => Some(self.room(&TREES, bytes).await?),
            _ => return Err(SendError::Unreadable("it has too many values".to_owned())),
        };
        Ok(AnswerBody {
            bytes: self.bytes,
            _room: [self.room, tree],
        })
    }

    async fn room(
        &self,
        of: &'static Semaphore,
        bytes: usize,
    ) -> Result<SemaphorePermit<'static>, SendError> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let room = timeout(self.patience, of.acquire_many(kib)).await;
        room.ok().and_then(Result::ok).ok_or_else(|| {
            SendError::Unreadable("other large answers leave no memory for it".to_owned())
        })
    }
}

impl AnswerBody {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8]) -> Result<AnswerBody, SendError> {
        let mut body = PartialBody::new(Duration::from_millis(5));
        body.push(text).await?;
        body.whole().await
    }

    #[tokio::test]
    async fn large_answers_take_room_of_the_process() {
        let bytes = " ".repeat(SMALL_ANSWER_BYTES + 1);
        // Few bytes, and a large tree.
        let tree = format!("[{}0]", "0,".repeat(SMALL_ANSWER_BYTES / 64));
        for (answer, room, kib) in [
            (bytes, &BODIES, MAX_BODIES_KIB),
            (tree, &TREES, MAX_TREES_KIB),
        ] {
            let taken = room.acquire_many(u32::try_from(kib).unwrap()).await;
            let refused = read(answer.as_bytes()).await.map(drop);
            let is_refused =
                matches!(&refused, Err(SendError::Unreadable(why)) if why.contains("no memory"));
            assert!(is_refused, "{refused:?}");
            assert!(read(b"[0]").await.is_ok(), "small ones take none");
            drop(taken);
            let body = read(answer.as_bytes()).await.ok().unwrap();
            assert!(room.available_permits() < kib);
            drop(body);
            assert_eq!(room.available_permits(), kib);
        }
    }
}
