//! The body of an answer, collected and read within bounds of the answer, of the grant that
//! waits for it and of the process.

use std::{sync::LazyLock, time::Duration};

use serde_json::Value;
use tokio::{task::spawn_blocking, time::timeout};

use super::send_error::SendError;
use crate::{
    shares::{Share, Shares},
    text::tree_bytes,
};

/// The largest answer that is read, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The most memory that an answer may take as a tree, in bytes.
const MAX_TREE_BYTES: usize = 144 * 1024 * 1024;

/// An answer takes no room of the process up to this size, in bytes, and no room for its
/// tree if that takes no more. So much is read where it arrives; more would hold up others.
const SMALL_ANSWER_BYTES: usize = 1024 * 1024;

/// The most memory that the bytes of all large answers of the process take, in bytes. Of one
/// grant alone, half as much.
const MAX_BODIES_BYTES: usize = 128 * 1024 * 1024;

/// The most memory that the trees of all large answers of the process take, in bytes. Of one
/// grant alone, half as much, or one tree.
const MAX_TREES_BYTES: usize = 256 * 1024 * 1024;

/// The most large answers that are read at once, on threads of their own. Of one grant alone,
/// half as many.
const MAX_READERS: usize = 4;

static BODIES: LazyLock<Shares> = LazyLock::new(|| Shares::new(MAX_BODIES_BYTES));

/// Whoever has room here waits for none of [`BODIES`], so that no two wait for each other.
static TREES: LazyLock<Shares> = LazyLock::new(|| Shares::new(MAX_TREES_BYTES));

/// Whoever reads waits for neither of the two.
static READERS: LazyLock<Shares> = LazyLock::new(|| Shares::new(MAX_READERS));

/// The body of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// No body: a normal success of many calls.
    Empty,
    Json(Value),
    Text(String),
}

/// The body of an answer, as far as it has arrived.
pub(super) struct PartialBody<'a> {
    bytes: Vec<u8>,
    room: Option<Share>,
    /// Whose share of the room it takes.
    grant: &'a str,
    /// How long to wait for room.
    patience: Duration,
}

/// The whole body of an answer.
pub(super) struct AnswerBody {
    pub(super) body: Body,
    pub(super) bytes: usize,
    /// What it takes of [`TREES`].
    _room: Option<Share>,
}

impl Body {
    /// JSON if it parses, or else text: the content types of APIs are not reliable.
    fn read(bytes: &[u8]) -> Self {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Self::Empty;
        }
        match serde_json::from_slice(bytes) {
            Ok(value) => Self::Json(value),
            Err(_) => Self::Text(String::from_utf8_lossy(bytes).trim().to_owned()),
        }
    }
}

impl<'a> PartialBody<'a> {
    pub(super) fn new(grant: &'a str, patience: Duration) -> Self {
        Self {
            bytes: Vec::new(),
            room: None,
            grant,
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
    pub(super) async fn whole(mut self) -> Result<AnswerBody, SendError> {
        let tree = match self.room {
            None => tree_bytes(&self.bytes),
            Some(_) => self.apart(tree_bytes).await?,
        };
        let room = match tree {
            ..=SMALL_ANSWER_BYTES => None,
            bytes @ ..=MAX_TREE_BYTES => Some(self.room(&TREES, bytes).await?),
            _ => return Err(SendError::Unreadable("it has too many values".to_owned())),
        };
        let bytes = self.bytes.len();
        let body = match (&self.room, &room) {
            (None, None) => Body::read(&self.bytes),
            _ => self.apart(Body::read).await?,
        };
        Ok(AnswerBody {
            body,
            bytes,
            _room: room,
        })
    }

    /// Reads all bytes on a thread on which nobody else waits.
    async fn apart<T: Send + 'static>(
        &mut self,
        read: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> Result<T, SendError> {
        let reader = self.room(&READERS, 1).await?;
        let bytes = std::mem::take(&mut self.bytes);
        // Reading goes on, and holds its room, although nobody waits for it any more.
        let room = self.room.take();
        let reading = spawn_blocking(move || {
            let found = read(&bytes);
            drop(reader);
            (found, bytes, room)
        });
        let read = reading.await;
        let (found, bytes, room) =
            read.map_err(|_| SendError::Unreadable("reading it broke off".to_owned()))?;
        (self.bytes, self.room) = (bytes, room);
        Ok(found)
    }

    async fn room(&self, of: &Shares, units: usize) -> Result<Share, SendError> {
        let room = timeout(self.patience, of.acquire(self.grant, units)).await;
        room.map_err(|_| {
            SendError::Unreadable("other large answers leave no memory for it".to_owned())
        })
    }
}

#[cfg(test)]
mod tests;
