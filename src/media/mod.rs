//! Media: files to send, from an address, from the call or from the outbox folder, and
//! files that arrive. Knows no back end and no policy.

mod address;
mod fetch;
mod folder;
mod inbox;
#[cfg(test)]
mod inbox_tests;
mod kind;
mod saving;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use fetch::Net;
pub use inbox::{Kept, ReceiveError, Received, receive};
pub use kind::{Family, is_heard, is_shown};

/// The largest file that is loaded, in bytes, unless the operator sets another size.
pub const DEFAULT_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The longest file name, in bytes.
const MAX_NAME_BYTES: usize = 120;

/// Where a picture, video, recording or document comes from: exactly one of `url`,
/// `base64` and `path`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MediaSource {
    /// Public https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Media type of base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// File in the outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl MediaSource {
    /// Checks that exactly one source is given, with `mime` if and only if it is `base64`.
    ///
    /// # Errors
    /// What is wrong, for the caller of the tool.
    pub fn check(&self) -> Result<(), &'static str> {
        let given = [&self.url, &self.base64, &self.path];
        match given.iter().filter(|source| source.is_some()).count() {
            0 => Err("give one of `url`, `base64` and `path`; none is given"),
            1 if self.base64.is_none() && self.mime.is_some() => {
                Err("`mime` belongs to `base64` alone")
            }
            1 if self.base64.is_some() && self.mime.is_none() => {
                Err("`base64` needs `mime`, such as image/png")
            }
            1 => Ok(()),
            _ => Err("give exactly one of `url`, `base64` and `path`"),
        }
    }
}

/// Limits for files in both directions.
#[derive(Debug, Clone)]
pub struct MediaRules {
    outbox: Option<PathBuf>,
    inbox: Option<PathBuf>,
    max_bytes: usize,
    time: Duration,
    net: Net,
}

impl Default for MediaRules {
    fn default() -> Self {
        Self::new(None, DEFAULT_MAX_BYTES)
    }
}

impl MediaRules {
    /// Files from below `outbox` only, and nothing larger than `max_bytes`.
    pub const fn new(outbox: Option<PathBuf>, max_bytes: usize) -> Self {
        Self {
            outbox,
            inbox: None,
            max_bytes,
            time: Duration::from_secs(30),
            net: Net::PUBLIC,
        }
    }

    /// With a folder for downloads that are too large for an answer.
    #[must_use]
    pub fn saving_in(mut self, inbox: Option<PathBuf>) -> Self {
        self.inbox = inbox;
        self
    }
}

/// A file that was loaded, to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its media type: detected from its first bytes, or else as declared.
    pub mime: String,
    /// Its name, without any folder.
    pub file_name: String,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl Media {
    /// Its family, detected from its first bytes.
    pub fn family(&self) -> Family {
        kind::sniffed(&self.bytes).map_or(Family::Other, Family::of)
    }

    /// Its name, with an extension that agrees with the bytes: some programs go by the
    /// name alone.
    pub fn typed_name(&self) -> String {
        let end = kind::extension(&self.mime);
        let told = match self.file_name.rsplit_once('.') {
            Some((_, given)) => self.family() == Family::Other || kind::is_end(given, end),
            None => false,
        };
        if told {
            self.file_name.clone()
        } else {
            format!("{}.{end}", self.file_name)
        }
    }
}

/// Why a file was not loaded. No address and no folder is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The source is not valid.
    #[error("{0}")]
    Source(&'static str),
    /// There is no outbox.
    #[error("`path` cannot be used: no outbox folder is configured")]
    NoOutbox,
    /// There is no such file, or it may not be sent.
    #[error("the file cannot be used: {0}")]
    File(String),
    /// The host is not on the public internet.
    #[error("the address does not lead to the public internet alone; it was not called")]
    NotPublic,
    /// The host gave no file.
    #[error("the address gave no file: {0}")]
    Fetch(String),
    /// The host answered with a status other than 200.
    #[error("the address gave no file: it answered {0}")]
    Answered(u16),
    /// It is too large.
    #[error("it is larger than {0} bytes, the largest file that is sent")]
    TooLarge(usize),
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It took too long.
    #[error("it did not come within {0} s")]
    TooSlow(u64),
}

impl LoadError {
    /// What to do next.
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Source(_) | Self::Empty => "correct `url`, `base64` or `path` and call again",
            Self::NoOutbox => {
                "give `base64` or `url`, or ask the operator to set WHATSAPP_GUARD_OUTBOX"
            }
            Self::File(_) => "name a regular file below the outbox, by its path relative to it",
            Self::NotPublic => "give a public https address, or the content as `base64`",
            Self::Fetch(_) | Self::Answered(_) | Self::TooSlow(_) => {
                "give the address that the file itself is at, or the content as `base64`"
            }
            Self::TooLarge(_) => {
                "send a smaller file; the operator can set WHATSAPP_GUARD_MAX_MEDIA_BYTES"
            }
        }
    }
}

/// The content of a source, not yet checked.
struct SourceFile {
    bytes: Vec<u8>,
    declared: Option<String>,
    name: Option<String>,
}

/// Loads the file of a source within the limits of `rules`.
///
/// # Errors
/// When the source is not allowed, does not exist, is too large or too slow.
pub async fn load(source: &MediaSource, rules: &MediaRules) -> Result<Media, LoadError> {
    source.check().map_err(LoadError::Source)?;
    let loading = async {
        match (&source.url, &source.base64, &source.path) {
            (Some(url), _, _) => fetch::fetch(url, rules).await,
            (_, Some(text), _) => decoded(text, source.mime.as_deref(), rules),
            (_, _, Some(path)) => folder::read(path, rules).await,
            (None, None, None) => Err(LoadError::Empty),
        }
    };
    let raw = tokio::time::timeout(rules.time, loading)
        .await
        .map_err(|_| LoadError::TooSlow(rules.time.as_secs()))??;
    if raw.bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    let mime = kind::mime(&raw.bytes, raw.declared.as_deref());
    let file_name = raw
        .name
        .filter(|name| is_file_name(name))
        .unwrap_or_else(|| format!("file.{}", kind::extension(&mime)));
    let sha256 = hexadecimal(&Sha256::digest(&raw.bytes));
    Ok(Media {
        bytes: raw.bytes,
        mime,
        file_name,
        sha256,
    })
}

/// Requests a file from a public https address that an API has named. The body has not
/// been read.
///
/// # Errors
/// When the address is not public, or does not answer with a file.
pub async fn request(url: &str, rules: &MediaRules) -> Result<Response, LoadError> {
    // A file that comes in may be larger than one that is sent.
    let (response, _) = fetch::open(url, rules, rules.time * 4).await?;
    Ok(response)
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decoded(text: &str, mime: Option<&str>, rules: &MediaRules) -> Result<SourceFile, LoadError> {
    // Checked first, so that nothing too large is decoded.
    if text.len() / 4 * 3 > rules.max_bytes.saturating_add(3) {
        return Err(LoadError::TooLarge(rules.max_bytes));
    }
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| LoadError::Source("`base64` is not plain base64 with its padding"))?;
    if bytes.len() > rules.max_bytes {
        return Err(LoadError::TooLarge(rules.max_bytes));
    }
    let declared = mime.map(str::to_owned);
    if declared.as_deref().is_some_and(|mime| !kind::is_mime(mime)) {
        return Err(LoadError::Source(
            "`mime` is no media type such as image/png",
        ));
    }
    Ok(SourceFile {
        bytes,
        declared,
        name: None,
    })
}

/// Whether this is a plain name of a file: no folder, nothing hidden, not too long.
pub fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " ._-+()[],&".contains(c);
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(['.', ' '])
        && !name.ends_with(['.', ' '])
}
