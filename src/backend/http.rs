//! The way to an API: bounded, without redirects, and honest about what was sent.

use std::{error::Error, sync::OnceLock, time::Duration};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{
    net::client_builder,
    op::{BackendError, Progress},
};

/// The largest answer that is read.
const LARGEST: usize = 8 * 1024 * 1024;

/// How long a file may take to come.
const FILE_TIME: Duration = Duration::from_secs(120);

/// One API. The client with its certificate store is made at the first call.
pub(super) struct Http {
    api: &'static str,
    timeout: Duration,
    certificates: bool,
    client: OnceLock<Client>,
}

/// What an API answered.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    body: Vec<u8>,
}

/// What a body says.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// Nothing; a normal success for many calls.
    Empty,
    Json(Value),
    Text(String),
}

impl Http {
    pub(super) fn new(api: &'static str, timeout: Duration) -> Self {
        Self {
            api,
            timeout,
            certificates: true,
            client: OnceLock::new(),
        }
    }

    /// For an API that is only called at plain `http:` addresses. The system's
    /// certificates are then not read: that takes milliseconds and memory, and
    /// fails where there are none.
    pub(super) fn plain(mut self, plain: bool) -> Self {
        self.certificates = !plain;
        self
    }

    /// Sends a request that changes nothing; a lost connection is tried once more.
    pub(super) async fn read(
        &self,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Reply, BackendError> {
        let client = self.client()?;
        match self.send(request(client)).await {
            Err(Lost { timeout: false, .. }) => self.send(request(client)).await,
            outcome => outcome,
        }
        .map_err(|lost| BackendError::Unreachable {
            api: self.api,
            address: lost.address,
            why: lost.why,
        })?
        .map_err(|why| BackendError::Unreadable { api: self.api, why })
    }

    /// Asks for a file, whose body is still to come; a lost connection is tried once more.
    pub(super) async fn open(
        &self,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, BackendError> {
        let client = self.client()?;
        let send = || request(client).timeout(FILE_TIME).send();
        let opened = match send().await {
            Err(error) if !error.is_timeout() => send().await,
            outcome => outcome,
        };
        let response = opened.map_err(|error| {
            let lost = Lost::from(error);
            BackendError::Unreachable {
                api: self.api,
                address: lost.address,
                why: lost.why,
            }
        })?;
        tracing::info!(
            api = self.api,
            status = response.status().as_u16(),
            "opened"
        );
        Ok(response)
    }

    /// Sends a request that changes something, once, unless it was taken back.
    pub(super) async fn change(
        &self,
        progress: &Progress,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Reply, BackendError> {
        let request = request(self.client()?);
        progress.still_wanted()?;
        match self.send(request).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(why)) => Err(BackendError::OutcomeUnknown { api: self.api, why }),
            Err(lost) if lost.unsent => Err(BackendError::Unreachable {
                api: self.api,
                address: lost.address,
                why: lost.why,
            }),
            Err(lost) => Err(BackendError::OutcomeUnknown {
                api: self.api,
                why: lost.why,
            }),
        }
    }

    /// The outer error: no answer. The inner error: an answer that cannot be taken in.
    async fn send(&self, request: RequestBuilder) -> Result<Result<Reply, String>, Lost> {
        let mut response = request.send().await.map_err(Lost::from)?;
        let status = response.status();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST => {
                    return Ok(Err(format!("it is larger than {} MiB", LARGEST >> 20)));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Ok(Err(format!("it broke off: {}", reason(&error)))),
            }
        }
        tracing::info!(
            api = self.api,
            status = status.as_u16(),
            bytes = body.len(),
            "answered"
        );
        Ok(Ok(Reply { status, body }))
    }

    fn client(&self) -> Result<&Client, BackendError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Losing a race to another caller only means that one of two clients is dropped.
        let builder = if self.certificates {
            client_builder()
        } else {
            // Trusts nobody: should `https:` be called after all, it fails.
            client_builder().tls_certs_only([])
        };
        let client = builder
            .timeout(self.timeout)
            .connect_timeout(self.timeout.min(Duration::from_secs(10)))
            .build()
            .map_err(|error| BackendError::internal(&reason(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// A request that got no answer.
struct Lost {
    address: String,
    why: String,
    timeout: bool,
    unsent: bool,
}

impl From<reqwest::Error> for Lost {
    fn from(error: reqwest::Error) -> Self {
        Self {
            address: error.url().map(address).unwrap_or_default(),
            timeout: error.is_timeout(),
            unsent: error.is_connect() || error.is_builder(),
            why: reason(&error),
        }
    }
}

/// Scheme, host and port of a URL: all of it that may be shown.
fn address(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What the network said, without the URL: its path may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within the time limit".into();
    }
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if deepest.downcast_ref::<reqwest::Error>().is_some() {
        // The outermost error alone prints its URL.
        return "the connection failed".into();
    }
    deepest.to_string()
}

impl Reply {
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// What the body says. JSON is recognised by trying: APIs label plain strings as
    /// JSON and JSON as text.
    pub(super) fn body(&self) -> Body {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Body::Empty;
        }
        if let Ok(value) = serde_json::from_slice(&self.body) {
            return Body::Json(value);
        }
        Body::Text(String::from_utf8_lossy(&self.body).trim().to_owned())
    }

    /// The body as a type.
    pub(super) fn parse<T: DeserializeOwned>(&self, api: &'static str) -> Result<T, BackendError> {
        serde_json::from_slice(&self.body).map_err(|error| BackendError::Unreadable {
            api,
            // serde's message would repeat the value, which may be anything.
            why: match error.classify() {
                serde_json::error::Category::Data => "a field is missing or of another type".into(),
                _ if self.body.is_empty() => "it is empty".into(),
                _ => "it is not JSON".into(),
            },
        })
    }
}

/// A message without the secret, in case an API repeats it.
pub(super) fn redacted(message: &str, secret: Option<&SecretString>) -> String {
    match secret.map(ExposeSecret::expose_secret) {
        Some(secret) if !secret.is_empty() => message.replace(secret, "[secret]"),
        _ => message.to_owned(),
    }
}
