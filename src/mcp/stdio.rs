//! Serves one client over a pipe, such as standard input and output.

use std::{io, pin::Pin, time::Duration};

use rmcp::{
    RoleServer, ServiceExt,
    model::{ClientJsonRpcMessage, ClientNotification, ClientRequest, GetMeta},
    service::{RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport, stdio_pipes},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Empty, empty},
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    Server,
    decode::decode,
    envelope::InvalidMessage,
    lines::{Line, LineReader},
};

/// A longer line, in bytes, is decoded on a thread of its own: that would hold up the calls
/// that are under way.
const MAX_DECODED_AT_ONCE: usize = 256 * 1024;

/// How long running calls may take after the input has ended, and a client to read the
/// answers that are left after the server was closed.
const GRACE: Duration = Duration::from_millis(500);

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
    let max_line_bytes = server.max_message_bytes();
    let transport = LineTransport {
        input: LineReader::new(reader, max_line_bytes),
        output: AsyncRwTransport::new_server(empty(), writer),
        max_line_bytes,
        answer: None,
        decoding: None,
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
        // rmcp writes the answers that are ready before it ends, if the client reads them.
        service.cancel();
        sleep(GRACE).await;
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
    served
}

/// One message a line. It answers lines that cannot be read, hands on what rmcp can use,
/// and cancels `ended` at the end of the input.
struct LineTransport {
    input: LineReader<BoxedReader>,
    /// rmcp's transport without its input, because it leaves unreadable lines unanswered.
    output: AsyncRwTransport<RoleServer, Empty, BoxedWriter>,
    max_line_bytes: usize,
    /// An answer that is being written. No line is read meanwhile, so that a client that
    /// reads nothing makes nothing grow.
    answer: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send>>>,
    /// A large line that is being decoded. No other line is read meanwhile.
    decoding: Option<JoinHandle<Result<Option<ClientJsonRpcMessage>, InvalidMessage>>>,
    open: bool,
    initialized: bool,
    ended: CancellationToken,
}

impl Transport<RoleServer> for LineTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        self.output.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        match self.next().await {
            Ok(Some(message)) => return Some(message),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the connection to the client broke off"),
        }
        self.ended.cancel();
        None
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.output.close().await
    }
}

impl LineTransport {
    /// The next message for rmcp; `None` at the end of the input. rmcp may drop this future
    /// at any time, so whatever is unfinished stays in `self`.
    async fn next(&mut self) -> io::Result<Option<ClientJsonRpcMessage>> {
        loop {
            if let Some(answer) = &mut self.answer {
                let written = answer.await;
                self.answer = None;
                written?;
            }
            let decoded = match &mut self.decoding {
                Some(decoding) => {
                    let decoded = decoding.await;
                    self.decoding = None;
                    decoded.map_err(io::Error::other)?
                }
                None => match self.input.next().await? {
                    None => return Ok(None),
                    Some(Line::Whole(line)) if line.len() > MAX_DECODED_AT_ONCE => {
                        let line = self.input.take();
                        self.decoding = Some(spawn_blocking(move || decode(&line)));
                        continue;
                    }
                    Some(Line::Whole(line)) => decode(line),
                    Some(Line::TooLong(id)) => {
                        Err(InvalidMessage::too_long(id, self.max_line_bytes))
                    }
                },
            };
            match decoded {
                Ok(Some(message)) if self.admits(&message) => return Ok(Some(message)),
                Ok(_) => {}
                Err(invalid) => self.answer = Some(Box::pin(self.output.send(invalid.answer()))),
            }
        }
    }

    /// Whether rmcp gets a message: none but requests until one opens the session, and the
    /// first `notifications/initialized` only.
    fn admits(&mut self, message: &ClientJsonRpcMessage) -> bool {
        match message {
            ClientJsonRpcMessage::Notification(one) if self.open => {
                let initialized = matches!(
                    one.notification,
                    ClientNotification::InitializedNotification(_)
                );
                // Each of them leads to a task that notifies the client of changes.
                !initialized || !std::mem::replace(&mut self.initialized, true)
            }
            _ if self.open => true,
            ClientJsonRpcMessage::Request(request) => {
                self.open = opens(&request.request);
                true
            }
            // rmcp would close the connection because of a stray notification.
            _ => {
                tracing::info!("skipped a message before the first request");
                false
            }
        }
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
