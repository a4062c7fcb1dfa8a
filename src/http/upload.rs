//! Reads the bodies of requests, within bounds of time and of bytes.

use std::{future::poll_fn, pin::Pin, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::{Instant, timeout_at};

use super::reject;
use crate::shares::{Share, Shares};

/// How long a client may take for a body, beside the time that its size allows.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// At this rate or faster a body never runs out of time, whatever its size.
const MIN_BYTES_PER_SECOND: u32 = 256 * 1024;

/// How many bodies of the largest size all grants together may be sending. One grant alone
/// may be sending half as many.
const MAX_LARGEST_BODIES: usize = 4;

/// After how many seconds a client may try again when its grant sends too much at once.
const RETRY_SECONDS: &str = "5";

/// The bodies that are under way, whose bytes grants share.
pub(super) struct Uploads {
    bytes: Shares,
    max_bytes: usize,
}

/// A body that has arrived.
pub(super) struct Upload {
    pub(super) bytes: Bytes,
    /// What it holds of all bytes that may be under way.
    pub(super) share: Share,
}

/// Why a body is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UploadError {
    /// It is larger than allowed.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// Its grant has too many bytes under way.
    Busy,
    /// The connection broke off.
    Broken,
}

impl Uploads {
    /// No bodies, each of which may have this many bytes.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            bytes: Shares::new(max_bytes.saturating_mul(MAX_LARGEST_BODIES)),
            max_bytes,
        }
    }

    /// Reads a body that a grant sends. Bytes count for the grant from the moment that they
    /// arrive until the share is dropped.
    ///
    /// # Errors
    /// Why it is not read to its end.
    pub(super) async fn read(&self, grant: &str, mut body: Body) -> Result<Upload, UploadError> {
        let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if declared > self.max_bytes {
            return Err(UploadError::TooLarge);
        }
        let mut share = self.bytes.take(grant, 0).ok_or(UploadError::Busy)?;
        let mut deadline = Instant::now() + BODY_TIMEOUT;
        let mut bytes = Vec::new();
        loop {
            let next = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
            let next = timeout_at(deadline, next).await;
            let Some(frame) = next.map_err(|_| UploadError::TooSlow)? else {
                let bytes = bytes.into();
                return Ok(Upload { bytes, share });
            };
            // Trailers say nothing here.
            let Ok(data) = frame.map_err(|_| UploadError::Broken)?.into_data() else {
                continue;
            };
            if data.len() > self.max_bytes.saturating_sub(bytes.len()) {
                return Err(UploadError::TooLarge);
            }
            if !share.grow(data.len()) {
                return Err(UploadError::Busy);
            }
            bytes.extend_from_slice(&data);
            let arrived = u32::try_from(data.len()).unwrap_or(u32::MAX);
            deadline += Duration::from_secs(1) * arrived / MIN_BYTES_PER_SECOND;
        }
    }
}

impl IntoResponse for UploadError {
    fn into_response(self) -> Response {
        match self {
            Self::TooLarge => reject(
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is larger than this server reads. Send a smaller one, and large files by `url` or `path`.",
            ),
            Self::TooSlow => reject(
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time. Send the request again, at 256 KiB a second or faster.",
            ),
            Self::Busy => {
                let reason = "Too many bytes of unfinished requests are under way. Try again when they have ended.";
                let mut response = reject(StatusCode::SERVICE_UNAVAILABLE, reason);
                let after = HeaderValue::from_static(RETRY_SECONDS);
                response.headers_mut().insert(header::RETRY_AFTER, after);
                response
            }
            Self::Broken => reject(
                StatusCode::BAD_REQUEST,
                "The connection broke off within the body. Send the request again.",
            ),
        }
    }
}
