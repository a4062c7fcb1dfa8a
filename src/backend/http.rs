//! HTTP requests to an API: bounded in size and time, without redirects, and exact about
//! whether a request was sent.

use std::{
    future::ready,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

pub(super) use super::answer_body::Body;
use super::{
    answer_body::{AnswerBody, PartialBody},
    plain_http::{ConnectionUse, PlainHttp},
    read_request::ReadRequest,
    send_error::{SendError, reason},
};
use crate::{
    net::client_builder_for,
    op::{BackendError, Handover, Progress, RequestKind},
};

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
    /// For an API that is only called at plain `http:` addresses.
    plain: Option<PlainHttp>,
    client: OnceLock<Client>,
}

/// The answer of an API.
pub(super) struct HttpReply {
    pub(super) status: StatusCode,
    body: AnswerBody,
}

impl Http {
    pub(super) fn new(api: &'static str, timeout: Duration) -> Self {
        Self {
            api,
            timeout,
            plain: None,
            client: OnceLock::new(),
        }
    }

    /// For an API that is only called at plain `http:` addresses: the system's certificates
    /// are not read. Reading them takes milliseconds and memory, and fails if there are
    /// none.
    pub(super) fn plain(mut self, plain: bool) -> Self {
        self.plain = plain.then(|| PlainHttp::new(self.timeout));
        self
    }

    /// Sends a request that changes nothing, unless nothing may be read any more. If the
    /// connection is lost, it is sent once more. Its answer is one to the grant of `progress`.
    pub(super) async fn read(
        &self,
        progress: &Progress,
        request: &ReadRequest,
    ) -> Result<HttpReply, BackendError> {
        // Boxed, as in the other methods: the callers stay small, and are cheap to move.
        let send = |connection| Box::pin(self.send_read(progress, connection, request));
        let answer = match send(ConnectionUse::Kept).await? {
            Err(SendError::Unanswered(_)) => send(ConnectionUse::New).await?,
            answer => answer,
        };
        answer.map_err(|error| error.of_read(self.api, request.url()))
    }

    async fn send_read(
        &self,
        progress: &Progress,
        connection: ConnectionUse,
        request: &ReadRequest,
    ) -> Result<Result<HttpReply, SendError>, BackendError> {
        progress.may_read().await?;
        let handover = Handover::new(RequestKind::Read, progress);
        let Some(plain) = &self.plain else {
            let request = request.for_any(self.client()?);
            let send = |request| self.send(request, progress.grant());
            return hand_over(&handover, progress, request, send).await;
        };
        let server = request.url();
        let body = PartialBody::new(progress.grant(), self.timeout);
        let answer = plain
            .send(
                connection,
                server,
                request.for_connection()?,
                &handover,
                body,
            )
            .await;
        let answer = answer.map(|(status, body)| self.answered(status, body));
        handover.refusal().map_or(Ok(answer), Err)
    }

    /// Requests a file, unless nothing may be read any more; its body has not been read. If
    /// the connection is lost, the request is sent once more.
    pub(super) async fn open(
        &self,
        progress: &Progress,
        request: &ReadRequest,
    ) -> Result<Response, BackendError> {
        let client = self.client()?;
        let open = async || {
            progress.may_read().await?;
            let handover = Handover::new(RequestKind::Read, progress);
            let request = request.for_any(client).timeout(DOWNLOAD_TIMEOUT);
            let send = async |request: RequestBuilder| Ok(request.send().await?);
            Box::pin(hand_over(&handover, progress, request, send)).await
        };
        let opened = match open().await? {
            Err(SendError::Unanswered(_)) => open().await?,
            opened => opened,
        };
        let response = opened.map_err(|error| error.of_read(self.api, request.url()))?;
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
        let url = request.url().clone();
        progress.still_wanted().await?;
        let handover = Handover::new(RequestKind::Change, progress);
        let request = RequestBuilder::from_parts(client, request);
        let send = |request| self.send(request, progress.grant());
        let answer = Box::pin(hand_over(&handover, progress, request, send)).await?;
        answer.map_err(|error| error.of_change(self.api, &url))
    }

    async fn send(&self, request: RequestBuilder, grant: &str) -> Result<HttpReply, SendError> {
        let mut response = request.send().await?;
        let mut body = PartialBody::new(grant, self.timeout);
        while let Some(chunk) = response.chunk().await.map_err(SendError::cut_off)? {
            body.push(&chunk).await?;
        }
        Ok(self.answered(response.status(), body.whole().await?))
    }

    fn answered(&self, status: StatusCode, body: AnswerBody) -> HttpReply {
        tracing::info!(
            api = self.api,
            status = status.as_u16(),
            bytes = body.bytes,
            "answered"
        );
        HttpReply { status, body }
    }

    fn client(&self) -> Result<&Client, BackendError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // If two callers get here at once, one of the two clients is dropped.
        let scheme = if self.plain.is_some() {
            "http"
        } else {
            "https"
        };
        let client = client_builder_for(scheme)
            .timeout(self.timeout)
            .connect_timeout(self.timeout.min(Duration::from_secs(10)))
            .build()
            .map_err(|error| BackendError::internal(&reason(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// Sends a request, unless it may no longer be sent when its connection takes it.
async fn hand_over<T>(
    handover: &Arc<Handover>,
    progress: &Progress,
    request: RequestBuilder,
    send: impl AsyncFnOnce(RequestBuilder) -> Result<T, SendError>,
) -> Result<Result<T, SendError>, BackendError> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| BackendError::internal(&reason(&error)))?;
    let request = RequestBuilder::from_parts(client, handover.guard(request));
    handover.run(progress, send(request)).await
}

impl HttpReply {
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    pub(super) fn body(&self) -> &Body {
        &self.body.body
    }

    pub(super) fn into_body(self) -> Body {
        self.body.body
    }

    /// The body as a type.
    pub(super) fn parse<T: DeserializeOwned>(&self, api: &'static str) -> Result<T, BackendError> {
        let unreadable = |why: &'static str| BackendError::Unreadable {
            api,
            why: why.into(),
        };
        match self.body() {
            // serde's message would repeat the value, which may be private.
            Body::Json(value) => T::deserialize(value)
                .map_err(|_| unreadable("a field is missing or has the wrong type")),
            Body::Text(_) => Err(unreadable("it is not JSON")),
            Body::Empty => Err(unreadable("it is empty")),
        }
    }
}
