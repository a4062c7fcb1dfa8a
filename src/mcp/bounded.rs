//! rmcp's sessions, as many as the table of sessions allows.

use std::sync::Arc;

use futures_core::Stream;
use http::request::Parts;
use rmcp::{
    ErrorData,
    model::{ClientJsonRpcMessage, GetExtensions, JsonRpcMessage, ServerJsonRpcMessage},
    transport::{
        WorkerTransport,
        streamable_http_server::{
            SessionId, SessionManager,
            session::{
                ServerSseMessage,
                local::{LocalSessionManager, LocalSessionManagerError, LocalSessionWorker},
            },
        },
    },
};

use crate::sessions::{Principal, Sessions};

/// rmcp's session manager. Each of its sessions is in the table from the first message
/// on, and is closed when it leaves the table.
pub struct BoundedSessions {
    inner: Arc<LocalSessionManager>,
    sessions: Arc<Sessions>,
}

impl BoundedSessions {
    pub(super) fn new(inner: LocalSessionManager, sessions: Arc<Sessions>) -> Self {
        Self {
            inner: Arc::new(inner),
            sessions,
        }
    }
}

impl SessionManager for BoundedSessions {
    type Error = LocalSessionManagerError;
    type Transport = WorkerTransport<LocalSessionWorker>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        self.inner.create_session().await
    }

    /// rmcp calls this right after `create_session`; only this message shows who opens
    /// the session. If there is no room for it, the HTTP layer finds no such session in
    /// the table and replaces the answer with a refusal.
    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        let Some(owner) = principal(&message) else {
            return Err(LocalSessionManagerError::SessionNotFound(id.clone()));
        };
        let (guard, ended) = self.sessions.open(id, owner);
        let (inner, closed) = (self.inner.clone(), id.clone());
        tokio::spawn(async move {
            ended.cancelled().await;
            let _ = inner.close_session(&closed).await;
        });
        match guard {
            Some(_guard) => self.inner.initialize_session(id, message).await,
            None => {
                let error = ErrorData::internal_error("too many sessions", None);
                Ok(ServerJsonRpcMessage::error(error, None))
            }
        }
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.inner.has_session(id).await
    }

    /// rmcp calls this for a DELETE, and when a session stops by itself.
    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.sessions.end(id);
        self.inner.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.create_stream(id, message).await
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Self::Error> {
        self.inner.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.resume(id, last_event_id).await
    }
}

/// Who makes the request that a message came with.
fn principal(message: &ClientJsonRpcMessage) -> Option<&Principal> {
    let JsonRpcMessage::Request(request) = message else {
        return None;
    };
    let head = request.request.extensions().get::<Parts>()?;
    head.extensions.get::<Principal>()
}
