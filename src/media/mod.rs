//! Media: what is to be sent, from an address, the call itself or the one folder that
//! the operator has opened, and what comes in. Knows no back end and no policy.

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
pub use inbox::{Kept, Received, Unkept, receive};
pub use kind::{Family, is_heard, is_shown};

/// The most bytes that are taken in when nothing else is set.
pub const USUAL_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The longest file name, in bytes.
const LONGEST_NAME: usize = 120;

/// Where a picture, video, recording or document comes from: exactly one of `url`,
/// `base64` and `path`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MediaSource {
    /// Public https address; it is fetched here, without redirects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The content itself in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Media type of `base64`, such as text/csv.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// File in the operator's outbox folder, relative to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl MediaSource {
    /// Whether exactly one source is given.
    ///
    /// # Errors
    /// When it is another number, or `mime` does not belong to it.
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

/// What may be taken in.
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
        Self::new(None, USUAL_MAX_BYTES)
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

    /// What is too large for an answer is saved in `inbox`.
    #[must_use]
    pub fn saving_in(mut self, inbox: Option<PathBuf>) -> Self {
        self.inbox = inbox;
        self
    }
}

/// Something that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its media type: by its first bytes where they tell it, else as it was declared.
    pub mime: String,
    /// Its name, without any folder.
    pub file_name: String,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl Media {
    /// What it is, by its first bytes.
    pub fn family(&self) -> Family {
        kind::sniffed(&self.bytes).map_or(Family::Other, Family::of)
    }

    /// Its name, with an end that agrees with the bytes: some go by names alone.
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

/// Why something was not taken in. Addresses and folders are never repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unloadable {
    /// The source cannot be used as it is written.
    #[error("{0}")]
    Source(&'static str),
    /// Files are not open to agents.
    #[error("`path` cannot be used: no outbox folder is configured")]
    NoOutbox,
    /// There is no such file, or it is none to be sent.
    #[error("the file cannot be used: {0}")]
    File(String),
    /// The host is none on the public internet.
    #[error("the address does not lead to the public internet alone; it was not called")]
    NotPublic,
    /// The host gave no file.
    #[error("the address gave no file: {0}")]
    Fetch(String),
    /// The host answered with a status that says no.
    #[error("the address gave no file: it answered {0}")]
    Answered(u16),
    /// It is larger than what may be taken in.
    #[error("it is larger than {0} bytes, the most that is taken in")]
    TooLarge(usize),
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It took too long.
    #[error("it did not come within {0} s")]
    TooSlow(u64),
}

impl Unloadable {
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

/// What a source gave, before it is looked at.
struct Raw {
    bytes: Vec<u8>,
    declared: Option<String>,
    name: Option<String>,
}

/// Takes in what `source` names, as far as `rules` let it.
///
/// # Errors
/// When the source is not allowed, not there, too large or too slow.
pub async fn load(source: &MediaSource, rules: &MediaRules) -> Result<Media, Unloadable> {
    source.check().map_err(Unloadable::Source)?;
    let loading = async {
        match (&source.url, &source.base64, &source.path) {
            (Some(url), _, _) => fetch::fetch(url, rules).await,
            (_, Some(text), _) => decoded(text, source.mime.as_deref(), rules),
            (_, _, Some(path)) => folder::read(path, rules).await,
            (None, None, None) => Err(Unloadable::Empty),
        }
    };
    let raw = tokio::time::timeout(rules.time, loading)
        .await
        .map_err(|_| Unloadable::TooSlow(rules.time.as_secs()))??;
    if raw.bytes.is_empty() {
        return Err(Unloadable::Empty);
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

/// Asks a public https address for a file that an API has named; the body is still to
/// come.
///
/// # Errors
/// When the address is not public, or gives no file.
pub async fn ask(url: &str, rules: &MediaRules) -> Result<Response, Unloadable> {
    // A file that comes in may be larger than one that is sent.
    let (response, _) = fetch::open(url, rules, rules.time * 4).await?;
    Ok(response)
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decoded(text: &str, mime: Option<&str>, rules: &MediaRules) -> Result<Raw, Unloadable> {
    // Looked at first: what is too large is not decoded.
    if text.len() / 4 * 3 > rules.max_bytes.saturating_add(3) {
        return Err(Unloadable::TooLarge(rules.max_bytes));
    }
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| Unloadable::Source("`base64` is not plain base64 with its padding"))?;
    if bytes.len() > rules.max_bytes {
        return Err(Unloadable::TooLarge(rules.max_bytes));
    }
    let declared = mime.map(str::to_owned);
    if declared.as_deref().is_some_and(|mime| !kind::is_mime(mime)) {
        return Err(Unloadable::Source(
            "`mime` is no media type such as image/png",
        ));
    }
    Ok(Raw {
        bytes,
        declared,
        name: None,
    })
}

/// Whether this is a plain name of a file: no folder, nothing hidden, not too long.
pub fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " ._-+()[],&".contains(c);
    (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(['.', ' '])
        && !name.ends_with(['.', ' '])
}
