//! HTTP requests to an API: bounded in size and time, without redirects, and exact about
//! whether a request was sent.

use std::{error::Error, future::ready, pin::Pin, sync::OnceLock, time::Duration};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use url::Url;

use super::{handover::Handover, tree_size::tree_bytes};
use crate::{
    net::client_builder,
    op::{BackendError, Progress},
};

/// The largest answer that is read, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The most memory that an answer may take as a tree, in bytes.
const MAX_TREE_BYTES: usize = 144 * 1024 * 1024;

/// An answer takes no room of the process up to this size, in bytes, and no room for its
/// tree if that takes no more.
const SMALL_ANSWER_BYTES: usize = 1024 * 1024;

/// The most memory that the bytes of all large answers of the process take, in KiB.
const MAX_BODIES_KIB: usize = 128 * 1024;

/// The most memory that the trees of all large answers of the process take, in KiB.
const MAX_TREES_KIB: usize = 256 * 1024;

static BODIES: Semaphore = Semaphore::const_new(MAX_BODIES_KIB);

/// Whoever has room here waits for none of [`BODIES`], so that no two wait for each other.
static TREES: Semaphore = Semaphore::const_new(MAX_TREES_KIB);

/// The time limit for the download of a file.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(120);

/// Where an API is: an address that is known, or one that the first call finds out.
pub(super) trait Locate: Send + Sync + 'static {
    /// Whether it is reached at an `https:` address.
    fn is_encrypted(&self) -> bool;

    /// The address.
    ///
    /// # Errors
    /// When there is none.
    fn locate(&self) -> LocateFuture<'_>;
}

/// An address once it is known.
pub(super) type LocateFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Url, BackendError>> + Send + 'a>>;

impl Locate for Url {
    fn is_encrypted(&self) -> bool {
        self.scheme() == "https"
    }

    fn locate(&self) -> LocateFuture<'_> {
        Box::pin(ready(Ok(self.clone())))
    }
}

/// The transport to one API. Its client and certificate store are created at the first
/// call.
pub(super) struct Http {
    api: &'static str,
    timeout: Duration,
    certificates: bool,
    client: OnceLock<Client>,
}

/// The answer of an API.
pub(super) struct HttpReply {
    pub(super) status: StatusCode,
    body: Vec<u8>,
    /// What it takes of [`BODIES`] and [`TREES`].
    _room: [Option<SemaphorePermit<'static>>; 2],
}

/// The body of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// No body: a normal success of many calls.
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

    /// For an API that is only called at plain `http:` addresses: the system's certificates
    /// are not read. Reading them takes milliseconds and memory, and fails if there are
    /// none.
    pub(super) fn plain(mut self, plain: bool) -> Self {
        self.certificates = !plain;
        self
    }

    /// Sends a request that changes nothing. If the connection is lost, it is sent once more.
    pub(super) async fn read(
        &self,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<HttpReply, BackendError> {
        let client = self.client()?;
        match self.send(request(client)).await {
            Err(Lost { timeout: false, .. }) => self.send(request(client)).await,
            outcome => outcome,
        }
        .map_err(|lost| lost.unreachable(self.api))?
        .map_err(|why| BackendError::Unreadable { api: self.api, why })
    }

    /// Requests a file; its body has not been read. If the connection is lost, the request
    /// is sent once more.
    pub(super) async fn open(
        &self,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, BackendError> {
        let client = self.client()?;
        let send = || request(client).timeout(DOWNLOAD_TIMEOUT).send();
        let opened = match send().await {
            Err(error) if !error.is_timeout() => send().await,
            outcome => outcome,
        };
        let response = opened.map_err(|error| Lost::from(error).unreachable(self.api))?;
        tracing::info!(
            api = self.api,
            status = response.status().as_u16(),
            "opened"
        );
        Ok(response)
    }

    /// Sends a request that changes something, once, unless the call may no longer be sent.
    pub(super) async fn change(
        &self,
        progress: &Progress,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<HttpReply, BackendError> {
        let (client, request) = request(self.client()?).build_split();
        let request = request.map_err(|error| BackendError::internal(&reason(&error)))?;
        progress.still_wanted().await?;
        let (request, handover) = Handover::of(request, progress);
        let answer = tokio::select! {
            answer = self.send(RequestBuilder::from_parts(client, request)) => answer,
            refused = handover.refused(progress) => return Err(refused),
        };
        if let Some(refused) = handover.refusal() {
            return Err(refused);
        }
        match answer {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(why)) => Err(BackendError::OutcomeUnknown {
                api: self.api,
                why: format!("its answer cannot be read: {why}"),
            }),
            Err(lost) if lost.unsent => Err(lost.unreachable(self.api)),
            Err(lost) => Err(BackendError::OutcomeUnknown {
                api: self.api,
                why: format!("no answer came ({})", lost.why),
            }),
        }
    }

    /// The outer error: no answer. The inner error: an answer that cannot be read.
    async fn send(&self, request: RequestBuilder) -> Result<Result<HttpReply, String>, Lost> {
        let mut response = request.send().await.map_err(Lost::from)?;
        let status = response.status();
        let mut body = Vec::new();
        let mut room = None;
        loop {
            if room.is_none() && body.len() > SMALL_ANSWER_BYTES {
                match self.room(&BODIES, MAX_BODY_BYTES).await {
                    Ok(permit) => room = Some(permit),
                    Err(why) => return Ok(Err(why)),
                }
            }
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY_BYTES => {
                    return Ok(Err(format!(
                        "it is larger than {} MiB",
                        MAX_BODY_BYTES >> 20
                    )));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => {
                    return Ok(Err(format!(
                        "the connection was lost while it was read: {}",
                        reason(&error)
                    )));
                }
            }
        }
        tracing::info!(
            api = self.api,
            status = status.as_u16(),
            bytes = body.len(),
            "answered"
        );
        let needed = tree_bytes(&body);
        if needed > MAX_TREE_BYTES {
            return Ok(Err("it has too many values".to_owned()));
        }
        let tree = match needed {
            ..=SMALL_ANSWER_BYTES => None,
            bytes => match self.room(&TREES, bytes).await {
                Ok(permit) => Some(permit),
                Err(why) => return Ok(Err(why)),
            },
        };
        Ok(Ok(HttpReply {
            status,
            body,
            _room: [room, tree],
        }))
    }

    /// Room for this many bytes of a large answer, which waits for it as long as for itself.
    async fn room(
        &self,
        of: &'static Semaphore,
        bytes: usize,
    ) -> Result<SemaphorePermit<'static>, String> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let room = timeout(self.timeout, of.acquire_many(kib)).await;
        let room = room.ok().and_then(Result::ok);
        room.ok_or_else(|| "other large answers leave no memory for it".to_owned())
    }

    fn client(&self) -> Result<&Client, BackendError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // If two callers get here at once, one of the two clients is dropped.
        let builder = if self.certificates {
            client_builder()
        } else {
            // No trusted certificate: a call of an `https:` address fails.
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

impl Lost {
    fn unreachable(self, api: &'static str) -> BackendError {
        BackendError::Unreachable {
            api,
            address: self.address,
            why: self.why,
        }
    }
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

/// Scheme, host and port of a URL: the part that may be shown.
fn address(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The reason of an error, without the URL: its path may contain a secret.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within the time limit".into();
    }
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if deepest.downcast_ref::<reqwest::Error>().is_some() {
        // Only an error of reqwest itself prints its URL.
        return "the connection failed".into();
    }
    deepest.to_string()
}

impl HttpReply {
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The body as JSON if it parses, or else as text: the content types of APIs are not
    /// reliable.
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
            // serde's message would repeat the value, which may be private.
            why: match error.classify() {
                serde_json::error::Category::Data => {
                    "a field is missing or has the wrong type".into()
                }
                _ if self.body.is_empty() => "it is empty".into(),
                _ => "it is not JSON".into(),
            },
        })
    }
}
