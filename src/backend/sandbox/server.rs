//! The sandbox's HTTP server, which starts at the first call.

use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::OnceCell, task::AbortHandle};
use url::Url;

use super::{SandboxState, request::SandboxRequest, routes};
use crate::{
    backend::http::{Locate, LocateFuture},
    op::BackendError,
};

/// The largest body that WAHA takes.
const MAX_BODY_BYTES: usize = 50 * 1024 * 1024;

/// A server that answers from its first call until it is dropped.
#[derive(Default)]
pub(super) struct SandboxServer {
    state: Arc<Mutex<SandboxState>>,
    listening: OnceCell<Listening>,
}

struct Listening {
    url: Url,
    task: AbortHandle,
}

impl SandboxServer {
    /// Plays the phone that scans the QR code.
    pub(super) fn scan(&self) {
        lock(&self.state).session.scan();
    }

    /// Listens on a free loopback port.
    async fn listen(&self) -> io::Result<Listening> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app = Router::new()
            .fallback(answer)
            .with_state(self.state.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Listening {
            url: Url::parse(&format!("http://{address}")).map_err(io::Error::other)?,
            task: serving.abort_handle(),
        })
    }
}

impl Locate for Arc<SandboxServer> {
    fn is_encrypted(&self) -> bool {
        false
    }

    fn locate(&self) -> LocateFuture<'_> {
        Box::pin(async {
            let listening = self.listening.get_or_try_init(|| self.listen()).await;
            listening
                .map(|listening| listening.url.clone())
                .map_err(|error| BackendError::internal(&error))
        })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(state): State<Arc<Mutex<SandboxState>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = SandboxRequest::new(head.uri.query(), &body);
    // Ids and names of files have nothing that an address would escape.
    let path = head.uri.path().trim_start_matches("/api/");
    let path: Vec<&str> = path.split('/').collect();
    routes::answer(&mut lock(&state), head.method.as_str(), &path, &request).into_response()
}

fn lock(state: &Mutex<SandboxState>) -> MutexGuard<'_, SandboxState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
