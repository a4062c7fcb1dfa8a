//! Serving MCP over Streamable HTTP: who may connect, how much, and until when.
//!
//! What comes in passes, in this order, the limits of the connection ([`listen`]),
//! the check of where it comes from ([`origins`]), the token ([`tokens`]), and the
//! binding of sessions to who opened them ([`sessions`]).

pub mod listen;
mod oauth;
pub mod origins;
mod refusal;
pub mod sessions;
pub mod status;
pub mod tokens;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower_service::Service;

use origins::Origins;
use sessions::{Held, HeldBody, Sessions};
use tokens::Door;

/// The path that MCP is served at.
pub const PATH: &str = "/mcp";

/// The header that names a session.
const SESSION: &str = "mcp-session-id";

/// The most bytes of a request's headers.
const LARGEST_HEAD: usize = 32 * 1024;

/// Who makes a request, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The grant's name.
    pub grant: String,
    /// A digest of whom the token is about, where an authorization server made it.
    pub subject: Option<[u8; 32]>,
}

impl Principal {
    /// Who is known as this grant and nothing else.
    pub fn of(grant: &str) -> Self {
        Self {
            grant: grant.to_owned(),
            subject: None,
        }
    }
}

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
    if sessions::are_unknown_to(request.headers()) {
        request.headers_mut().remove(SESSION);
    }
    let held = match request.headers().get(SESSION) {
        None => None,
        Some(session) => match hold(&checks.sessions, session, &principal) {
            None => return refuse(StatusCode::NOT_FOUND, "there is no such session"),
            held => held,
        },
    };
    let ends = *request.method() == Method::DELETE;
    request.extensions_mut().insert(principal.clone());
    if let Some(held) = &held {
        // Into the call that the request leads to: it may go on without the client.
        request.extensions_mut().insert(held.clone());
    }
    let response = next.run(request).await;
    let Some(held) = held else {
        let opened = response.headers().get(SESSION).map(HeaderValue::to_str);
        return match opened {
            Some(Ok(opened)) if !checks.sessions.bind(opened, &principal) => {
                let reason = "too many sessions are open";
                refuse(StatusCode::SERVICE_UNAVAILABLE, reason)
            }
            _ => response,
        };
    };
    if ends && response.status().is_success() {
        held.forget();
    }
    response.map(|body| HeldBody::wrap(body, held))
}

/// Holds the session that a request names.
fn hold(sessions: &Arc<Sessions>, named: &HeaderValue, principal: &Principal) -> Option<Held> {
    sessions.hold(named.to_str().ok()?, principal)
}

/// A refusal in a few words.
fn refuse(status: StatusCode, reason: &str) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, plain, reason.to_owned()).into_response()
}
