//! The same server over Streamable HTTP, in both eras.

use std::{sync::Arc, time::Duration};

use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService,
    session::local::{LocalSessionManager, SessionConfig},
};
use tokio_util::sync::CancellationToken;

use super::{Server, sleepers::Sleepers};
use crate::http::sessions::Sessions;

/// How long a session of an older client is served that sends nothing.
const IDLE: Duration = Duration::from_secs(60 * 60);

/// The most bytes of a request's body.
const LARGEST: usize = 4 * 1024 * 1024;

/// The server as a service for one HTTP path. Who may use it and from where is not
/// looked at here; whose a session is, is looked up in the same table.
pub fn http_service(
    server: Server,
    sessions: Arc<Sessions>,
    stop: CancellationToken,
) -> StreamableHttpService<Server, Sleepers> {
    // Sessions come and go; the server as a whole is open from here on.
    server.0.opened.notify_one();
    let mut awake = LocalSessionManager::default();
    awake.session_config = SessionConfig::default();
    awake.session_config.keep_alive = Some(IDLE);
    let mut config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins();
    config.max_request_body_bytes = LARGEST;
    config.cancellation_token = stop.clone();
    let sleepers = Sleepers::new(awake, sessions, server.clone(), stop);
    StreamableHttpService::new(move || Ok(server.clone()), Arc::new(sleepers), config)
}
