//! Loads media that is to be sent (from a URL, from base64, or from the outbox folder),
//! and receives files. Independent of back ends and of the policy.

mod content_type;
mod fetch;
mod inbox;
mod mime;
mod outbox;
mod public_ip;
mod receive;
#[cfg(test)]
mod receive_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
pub(crate) mod tests;

use std::{path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Request, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{shares::Share, text::hex};
pub use content_type::{CONTENT_TYPES, content_type, is_family};
use fetch::Network;
pub use mime::{Family, is_audio, is_inline_image};
pub use receive::{FileContent, IncomingFile, ReceiveError, receive};

/// The default limit for media that is to be sent, in bytes.
pub const DEFAULT_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The longest file name, in bytes.
const MAX_FILE_NAME_BYTES: usize = 120;

/// Where a picture, video, recording or document comes from: exactly one of `url`,
/// `base64` and `path`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// Where media comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaOrigin {
    /// The outbox folder.
    Outbox,
    /// A URL.
    Url,
    /// The arguments of the call.
    Base64,
}

impl MediaOrigin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Outbox, Self::Url, Self::Base64];

    /// Its name in policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outbox => "outbox",
            Self::Url => "url",
            Self::Base64 => "base64",
        }
    }
}

impl MediaSource {
    /// Where the media comes from.
    pub const fn origin(&self) -> MediaOrigin {
        match (&self.url, &self.base64) {
            (Some(_), _) => MediaOrigin::Url,
            (None, Some(_)) => MediaOrigin::Base64,
            (None, None) => MediaOrigin::Outbox,
        }
    }

    /// The fewest bytes that the media has, as far as the source says.
    pub fn least_bytes(&self) -> usize {
        // Padding stands for up to two bytes.
        let encoded = self.base64.as_ref().map_or(0, String::len);
        (encoded / 4 * 3).saturating_sub(2)
    }

    /// Checks that there is exactly one source, and `mime` if and only if it is `base64`.
    ///
    /// # Errors
    /// Which argument to add or to omit.
    pub fn check(&self) -> Result<(), &'static str> {
        let given = [&self.url, &self.base64, &self.path];
        match given.iter().filter(|source| source.is_some()).count() {
            0 => Err("give one of `url`, `base64` and `path`; none is given"),
            1 if self.base64.is_none() && self.mime.is_some() => {
                Err("`mime` is only for `base64`; omit it")
            }
            1 if self.base64.is_some() && self.mime.is_none() => {
                Err("`base64` needs `mime`, such as image/png")
            }
            1 => Ok(()),
            _ => Err("give exactly one of `url`, `base64` and `path`"),
        }
    }
}

/// Where media may come from, and how large it may be.
#[derive(Debug, Clone)]
pub struct MediaRules {
    outbox: Option<PathBuf>,
    inbox: Option<PathBuf>,
    max_bytes: usize,
    timeout: Duration,
    network: Network,
}

impl Default for MediaRules {
    fn default() -> Self {
        Self::new(None, DEFAULT_MAX_BYTES)
    }
}

impl MediaRules {
    /// Reads files from `outbox` only, and loads nothing larger than `max_bytes`.
    pub const fn new(outbox: Option<PathBuf>, max_bytes: usize) -> Self {
        Self {
            outbox,
            inbox: None,
            max_bytes,
            timeout: Duration::from_secs(30),
            network: Network::PUBLIC,
        }
    }

    /// The same, for media of at most this many bytes.
    #[must_use]
    pub(crate) fn at_most(&self, max_bytes: usize) -> Self {
        Self {
            max_bytes: self.max_bytes.min(max_bytes),
            ..self.clone()
        }
    }

    /// The most bytes of media that is sent.
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Saves received files that are too large for a response in `inbox`.
    #[must_use]
    pub fn with_inbox(mut self, inbox: Option<PathBuf>) -> Self {
        self.inbox = inbox;
        self
    }
}

/// Media that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Content.
    pub bytes: Vec<u8>,
    /// Media type: from the first bytes if they identify one, otherwise as declared.
    pub mime: String,
    /// File name, without a folder.
    pub file_name: String,
    /// SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
}

impl Media {
    /// The kind of media that the first bytes identify.
    pub fn family(&self) -> Family {
        mime::sniff(&self.bytes).map_or(Family::Other, Family::of)
    }

    /// The file name with an extension that matches the media type: some WhatsApp clients
    /// only look at the name.
    pub fn typed_name(&self) -> String {
        let extension = mime::extension(&self.mime);
        let is_typed = match self.file_name.rsplit_once('.') {
            Some((_, given)) => {
                self.family() == Family::Other || mime::is_same_extension(given, extension)
            }
            None => false,
        };
        if is_typed {
            self.file_name.clone()
        } else {
            format!("{}.{extension}", self.file_name)
        }
    }
}

/// Why media was not loaded. The messages repeat no URLs and no folders.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The arguments are wrong.
    #[error("{0}")]
    InvalidSource(&'static str),
    /// There is no outbox.
    #[error("`path` cannot be used: no outbox folder is configured")]
    NoOutbox,
    /// The file does not exist or must not be sent.
    #[error("the file cannot be used: {0}")]
    File(&'static str),
    /// An address of the host is not on the public internet.
    #[error("the host is not on the public internet; it was not contacted")]
    NotPublic,
    /// The download failed.
    #[error("the file could not be downloaded: {0}")]
    Fetch(&'static str),
    /// The status of the response is not 200.
    #[error("the file could not be downloaded: the status is {0}")]
    Status(u16),
    /// The file is larger than the limit.
    #[error("the file is larger than the limit of {0} bytes")]
    TooLarge(usize),
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file did not arrive in time.
    #[error("the file could not be loaded within {0} s")]
    TimedOut(u64),
    /// The files of other calls leave no room for it in memory.
    #[error("the files of other calls leave no room for this one")]
    NoRoom,
}

impl LoadError {
    /// What to do next.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::InvalidSource(_) | Self::Empty => {
                "correct `url`, `base64` or `path` and call again"
            }
            Self::NoOutbox => {
                "give `base64` or `url`, or ask the operator to set WHATSAPP_GUARD_OUTBOX"
            }
            Self::File(_) => {
                "give the path of a regular file in the outbox, relative to the outbox"
            }
            Self::NotPublic => "give a public https URL, or the content as `base64`",
            Self::Fetch(_) | Self::Status(_) | Self::TimedOut(_) => {
                "give the URL of the file itself, or the content as `base64`"
            }
            Self::TooLarge(_) => {
                "send a smaller file; the operator can set WHATSAPP_GUARD_MAX_MEDIA_BYTES"
            }
            Self::NoRoom => "wait until other files are sent, then call again",
        }
    }
}

/// Media before its type is detected.
struct RawMedia {
    bytes: Vec<u8>,
    declared: Option<String>,
    name: Option<String>,
}

/// Makes a request one that is stopped, at the latest when it is written, if it may no longer
/// be sent.
pub type RequestGuard<'a> = &'a (dyn Fn(Request) -> Request + Send + Sync);

/// Loads the media that `source` names, within `rules`. What it takes of memory, in bytes,
/// is taken of `room` before.
///
/// # Errors
/// If the source is not allowed, does not exist, is too large or takes too long, or if
/// there is no room for it.
pub(crate) async fn load(
    source: &MediaSource,
    rules: &MediaRules,
    room: &mut Share,
    guard: RequestGuard<'_>,
) -> Result<Media, LoadError> {
    source.check().map_err(LoadError::InvalidSource)?;
    let loading = async {
        match (&source.url, &source.base64, &source.path) {
            (Some(url), _, _) => fetch::fetch(url, rules, room, guard).await,
            (_, Some(text), _) => decode(text, source.mime.as_deref(), rules, room),
            (_, _, Some(path)) => outbox::read(path, rules, room).await,
            (None, None, None) => Err(LoadError::Empty),
        }
    };
    let raw = tokio::time::timeout(rules.timeout, loading)
        .await
        .map_err(|_| LoadError::TimedOut(rules.timeout.as_secs()))??;
    if raw.bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    let mime = mime::mime(&raw.bytes, raw.declared.as_deref());
    let file_name = raw
        .name
        .filter(|name| is_file_name(name))
        .unwrap_or_else(|| format!("file.{}", mime::extension(&mime)));
    let sha256 = hex(&Sha256::digest(&raw.bytes));
    Ok(Media {
        bytes: raw.bytes,
        mime,
        file_name,
        sha256,
    })
}

/// Requests a file at a public https URL that an API has named. The body is not read yet.
///
/// # Errors
/// If the host is not public or does not return the file.
pub async fn open_public_url(
    url: &str,
    rules: &MediaRules,
    guard: RequestGuard<'_>,
) -> Result<Response, LoadError> {
    // Received files may be larger than files that are sent.
    let (response, _) = fetch::open(url, rules, rules.timeout * 4, guard).await?;
    Ok(response)
}

/// Takes bytes of the memory for files.
fn take(room: &mut Share, bytes: usize) -> Result<(), LoadError> {
    room.grow(bytes).then_some(()).ok_or(LoadError::NoRoom)
}

fn decode(
    text: &str,
    mime: Option<&str>,
    rules: &MediaRules,
    room: &mut Share,
) -> Result<RawMedia, LoadError> {
    // Checked first, so that a text that is too large is not decoded.
    if text.len() / 4 * 3 > rules.max_bytes.saturating_add(3) {
        return Err(LoadError::TooLarge(rules.max_bytes));
    }
    // The text itself stays in memory too, as an argument that conditions can name.
    take(room, text.len() / 4 * 3 + text.len())?;
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| LoadError::InvalidSource("`base64` is not standard base64 with padding"))?;
    if bytes.len() > rules.max_bytes {
        return Err(LoadError::TooLarge(rules.max_bytes));
    }
    let declared = mime.map(str::to_owned);
    if declared.as_deref().is_some_and(|mime| !mime::is_mime(mime)) {
        return Err(LoadError::InvalidSource(
            "`mime` is not a media type such as image/png",
        ));
    }
    Ok(RawMedia {
        bytes,
        declared,
        name: None,
    })
}

/// Whether this is a plain file name: no folder, not hidden, at most 120 bytes.
pub fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " ._-+()[],&".contains(c);
    (1..=MAX_FILE_NAME_BYTES).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(['.', ' '])
        && !name.ends_with(['.', ' '])
}
