//! Receives files from WhatsApp: small ones in memory, large ones in the inbox folder.

use std::{io::Write, path::PathBuf};

use reqwest::{
    Response,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use thiserror::Error;
use tokio::task::spawn_blocking;

use super::{
    MediaRules,
    inbox::{file_name, persist, save_error, temporary_file},
    mime,
};
use crate::text::hex;

/// The most bytes of a picture in a response to the client.
const MAX_INLINE_PICTURE_BYTES: usize = 1024 * 1024;

/// The most bytes of any other file in a response to the client.
const MAX_INLINE_BYTES: usize = 256 * 1024;

/// The largest file that is received.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// How many bytes of a large file are buffered before they are written.
const WRITE_BATCH_BYTES: usize = 1024 * 1024;

/// A file that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingFile {
    /// Media type: from the first bytes if they identify one, otherwise as declared.
    pub mime: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
    /// The content or its path.
    pub content: FileContent,
}

/// The content of a received file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// The bytes of a small file.
    Inline(Vec<u8>),
    /// The path of a large file in the inbox.
    Saved(PathBuf),
}

/// Why a file was not received.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiveError {
    /// The connection was lost.
    #[error("the connection was lost during the download")]
    Interrupted,
    /// The response has a content encoding.
    #[error("the file is compressed, which was not requested")]
    Compressed,
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file is larger than this server receives.
    #[error("the file is larger than {0} bytes, the limit for downloads")]
    TooLarge(u64),
    /// The file is too large for a response, and there is no inbox.
    #[error(
        "the file is larger than {0} bytes, the limit without an inbox folder, and no inbox folder is configured"
    )]
    NoInbox(usize),
    /// The file could not be saved.
    #[error("the file could not be saved in the inbox folder: {0}")]
    NotSaved(&'static str),
}

impl ReceiveError {
    /// What to do next.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Interrupted => "call again",
            Self::Compressed => {
                "ask the operator to check the proxy between this server and the WhatsApp API"
            }
            Self::Empty => "ask the sender to send it again",
            Self::TooLarge(_) => "open it on the phone",
            Self::NoInbox(_) => "ask the operator to set WHATSAPP_GUARD_INBOX to a folder",
            Self::NotSaved(_) => {
                "ask the operator to check the folder that WHATSAPP_GUARD_INBOX names"
            }
        }
    }
}

/// Receives the body of a response. `declared` is the media type according to another
/// source; it takes precedence over the `Content-Type` header.
///
/// # Errors
/// If the body is incomplete, empty or too large, or if it cannot be saved.
pub async fn receive(
    mut response: Response,
    declared: Option<&str>,
    rules: &MediaRules,
) -> Result<IncomingFile, ReceiveError> {
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(ReceiveError::Compressed);
    }
    if response
        .content_length()
        .is_some_and(|length| length > MAX_FILE_BYTES)
    {
        return Err(ReceiveError::TooLarge(MAX_FILE_BYTES));
    }
    let header = response.headers().get(CONTENT_TYPE);
    let header = header.and_then(|value| value.to_str().ok());
    let mut receiver = FileReceiver::new(declared.or(header), rules);
    let interrupted = |_| ReceiveError::Interrupted;
    while let Some(chunk) = response.chunk().await.map_err(interrupted)? {
        receiver.push(&chunk).await?;
    }
    receiver.finish().await
}

/// A file while it is received: in memory while it is small, then in a temporary file
/// that is deleted unless the whole file arrives.
pub(super) struct FileReceiver {
    declared: Option<String>,
    inbox: Option<PathBuf>,
    size: u64,
    hash: Sha256,
    buffer: Vec<u8>,
    /// The temporary file and the media type, once the file is too large for memory.
    large: Option<(NamedTempFile, String)>,
}

impl FileReceiver {
    pub(super) fn new(declared: Option<&str>, rules: &MediaRules) -> Self {
        Self {
            declared: declared.map(str::to_owned),
            inbox: rules.inbox.clone(),
            size: 0,
            hash: Sha256::new(),
            buffer: Vec::new(),
            large: None,
        }
    }

    pub(super) async fn push(&mut self, chunk: &[u8]) -> Result<(), ReceiveError> {
        self.size = self.size.saturating_add(chunk.len() as u64);
        if self.size > MAX_FILE_BYTES {
            return Err(ReceiveError::TooLarge(MAX_FILE_BYTES));
        }
        self.hash.update(chunk);
        self.buffer.extend_from_slice(chunk);
        if self.large.is_none() {
            let mime = self.mime();
            let limit = inline_limit(&mime);
            if self.buffer.len() > limit {
                let inbox = self.inbox.clone().ok_or(ReceiveError::NoInbox(limit))?;
                let file = blocking(move || temporary_file(&inbox)).await?;
                self.large = Some((file, mime));
            }
        }
        if self.large.is_some() && self.buffer.len() >= WRITE_BATCH_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<IncomingFile, ReceiveError> {
        if self.size == 0 {
            return Err(ReceiveError::Empty);
        }
        self.write().await?;
        let sha256 = hex(&self.hash.clone().finalize());
        let (mime, content) = match (self.large.take(), &self.inbox) {
            (Some((file, mime)), Some(inbox)) => {
                let path = inbox.join(file_name(&sha256, &mime));
                let (size, digest) = (self.size, sha256.clone());
                let path = blocking(move || persist(file, path, size, &digest)).await?;
                (mime, FileContent::Saved(path))
            }
            _ => (self.mime(), FileContent::Inline(self.buffer)),
        };
        Ok(IncomingFile {
            mime,
            size: self.size,
            sha256,
            content,
        })
    }

    /// Writes the buffered bytes of a large file.
    async fn write(&mut self) -> Result<(), ReceiveError> {
        let Some((mut file, mime)) = self.large.take() else {
            return Ok(());
        };
        let batch = std::mem::take(&mut self.buffer);
        let file = blocking(move || {
            file.write_all(&batch).map_err(|error| save_error(&error))?;
            Ok(file)
        })
        .await?;
        self.large = Some((file, mime));
        Ok(())
    }

    fn mime(&self) -> String {
        mime::mime(&self.buffer, self.declared.as_deref())
    }
}

/// The most bytes of a file of this media type in a response.
fn inline_limit(mime: &str) -> usize {
    if mime::is_inline_image(mime) {
        MAX_INLINE_PICTURE_BYTES
    } else {
        MAX_INLINE_BYTES
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReceiveError> + Send + 'static,
) -> Result<T, ReceiveError> {
    spawn_blocking(work)
        .await
        .map_err(|_| ReceiveError::NotSaved("writing was interrupted"))?
}
