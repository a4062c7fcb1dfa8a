//! Reads lines of bounded length.

use std::io;

use rmcp::model::RequestId;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::envelope::{ID_TAIL_BYTES, find_id, id_at_end};

/// The buffer that is kept for the next line, in bytes; a larger one is given back.
const KEPT_BYTES: usize = 64 * 1024;

/// A line of the input.
pub(super) enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// A line that is longer than allowed, of which nothing is left but the id of the
    /// message, where it could be found.
    TooLong(Option<RequestId>),
}

/// Reads lines of at most `max_bytes`.
pub(super) struct LineReader<R> {
    input: BufReader<R>,
    max_bytes: usize,
    /// What has been read of the line; of a line that is too long, its last bytes.
    read: Vec<u8>,
    is_complete: bool,
    /// What the beginning of a line that is too long says about its id.
    too_long: Option<Option<RequestId>>,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(input: R, max_bytes: usize) -> Self {
        Self {
            input: BufReader::new(input),
            max_bytes,
            read: Vec::new(),
            is_complete: false,
            too_long: None,
        }
    }

    /// The next line; `None` at the end of the input, whose last line counts only if it is
    /// complete. Dropped before it is ready, it loses nothing: the next call goes on.
    ///
    /// # Errors
    /// If the input fails.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.is_complete {
            self.is_complete = false;
            self.read.clear();
            self.read.shrink_to(KEPT_BYTES);
        }
        while !self.is_complete {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len()));
            let part = part.unwrap_or_default();
            let consumed = part.len() + usize::from(end.is_some());
            self.read.extend_from_slice(part);
            self.input.consume(consumed);
            self.is_complete = end.is_some();
            self.bound();
        }
        match self.too_long.take() {
            Some(id) => Ok(Some(Line::TooLong(id.or_else(|| id_at_end(&self.read))))),
            None => Ok(Some(Line::Whole(&self.read))),
        }
    }

    /// Takes the line that was returned last, so that it is not copied.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.read)
    }

    /// Keeps nothing but the end of a line that is too long.
    fn bound(&mut self) {
        if self.too_long.is_none() {
            if self.read.len() <= self.max_bytes {
                return;
            }
            self.too_long = Some(find_id(&self.read));
        }
        let dropped = self.read.len().saturating_sub(ID_TAIL_BYTES);
        self.read.drain(..dropped);
        self.read.shrink_to(KEPT_BYTES);
    }
}
