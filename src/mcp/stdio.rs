//! Serves one client over a pipe, such as standard input and output.

use std::{future::pending, io, time::Duration};

use rmcp::{
    RoleServer, ServiceExt,
    model::{ClientJsonRpcMessage, ClientNotification, ClientRequest, GetMeta},
    service::{RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport, stdio_pipes},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::Server;

/// How long running calls may take after the input has ended.
const GRACE: Duration = Duration::from_millis(500);

/// The longest line that is accepted, in bytes.
const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Serves the client on standard input and output until the input ends, or until the
/// server is closed and its calls have ended.
///
/// # Errors
/// If the output fails before the session is initialized.
pub async fn serve_stdio(server: Server) -> io::Result<()> {
    let (reader, writer) = stdio_pipes();
    serve(server, reader, writer).await
}

/// Serves one client until its input ends; running calls have half a second more. A server
/// that is closed ends with its calls ([`Server::drained`]).
///
/// # Errors
/// If the output fails before the session is initialized.
pub async fn serve<R, W>(server: Server, reader: R, writer: W) -> io::Result<()>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    serve_any(server, Box::new(reader), Box::new(writer)).await
}

type BoxedReader = Box<dyn AsyncRead + Send + Unpin>;
type BoxedWriter = Box<dyn AsyncWrite + Send + Unpin>;

/// Boxed, so that the compiler generates rmcp's service only once.
async fn serve_any(server: Server, reader: BoxedReader, writer: BoxedWriter) -> io::Result<()> {
    let ended = CancellationToken::new();
    let transport = TolerantTransport {
        inner: AsyncRwTransport::new_server(reader, writer).with_max_line_length(MAX_LINE_BYTES),
        open: false,
        initialized: false,
        ended: ended.clone(),
    };
    let running = tokio::select! {
        running = server.clone().serve(transport) => match running {
            Ok(running) => running,
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(io::Error::other(error)),
        },
        () = server.drained() => return Ok(()),
    };
    server.0.opened.notify_one();
    let service = running.cancellation_token();
    let closed = async {
        server.drained().await;
        // rmcp writes the answers that are ready before it ends.
        service.cancel();
        pending().await
    };
    let late = async {
        ended.cancelled().await;
        sleep(GRACE).await;
    };
    let served = tokio::select! {
        ended = running.waiting() => ended.map(drop).map_err(io::Error::other),
        () = late => Ok(()),
        () = closed => Ok(()),
    };
    if server.is_closed() {
        // The client may be gone; what was sent is awaited all the same.
        server.drained().await;
    }
    // The end of the runtime records calls that still run as abandoned.
    served
}

/// A transport that skips other messages before the first request, all but the first
/// `notifications/initialized`, and cancels `ended` at the end of the input.
struct TolerantTransport {
    inner: AsyncRwTransport<RoleServer, BoxedReader, BoxedWriter>,
    open: bool,
    initialized: bool,
    ended: CancellationToken,
}

impl Transport<RoleServer> for TolerantTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let Some(message) = self.inner.receive().await else {
                self.ended.cancel();
                return None;
            };
            match &message {
                ClientJsonRpcMessage::Notification(one) if self.open => {
                    let initialized = matches!(
                        one.notification,
                        ClientNotification::InitializedNotification(_)
                    );
                    // Each of them leads to a task that notifies the client of changes.
                    if !initialized || !std::mem::replace(&mut self.initialized, true) {
                        return Some(message);
                    }
                }
                _ if self.open => return Some(message),
                ClientJsonRpcMessage::Request(request) => {
                    self.open = opens(&request.request);
                    return Some(message);
                }
                // rmcp would close the connection because of a stray notification.
                _ => tracing::info!("skipped a message before the first request"),
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.inner.close().await
    }
}

/// Whether a request starts a session, or needs none.
fn opens(request: &ClientRequest) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        other => other.get_meta().protocol_version().is_some(),
    }
}
