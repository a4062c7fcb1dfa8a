//! Files that an API names: asked for, taken in, and told clearly when they are gone.

use reqwest::{Response, StatusCode};

use crate::{
    media::{IncomingFile, LoadError, MediaRules, open_public_url, receive},
    op::{BackendError, GUARD, Untrusted},
};

/// What to do about a file that is gone.
const AGAIN: &str = "ask for it to be sent again, or open it on the phone";

/// Takes in a file from a public address that an API has named.
pub(super) async fn from_public(
    api: &'static str,
    url: &str,
    declared: Option<&str>,
    rules: &MediaRules,
) -> Result<IncomingFile, BackendError> {
    let response = open_public_url(url, rules)
        .await
        .map_err(|error| match error {
            LoadError::Status(status) => no_file(api, status),
            // What it says of an argument is of no use here: nobody gave one.
            LoadError::InvalidSource(_) => refused(
                api,
                None,
                "it names an address for the file that is not called",
                "the operator should look at how the API stores its files",
            ),
            LoadError::NotPublic => refused(
                api,
                None,
                &error.to_string(),
                "the operator should look at how the API stores its files",
            ),
            error => refused(api, None, &error.to_string(), "call again"),
        })?;
    take_in(api, response, declared, rules).await
}

/// Takes in a file that an API answers itself.
pub(super) async fn take_in(
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

/// There is no file, or none any more.
pub(super) fn gone(api: &'static str, said: &str) -> BackendError {
    refused(api, None, said, AGAIN)
}

fn no_file(api: &'static str, status: u16) -> BackendError {
    let (said, next) = match status {
        404 | 410 => ("the file is gone", AGAIN),
        401 | 403 => (
            "it does not give out the file: the address is out of date, or the key may not read it",
            "call again; if it stays, the operator should look at the key's rights",
        ),
        300..=399 => (
            "the file's address leads to a redirect, which is not followed",
            "the operator should look at how the API stores its files",
        ),
        _ => ("it does not give out the file", "call again later"),
    };
    refused(api, Some(status), &format!("{said} ({status})"), next)
}

fn refused(api: &'static str, status: Option<u16>, said: &str, next: &'static str) -> BackendError {
    BackendError::Refused {
        api,
        status,
        said: Untrusted::new(said),
        next,
    }
}
