//! Files that arrive from WhatsApp: small ones are part of the answer, larger ones are
//! saved in the inbox folder.

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
    MediaRules, hexadecimal, kind,
    saving::{name, part, place, unsaved},
};

/// The most bytes of a picture that an answer holds.
const MAX_INLINE_PICTURE_BYTES: usize = 1024 * 1024;

/// The most bytes of anything else that an answer holds.
const MAX_INLINE_BYTES: usize = 256 * 1024;

/// The largest file that is downloaded, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// How many bytes are written at once.
const WRITE_BYTES: usize = 1024 * 1024;

/// A file that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its media type: detected from its first bytes, or else as declared.
    pub mime: String,
    /// Its size.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// Its content, or where it is saved.
    pub kept: Kept,
}

/// Where the content of a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In memory: it is small.
    Here(Vec<u8>),
    /// In the inbox, at this path.
    Saved(PathBuf),
}

/// Why a file could not be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiveError {
    /// The connection was lost on the way.
    #[error("the file broke off before its end")]
    Lost,
    /// It came compressed, which was not requested.
    #[error("the file came compressed, which was not requested")]
    Packed,
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// It is too large to be saved.
    #[error("the file is larger than {0} bytes, the largest that is downloaded")]
    TooLarge(u64),
    /// It has to be saved, and there is no inbox.
    #[error(
        "the file is larger than {0} bytes, the most that an answer holds, and no inbox folder is configured"
    )]
    NoInbox(usize),
    /// It could not be saved.
    #[error("the file could not be saved in the inbox: {0}")]
    Unsaved(&'static str),
}

impl ReceiveError {
    /// What to do next.
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Lost => "call again",
            Self::Packed => "the operator should check the proxy in front of the API",
            Self::Empty => "ask for it to be sent again",
            Self::TooLarge(_) => "open it on the phone",
            Self::NoInbox(_) => "ask the operator to set WHATSAPP_GUARD_INBOX to a folder",
            Self::Unsaved(_) => "the operator should check the folder in WHATSAPP_GUARD_INBOX",
        }
    }
}

/// Downloads the body of an answer. `declared` is the media type that the API reported.
///
/// # Errors
/// When it breaks off, is empty or too large, or cannot be saved.
pub async fn receive(
    mut response: Response,
    declared: Option<&str>,
    rules: &MediaRules,
) -> Result<Received, ReceiveError> {
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(ReceiveError::Packed);
    }
    if response
        .content_length()
        .is_some_and(|length| length > MAX_FILE_BYTES)
    {
        return Err(ReceiveError::TooLarge(MAX_FILE_BYTES));
    }
    let header = response.headers().get(CONTENT_TYPE);
    let header = header.and_then(|value| value.to_str().ok());
    let mut intake = Incoming::new(declared.or(header), rules);
    while let Some(chunk) = response.chunk().await.map_err(|_| ReceiveError::Lost)? {
        intake.take(&chunk).await?;
    }
    intake.finish().await
}

/// A file that is being downloaded: in memory while it is small, then on disk in a
/// temporary file, which is deleted unless the download completes.
pub(super) struct Incoming {
    declared: Option<String>,
    inbox: Option<PathBuf>,
    size: u64,
    hash: Sha256,
    buffer: Vec<u8>,
    /// The file and the media type, once it is not small.
    large: Option<(NamedTempFile, String)>,
}

impl Incoming {
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

    pub(super) async fn take(&mut self, chunk: &[u8]) -> Result<(), ReceiveError> {
        self.size = self.size.saturating_add(chunk.len() as u64);
        if self.size > MAX_FILE_BYTES {
            return Err(ReceiveError::TooLarge(MAX_FILE_BYTES));
        }
        self.hash.update(chunk);
        self.buffer.extend_from_slice(chunk);
        if self.large.is_none() {
            let mime = self.mime();
            let most = most(&mime);
            if self.buffer.len() > most {
                let inbox = self.inbox.clone().ok_or(ReceiveError::NoInbox(most))?;
                let file = blocking(move || part(&inbox)).await?;
                self.large = Some((file, mime));
            }
        }
        if self.large.is_some() && self.buffer.len() >= WRITE_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<Received, ReceiveError> {
        if self.size == 0 {
            return Err(ReceiveError::Empty);
        }
        self.write().await?;
        let sha256 = hexadecimal(&self.hash.clone().finalize());
        let (mime, kept) = match (self.large.take(), &self.inbox) {
            (Some((file, mime)), Some(inbox)) => {
                let path = inbox.join(name(&sha256, &mime));
                let (size, digest) = (self.size, sha256.clone());
                let path = blocking(move || place(file, path, size, &digest)).await?;
                (mime, Kept::Saved(path))
            }
            _ => (self.mime(), Kept::Here(self.buffer)),
        };
        Ok(Received {
            mime,
            size: self.size,
            sha256,
            kept,
        })
    }

    /// Writes out what is held of a large file.
    async fn write(&mut self) -> Result<(), ReceiveError> {
        let Some((mut file, mime)) = self.large.take() else {
            return Ok(());
        };
        let batch = std::mem::take(&mut self.buffer);
        let file = blocking(move || {
            file.write_all(&batch).map_err(|error| unsaved(&error))?;
            Ok(file)
        })
        .await?;
        self.large = Some((file, mime));
        Ok(())
    }

    fn mime(&self) -> String {
        kind::mime(&self.buffer, self.declared.as_deref())
    }
}

/// The most bytes that an answer holds of this media type.
fn most(mime: &str) -> usize {
    if kind::is_shown(mime) {
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
        .map_err(|_| ReceiveError::Unsaved("the writing broke off"))?
}
