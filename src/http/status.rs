//! Health, readiness and metrics for operators, at an address of their own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::Semaphore;

use super::{origins::Origins, reject, with_origins};
use crate::mcp::Server;

/// How long the result of a readiness probe is reused.
const READINESS_TTL: Duration = Duration::from_secs(1);

/// A server and the result of its last readiness probe.
struct Probe {
    server: Server,
    /// One probe at a time.
    turn: Semaphore,
    last: Mutex<Option<(Instant, Readiness)>>,
}

/// Why the server is not ready, if it is not.
type Readiness = Result<(), String>;

/// `/healthz`, `/readyz` and `/metrics` of a server, for requests with an allowed `Host`.
/// Probes often name an address, and an address cannot be rebound to another.
pub fn router(server: Server, origins: Origins) -> Router {
    let probe = Probe {
        server,
        turn: Semaphore::new(1),
        last: Mutex::new(None),
    };
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(probe));
    with_origins(router, origins.with_addresses())
}

async fn ready(State(probe): State<Arc<Probe>>) -> Response {
    match probe.readiness().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => reject(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

impl Probe {
    /// The last result while it is fresh or while another request probes; otherwise the
    /// result of a new probe.
    async fn readiness(&self) -> Readiness {
        let last = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let is_fresh = |(at, _): &(Instant, _)| at.elapsed() < READINESS_TTL;
        match (last, self.turn.try_acquire()) {
            (Some(last), _) if is_fresh(&last) => last.1,
            (_, Ok(_turn)) => {
                let readiness = self.server.ready().await;
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                *last = Some((Instant::now(), readiness.clone()));
                readiness
            }
            (Some((_, stale)), Err(_)) => stale,
            (None, Err(_)) => Err("the first readiness check is still running".to_owned()),
        }
    }
}

async fn metrics(State(probe): State<Arc<Probe>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let text = probe.server.metrics().await;
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
