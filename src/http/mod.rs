//! Serves MCP over Streamable HTTP: who may connect, how much, and until when.
//!
//! A request passes these checks in this order: the limits of the connection
//! ([`listen`]), the size of its headers, its `Host` and `Origin` ([`origins`]), its
//! token ([`auth`]), the owner of its session ([`crate::sessions`]), and then its body
//! (`upload`), of which nothing is read before.

pub mod auth;
mod body;
pub mod listen;
mod oauth;
pub mod origins;
mod rejection;
pub mod status;
mod upload;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tokio::task::spawn_blocking;
use tower_service::Service;

use auth::Authenticator;
use origins::Origins;
use upload::{Upload, Uploads};

use crate::{
    mcp,
    sessions::{Principal, SessionGuard, Sessions},
    shares::{Share, Shares},
};

/// The path of the MCP endpoint.
pub const PATH: &str = "/mcp";

/// The header with the id of a session.
const SESSION_HEADER: &str = "mcp-session-id";

/// The first revision of MCP without sessions.
const FIRST_SESSIONLESS_REVISION: &str = "2026-07-28";

/// After how many seconds a client may try again to open a session.
const SESSION_RETRY_SECONDS: &str = "10";

/// The most bytes of a request's headers.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// A larger body, in bytes, is checked on a thread of its own, so that it holds up nobody.
const MAX_CHECKED_AT_ONCE: usize = 256 * 1024;

/// The most large bodies that are checked at once. Of one grant alone, half as many.
const MAX_READERS: usize = 4;

/// What requests are checked with.
struct Checks {
    authenticator: Authenticator,
    sessions: Arc<Sessions>,
    uploads: Uploads,
    /// The threads that check large bodies.
    readers: Shares,
}

/// The MCP service at [`PATH`], behind all checks, with bodies of at most `max_body_bytes`.
pub fn router<S>(
    mcp: S,
    origins: Origins,
    authenticator: Authenticator,
    sessions: Arc<Sessions>,
    max_body_bytes: usize,
) -> Router
where
    S: Service<Request<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    let checks = Arc::new(Checks {
        authenticator,
        sessions,
        uploads: Uploads::new(max_body_bytes),
        readers: Shares::new(MAX_READERS),
    });
    // The last layer runs first.
    let router = Router::new()
        .route_service(PATH, mcp)
        .layer(middleware::from_fn_with_state(checks, check_caller));
    with_origins(router, origins)
}

/// A router behind the checks that need no token.
fn with_origins(router: Router, origins: Origins) -> Router {
    let origins = Arc::new(origins);
    router.layer(middleware::from_fn_with_state(origins, check_origin))
}

/// Rejects requests with headers that are too large, or with a `Host` or `Origin` that
/// is not allowed.
async fn check_origin(
    State(origins): State<Arc<Origins>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers().iter();
    let size: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > MAX_HEADER_BYTES {
        let reason = "the headers are larger than 32 KiB; send fewer or smaller headers";
        return reject(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason);
    }
    match origins.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => reject(StatusCode::FORBIDDEN, reason),
    }
}

/// Rejects requests without a valid token, and requests in another principal's session.
async fn check_caller(
    State(checks): State<Arc<Checks>>,
    mut request: Request,
    next: Next,
) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(document) = checks.authenticator.public_document(request.uri().path())
    {
        return Json(document).into_response();
    }
    let principal = match checks.authenticator.authenticate(request.headers()).await {
        Ok(principal) => principal,
        Err(rejection) => return rejection.into_response(),
    };
    // No code behind this check needs the token.
    request.headers_mut().remove(header::AUTHORIZATION);
    if is_sessionless(request.headers()) {
        request.headers_mut().remove(SESSION_HEADER);
    }
    let mut guard = None;
    if let Some(id) = request.headers().get(SESSION_HEADER) {
        let Some(held) = hold_session(&checks.sessions, id, &principal) else {
            let reason = "the session is unknown or has ended; send initialize to open one";
            return reject(StatusCode::NOT_FOUND, reason);
        };
        // The call holds the session too: it may go on without the client.
        request.extensions_mut().insert(held.clone());
        guard = Some(held);
    }
    request.extensions_mut().insert(principal.clone());
    let response = match checks.with_body(request, &principal).await {
        // The bytes count until the message is read and handed on.
        Ok((request, _bytes_under_way)) => next.run(request).await,
        Err(rejection) => return rejection,
    };
    if let Some(opened) = response.headers().get(SESSION_HEADER) {
        guard = hold_session(&checks.sessions, opened, &principal);
        if guard.is_none() {
            let reason = "too many sessions are open; try again later";
            let rejection = reject(StatusCode::SERVICE_UNAVAILABLE, reason);
            return ([(header::RETRY_AFTER, SESSION_RETRY_SECONDS)], rejection).into_response();
        }
    }
    match guard {
        Some(guard) => response.map(|body| body::guarded(body, guard)),
        None => response,
    }
}

impl Checks {
    /// The same request with its body in memory, and what the body holds of all bytes that
    /// may be under way. Only a POST has a body.
    async fn with_body(
        &self,
        request: Request,
        principal: &Principal,
    ) -> Result<(Request, Option<Share>), Response> {
        let (mut head, body) = request.into_parts();
        if head.method != Method::POST {
            return Ok((Request::from_parts(head, Body::empty()), None));
        }
        let upload = self.uploads.read(&principal.grant, body).await;
        let Upload { bytes, share } = upload.map_err(IntoResponse::into_response)?;
        let extensions = &mut head.extensions;
        let checked = match bytes.len() {
            ..=MAX_CHECKED_AT_ONCE => mcp::check_body(&bytes, extensions),
            _ => {
                let _reader = self.readers.acquire(&principal.grant, 1).await;
                let (mut found, bytes) = (std::mem::take(extensions), bytes.clone());
                let checking = spawn_blocking(move || {
                    let checked = mcp::check_body(&bytes, &mut found);
                    (checked, found)
                });
                let broken = |_| reject(StatusCode::INTERNAL_SERVER_ERROR, "the check broke off");
                let (checked, found) = checking.await.map_err(broken)?;
                *extensions = found;
                checked
            }
        };
        checked.map_err(|answer| {
            let json = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::BAD_REQUEST, json, answer).into_response()
        })?;
        let request = Request::from_parts(head, Body::from(bytes));
        Ok((request, Some(share)))
    }
}

/// Holds the session that a header names. `None` if the principal has no such session.
fn hold_session(
    sessions: &Arc<Sessions>,
    id: &HeaderValue,
    principal: &Principal,
) -> Option<SessionGuard> {
    sessions.hold(id.to_str().ok()?, principal)
}

/// Whether a request uses a revision without sessions. The session id of such a request
/// is ignored.
fn is_sessionless(headers: &HeaderMap) -> bool {
    let version = headers.get("mcp-protocol-version");
    // Revisions are dates, which sort as text.
    version.is_some_and(|version| version.as_bytes() >= FIRST_SESSIONLESS_REVISION.as_bytes())
}

/// A response with an error status and its reason as plain text.
fn reject(status: StatusCode, reason: &str) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, plain, reason.to_owned()).into_response()
}
