//! Serving a client that started this process, or one over any pipe.

use std::{io, time::Duration};

use rmcp::{
    RoleServer, ServiceExt,
    model::{ClientJsonRpcMessage, ClientRequest, GetMeta},
    service::{RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport, stdio_pipes},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::Server;

/// How long calls under way may still take after the input has ended.
const GRACE: Duration = Duration::from_millis(500);

/// The longest line that is read.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// Serves the client on standard input and output until the input ends.
///
/// # Errors
/// When the output breaks before a session is agreed on.
pub async fn serve_stdio(server: Server) -> io::Result<()> {
    let (reader, writer) = stdio_pipes();
    serve(server, reader, writer).await
}

/// Serves one client until its input ends, and calls under way a little longer.
///
/// # Errors
/// When the output breaks before a session is agreed on.
pub async fn serve<R, W>(server: Server, reader: R, writer: W) -> io::Result<()>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    serve_any(server, Box::new(reader), Box::new(writer)).await
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Boxed, so that a whole rmcp service is not compiled for each kind of pipe.
async fn serve_any(server: Server, reader: Reader, writer: Writer) -> io::Result<()> {
    let ended = CancellationToken::new();
    let transport = Patient {
        inner: AsyncRwTransport::new_server(reader, writer).with_max_line_length(LONGEST_LINE),
        open: false,
        ended: ended.clone(),
    };
    let running = match server.serve(transport).await {
        Ok(running) => running,
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(io::Error::other(error)),
    };
    running.service().0.opened.notify_one();
    let late = async {
        ended.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = running.waiting() => ended.map(drop).map_err(io::Error::other),
        // What is still under way is recorded as abandoned when the runtime ends.
        () = late => Ok(()),
    }
}

/// A transport that is not upset by what comes before the first request, and that
/// tells when the input has ended.
struct Patient {
    inner: AsyncRwTransport<RoleServer, Reader, Writer>,
    open: bool,
    ended: CancellationToken,
}

impl Transport<RoleServer> for Patient {
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
                _ if self.open => return Some(message),
                ClientJsonRpcMessage::Request(request) => {
                    self.open = opens(&request.request);
                    return Some(message);
                }
                // rmcp would give up the connection over a stray notification.
                _ => tracing::info!("skipped a message before the first request"),
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.inner.close().await
    }
}

/// Whether a request begins a session, or stands for itself.
fn opens(request: &ClientRequest) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        other => other.get_meta().protocol_version().is_some(),
    }
}
