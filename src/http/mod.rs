//! Serving MCP over Streamable HTTP: who may connect, how much, and until when.
//!
//! What comes in passes, in this order, the limits of the connection ([`listen`]),
//! the check of where it comes from ([`origins`]), the token ([`tokens`]), and the
//! binding of sessions to who opened them ([`crate::sessions`]).

mod body;
pub mod listen;
mod oauth;
pub mod origins;
mod refusal;
pub mod status;
pub mod tokens;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower_service::Service;

use origins::Origins;
use tokens::Door;

use crate::sessions::{Principal, SessionGuard, Sessions};

/// The path that MCP is served at.
pub const PATH: &str = "/mcp";

/// The header that names a session.
const SESSION: &str = "mcp-session-id";

/// The first revision that has no sessions.
const SESSIONLESS: &str = "2026-07-28";

/// After how many seconds a client may try again to open a session.
const RETRY_AFTER: &str = "10";

/// The most bytes of a request's headers.
const LARGEST_HEAD: usize = 32 * 1024;

/// What a request has to pass.
struct Checks {
    origins: Origins,
    door: Door,
    sessions: Arc<Sessions>,
}

/// MCP at [`PATH`], behind all checks.
pub fn router<S>(mcp: S, origins: Origins, door: Door, sessions: Arc<Sessions>) -> Router
where
    S: Service<Request<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    let checks = Arc::new(Checks {
        origins,
        door,
        sessions,
    });
    // The last layer comes first.
    Router::new()
        .route_service(PATH, mcp)
        .layer(middleware::from_fn_with_state(checks.clone(), known))
        .layer(middleware::from_fn_with_state(checks, foreign))
}

/// Refuses what a browser sends from elsewhere, before anything else is looked at.
async fn foreign(State(checks): State<Arc<Checks>>, request: Request, next: Next) -> Response {
    let head = request.headers().iter();
    let size: usize = head
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > LARGEST_HEAD {
        let reason = "the headers are too large";
        return refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason);
    }
    match checks.origins.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => refuse(StatusCode::FORBIDDEN, reason),
    }
}

/// Refuses who has no token, and sessions that somebody else has opened.
async fn known(State(checks): State<Arc<Checks>>, mut request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(told) = checks.door.tells(request.uri().path())
    {
        return Json(told).into_response();
    }
    let principal = match checks.door.open(request.headers()).await {
        Ok(principal) => principal,
        Err(refusal) => return refusal.into_response(),
    };
    // Nothing behind this has a use for the token.
    request.headers_mut().remove(header::AUTHORIZATION);
    if is_sessionless(request.headers()) {
        request.headers_mut().remove(SESSION);
    }
    let mut guard = None;
    if let Some(id) = request.headers().get(SESSION) {
        let Some(held) = hold(&checks.sessions, id, &principal) else {
            return refuse(StatusCode::NOT_FOUND, "there is no such session");
        };
        // Into the call that the request leads to: it may go on without the client.
        request.extensions_mut().insert(held.clone());
        guard = Some(held);
    }
    request.extensions_mut().insert(principal.clone());
    let response = next.run(request).await;
    if let Some(opened) = response.headers().get(SESSION) {
        guard = hold(&checks.sessions, opened, &principal);
        if guard.is_none() {
            let reason = "too many sessions are open; try again later";
            let refusal = refuse(StatusCode::SERVICE_UNAVAILABLE, reason);
            return ([(header::RETRY_AFTER, RETRY_AFTER)], refusal).into_response();
        }
    }
    match guard {
        Some(guard) => response.map(|body| body::guarded(body, guard)),
        None => response,
    }
}

/// The session that a header names, for a request of its owner.
fn hold(sessions: &Arc<Sessions>, id: &HeaderValue, principal: &Principal) -> Option<SessionGuard> {
    sessions.hold(id.to_str().ok()?, principal)
}

/// Whether a request is of a revision that has no sessions. A session that it names all
/// the same means nothing.
fn is_sessionless(headers: &HeaderMap) -> bool {
    let version = headers.get("mcp-protocol-version");
    // Revisions are dates, which sort as text.
    version.is_some_and(|version| version.as_bytes() >= SESSIONLESS.as_bytes())
}

/// A refusal in a few words.
fn refuse(status: StatusCode, reason: &str) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, plain, reason.to_owned()).into_response()
}
