//! Sessions over HTTP that are put to sleep and woken: rmcp keeps some 50 KB for each
//! that is awake, whether or not its client does anything.

use std::{pin::Pin, sync::Arc};

use futures_core::Stream;
use http::{HeaderValue, request::Parts};
use rmcp::{
    ServiceExt,
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, InitializeRequest,
        InitializedNotification, JsonRpcMessage, NumberOrString, ServerJsonRpcMessage,
    },
    transport::{
        WorkerTransport,
        streamable_http_server::{
            RestoreOutcome, SessionId, SessionManager,
            session::{
                ServerSseMessage,
                local::{LocalSessionManager, LocalSessionManagerError, LocalSessionWorker},
            },
        },
    },
};
use tokio_util::sync::CancellationToken;

use super::{Server, life::Life};
use crate::http::sessions::{Found, Sessions, Waking};

/// The sessions that are awake, and how others become so.
///
/// Each life of a session has a name of its own among those that are awake, so that the
/// late end of one is not the end of the next.
#[derive(Clone)]
pub struct Sleepers {
    awake: Arc<LocalSessionManager>,
    sessions: Arc<Sessions>,
    server: Server,
    stop: CancellationToken,
}

impl Sleepers {
    pub(super) fn new(
        awake: LocalSessionManager,
        sessions: Arc<Sessions>,
        server: Server,
        stop: CancellationToken,
    ) -> Self {
        Self {
            awake: Arc::new(awake),
            sessions,
            server,
            stop,
        }
    }

    /// The name of the life that a session is in.
    fn now(&self, id: &SessionId) -> SessionId {
        name(id, self.sessions.life(id))
    }

    /// Wakes a session; whether it is awake then.
    async fn wake(self, waking: Waking) -> bool {
        let served = self.serve_again(&waking).await.is_some();
        waking.settle(served)
    }

    /// Serves a session again, after the handshake that its client made once.
    async fn serve_again(&self, waking: &Waking) -> Option<()> {
        let (id, call) = (waking.held.id().clone(), &waking.call);
        let (name, life) = (name(&id, call.life), call.life);
        let params = serde_json::from_slice(&call.hello).ok()?;
        let restored = self.awake.restore_session(name.clone()).await;
        let Ok(RestoreOutcome::Restored(transport)) = restored else {
            return None;
        };
        let transport = Life::new(transport, life, call.over.clone());
        let whole = self.clone();
        tokio::spawn(async move {
            let stop = whole.stop.child_token();
            if let Ok(service) = whole.server.clone().serve_with_ct(transport, stop).await {
                let _ = service.waiting().await;
            }
            let _ = whole.end(&id, life).await;
        });
        let hello = ClientRequest::InitializeRequest(InitializeRequest::new(params));
        let hello = ClientJsonRpcMessage::request(hello, NumberOrString::Number(0));
        let answer = self.awake.initialize_session(&name, hello).await.ok()?;
        if !matches!(answer, JsonRpcMessage::Response(_)) {
            return None;
        }
        if call.ready {
            let mut ready = InitializedNotification::default();
            ready.extensions.insert(head(waking)?);
            let ready = ClientNotification::InitializedNotification(ready);
            let ready = ClientJsonRpcMessage::notification(ready);
            self.awake.accept_message(&name, ready).await.ok()?;
        }
        Some(())
    }

    /// Takes away what is left of a life.
    async fn end(&self, id: &SessionId, life: u32) -> Result<(), LocalSessionManagerError> {
        let closed = self.awake.close_session(&name(id, life)).await;
        self.sessions.ended(id, life);
        closed
    }
}

impl SessionManager for Sleepers {
    type Error = LocalSessionManagerError;
    type Transport = Life<WorkerTransport<LocalSessionWorker>>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let (id, transport) = self.awake.create_session().await?;
        let over = self.sessions.opened(id.clone());
        Ok((id, Life::new(transport, 0, over)))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        let hello = match &message {
            JsonRpcMessage::Request(request) => match &request.request {
                ClientRequest::InitializeRequest(hello) => serde_json::to_vec(&hello.params).ok(),
                _ => None,
            },
            _ => None,
        };
        let answer = self.awake.initialize_session(id, message).await?;
        if let (Some(hello), JsonRpcMessage::Response(_)) = (hello, &answer) {
            self.sessions.greeted(id, hello);
        }
        Ok(answer)
    }

    /// Whether there is such a session; one that sleeps is woken.
    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        loop {
            match self.sessions.find(id) {
                Found::Unknown => return Ok(false),
                Found::Awake => return Ok(true),
                Found::Waking(woken) => woken.cancelled().await,
                Found::Asleep(waking) => {
                    // To its end, even if the client goes away meanwhile.
                    let waking = tokio::spawn(self.clone().wake(waking));
                    return Ok(waking.await.unwrap_or(false));
                }
            }
        }
    }

    /// rmcp says so at the end of what it serves, which is the first life, and before
    /// it answers a client that ends its session, which is forgotten then.
    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.end(id, 0).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let now = self.now(id);
        let stream = self.awake.create_stream(&now, message).await?;
        Ok(boxed(stream))
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Self::Error> {
        self.awake.accept_message(&self.now(id), message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let now = self.now(id);
        let stream = self.awake.create_standalone_stream(&now).await?;
        Ok(boxed(stream))
    }

    async fn resume(
        &self,
        id: &SessionId,
        mut last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let now = self.now(id);
        // What no call belongs to is counted anew in each life; a message that comes
        // twice is better than one that never does.
        if now != *id && !last_event_id.contains('/') {
            "0".clone_into(&mut last_event_id);
        }
        let stream = self.awake.resume(&now, last_event_id).await?;
        Ok(boxed(stream))
    }
}

/// The name of a life of a session.
fn name(id: &SessionId, life: u32) -> SessionId {
    match life {
        0 => id.clone(),
        life => format!("{id}/{life}").into(),
    }
}

/// A stream whose type does not mention the name that it was found by.
fn boxed(
    stream: impl Stream<Item = ServerSseMessage> + Send + Sync + 'static,
) -> Pin<Box<dyn Stream<Item = ServerSseMessage> + Send + Sync>> {
    Box::pin(stream)
}

/// The head of a request as if the session's owner had made it.
fn head(waking: &Waking) -> Option<Parts> {
    let (mut head, ()) = http::Request::new(()).into_parts();
    let named = HeaderValue::from_str(waking.held.id()).ok()?;
    head.headers.insert("mcp-session-id", named);
    head.extensions.insert(waking.call.owner.clone());
    head.extensions.insert(waking.held.clone());
    Some(head)
}
