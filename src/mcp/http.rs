//! The same server over Streamable HTTP, in both eras.

use std::{sync::Arc, time::Duration};

use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Server, bounded::BoundedSessions};
use crate::sessions::Sessions;

/// How often idle sessions are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The server as a service for one HTTP path, until `stop`. The layers in front of it
/// check who may use it and from where, and look up whose a session is in `sessions`.
pub fn http_service(
    server: Server,
    sessions: Arc<Sessions>,
    stop: CancellationToken,
) -> StreamableHttpService<Server, BoundedSessions> {
    // Sessions come and go; the server as a whole is open from here on.
    server.0.opened.notify_one();
    let mut inner = LocalSessionManager::default();
    // rmcp's own limit also ends a session whose call or stream is silent for so long.
    inner.session_config.keep_alive = None;
    let mut config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins();
    config.max_request_body_bytes = server.max_message_bytes();
    config.cancellation_token = stop.clone();
    let bounded = Arc::new(BoundedSessions::new(inner, sessions.clone()));
    tokio::spawn(async move {
        while stop
            .run_until_cancelled(sleep(SWEEP_INTERVAL))
            .await
            .is_some()
        {
            sessions.sweep();
        }
    });
    StreamableHttpService::new(move || Ok(server.clone()), bounded, config)
}
