//! Files that come in from WhatsApp: handed over while they are small, else saved in
//! the one folder that the operator has opened for them.

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
const SMALL_PICTURE: usize = 1024 * 1024;

/// The most bytes of anything else that an answer holds.
const SMALL: usize = 256 * 1024;

/// The largest file that is taken in.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How much is written at once.
const BATCH: usize = 1024 * 1024;

/// A file that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its media type: by its first bytes where they tell it, else as it was declared.
    pub mime: String,
    /// Its size.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// Where it is now.
    pub kept: Kept,
}

/// Where a file is kept that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Here: it is small.
    Here(Vec<u8>),
    /// In the inbox, at this path.
    Saved(PathBuf),
}

/// Why a file was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unkept {
    /// The connection was lost on the way.
    #[error("the file broke off before its end")]
    Lost,
    /// It came in a form that was not asked for.
    #[error("the file came packed, which was not asked for")]
    Packed,
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is larger than what is taken in at all.
    #[error("the file is larger than {0} bytes, the most that is taken in")]
    TooLarge(u64),
    /// It would have to be saved, and there is no place.
    #[error(
        "the file is larger than {0} bytes, the most that an answer holds, and no inbox folder is configured"
    )]
    NoInbox(usize),
    /// It could not be saved.
    #[error("the file could not be saved in the inbox: {0}")]
    Unsaved(&'static str),
}

impl Unkept {
    /// What to do next.
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Lost => "call again",
            Self::Packed => "the operator should look at the server on the way to the API",
            Self::Empty => "ask for it to be sent again",
            Self::TooLarge(_) => "open it on the phone",
            Self::NoInbox(_) => "ask the operator to set WHATSAPP_GUARD_INBOX to a folder",
            Self::Unsaved(_) => {
                "the operator should look at the folder that WHATSAPP_GUARD_INBOX names"
            }
        }
    }
}

/// Takes in the body of an answer; `declared` is the media type that was told elsewhere.
///
/// # Errors
/// When it breaks off, is empty or too large, or cannot be saved.
pub async fn receive(
    mut response: Response,
    declared: Option<&str>,
    rules: &MediaRules,
) -> Result<Received, Unkept> {
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(Unkept::Packed);
    }
    if response
        .content_length()
        .is_some_and(|length| length > LARGEST)
    {
        return Err(Unkept::TooLarge(LARGEST));
    }
    let header = response.headers().get(CONTENT_TYPE);
    let header = header.and_then(|value| value.to_str().ok());
    let mut intake = Intake::new(declared.or(header), rules);
    while let Some(chunk) = response.chunk().await.map_err(|_| Unkept::Lost)? {
        intake.take(&chunk).await?;
    }
    intake.finish().await
}

/// A file on its way in: in memory while it is small, then on disk under a name that
/// is gone with it unless all of it comes.
pub(super) struct Intake {
    declared: Option<String>,
    inbox: Option<PathBuf>,
    size: u64,
    hash: Sha256,
    buffer: Vec<u8>,
    /// The file and the media type, once it is not small.
    large: Option<(NamedTempFile, String)>,
}

impl Intake {
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

    pub(super) async fn take(&mut self, chunk: &[u8]) -> Result<(), Unkept> {
        self.size = self.size.saturating_add(chunk.len() as u64);
        if self.size > LARGEST {
            return Err(Unkept::TooLarge(LARGEST));
        }
        self.hash.update(chunk);
        self.buffer.extend_from_slice(chunk);
        if self.large.is_none() {
            let mime = self.mime();
            let most = most(&mime);
            if self.buffer.len() > most {
                let inbox = self.inbox.clone().ok_or(Unkept::NoInbox(most))?;
                let file = blocking(move || part(&inbox)).await?;
                self.large = Some((file, mime));
            }
        }
        if self.large.is_some() && self.buffer.len() >= BATCH {
            self.write().await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<Received, Unkept> {
        if self.size == 0 {
            return Err(Unkept::Empty);
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
    async fn write(&mut self) -> Result<(), Unkept> {
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
        SMALL_PICTURE
    } else {
        SMALL
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unkept> + Send + 'static,
) -> Result<T, Unkept> {
    spawn_blocking(work)
        .await
        .map_err(|_| Unkept::Unsaved("the writing broke off"))?
}
