//! Downloads of files that an API names.

use reqwest::{Response, StatusCode};

use crate::{
    media::{IncomingFile, LoadError, MediaRules, open_public_url, receive},
    op::{BackendError, GUARD, Handover, Progress, RequestKind, Untrusted},
};

/// The remedy for a file that is gone.
const ASK_AGAIN: &str = "ask for it to be sent again, or open it on the phone";

/// Downloads a file from a public address that an API has named, unless nothing may be read
/// any more.
pub(super) async fn from_public(
    api: &'static str,
    progress: &Progress,
    url: &str,
    declared: Option<&str>,
    rules: &MediaRules,
) -> Result<IncomingFile, BackendError> {
    progress.may_read().await?;
    let handover = Handover::new(RequestKind::Read, progress);
    let guard = |request| handover.guard(request);
    let opening = open_public_url(url, rules, &guard);
    let response = handover
        .run(progress, opening)
        .await?
        .map_err(|error| match error {
            LoadError::Status(status) => no_file(api, status),
            // Its message is about an argument of a tool, and here there is none.
            LoadError::InvalidSource(_) => refused(
                api,
                None,
                "the address that it reports for the file may not be called",
                "the operator should check where the API stores its files",
            ),
            LoadError::NotPublic => refused(
                api,
                None,
                &error.to_string(),
                "the operator should check where the API stores its files",
            ),
            error => refused(api, None, &error.to_string(), "call again"),
        })?;
    download(api, response, declared, rules).await
}

/// Downloads a file from the API's own answer.
pub(super) async fn download(
    api: &'static str,
    response: Response,
    declared: Option<&str>,
    rules: &MediaRules,
) -> Result<IncomingFile, BackendError> {
    if response.status() != StatusCode::OK {
        return Err(no_file(api, response.status().as_u16()));
    }
    let received = receive(response, declared, rules)
        .await
        .map_err(|error| refused(GUARD, None, &error.to_string(), error.remedy()))?;
    tracing::info!(
        bytes = received.size,
        mime = received.mime,
        sha256 = received.sha256,
        "received"
    );
    Ok(received)
}

/// The file does not exist, or not any more.
pub(super) fn gone(api: &'static str, message: &str) -> BackendError {
    refused(api, None, message, ASK_AGAIN)
}

fn no_file(api: &'static str, status: u16) -> BackendError {
    let (message, next) = match status {
        404 | 410 => ("the file is gone", ASK_AGAIN),
        401 | 403 => (
            "it refuses the file: the address has expired, or the key may not read it",
            "call again; if it fails again, the operator should check the key's permissions",
        ),
        300..=399 => (
            "the file's address leads to a redirect, which is not followed",
            "the operator should check where the API stores its files",
        ),
        _ => ("it refuses the file", "call again later"),
    };
    refused(api, Some(status), &format!("{message} ({status})"), next)
}

fn refused(
    api: &'static str,
    status: Option<u16>,
    message: &str,
    next: &'static str,
) -> BackendError {
    BackendError::Refused {
        api,
        status,
        message: Untrusted::new(message),
        remedy: next,
    }
}
