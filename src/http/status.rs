//! What operators and their tools look at, on an address of its own.

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

use super::refuse;
use crate::mcp::Server;

/// How long a look at the back end holds.
const FRESH: Duration = Duration::from_secs(5);

/// A server that is looked at.
struct Looked {
    server: Server,
    /// One look at a time is enough for everybody.
    looking: Semaphore,
    last: Mutex<Option<(Instant, Found)>>,
}

type Found = Result<(), String>;

/// `/healthz`, `/readyz` and `/metrics` of a server.
pub fn router(server: Server) -> Router {
    let looked = Looked {
        server,
        looking: Semaphore::new(1),
        last: Mutex::new(None),
    };
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(looked))
}

async fn ready(State(looked): State<Arc<Looked>>) -> Response {
    match looked.look().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => refuse(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

impl Looked {
    fn last(&self) -> Option<(Instant, Found)> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    async fn look(&self) -> Found {
        let last = self.last();
        let fresh = last.clone().filter(|(at, _)| at.elapsed() < FRESH);
        let place = self.looking.try_acquire();
        match (fresh, place) {
            (Some((_, found)), _) => found,
            (None, Ok(_place)) => {
                let found = self.server.ready().await;
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                *last = Some((Instant::now(), found.clone()));
                found
            }
            // Somebody else is looking.
            (None, Err(_)) => last.map_or(Err("not looked yet".to_owned()), |(_, found)| found),
        }
    }
}

async fn metrics(State(looked): State<Arc<Looked>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], looked.server.metrics()).into_response()
}
