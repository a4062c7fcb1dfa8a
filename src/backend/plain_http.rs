//! Requests to one plain `http:` address without a task, a channel between threads and a
//! timer for each: the task that asks drives the connection, and timers are kept. A general client costs more than twice as much a request.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use hyper::{
    Request, Response, StatusCode, Uri,
    body::{Body, Incoming},
    client::conn::http1::{self, SendRequest},
};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tokio::{net::TcpStream, time::Instant};
use tower_service::Service;
use url::{Position, Url};

use super::{
    answer_body::{AnswerBody, PartialBody},
    send_error::{SendError, reason},
};
use crate::{
    clock::Deadlines,
    op::{Handover, HandoverBody},
};

/// The most connections that are kept open between requests. More requests at once open
/// more, and close them afterwards.
const MAX_IDLE_CONNECTIONS: usize = 32;

/// How long a connection is kept open without a request.
const MAX_IDLE_TIME: Duration = Duration::from_secs(90);

/// The connections to one address.
pub(super) struct PlainHttp {
    /// For each request with its answer, its connection included.
    deadlines: Deadlines,
    idle: Mutex<Vec<PlainConnection>>,
}

/// Which connection a request is sent over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionUse {
    /// One that is kept, if there is one.
    Kept,
    New,
}

/// A connection.
struct PlainConnection {
    sender: SendRequest<HandoverBody<String>>,
    io: http1::Connection<TokioIo<TcpStream>, HandoverBody<String>>,
    used: Instant,
}

impl PlainHttp {
    /// No connection yet. A request may take `timeout`.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            deadlines: Deadlines::of(timeout),
            idle: Mutex::default(),
        }
    }

    /// Sends a request, which has the path alone, to the server of an `http:` address, unless
    /// its hand-over is refused; `body` takes its answer. The other side may have closed a
    /// connection that is used again, at this very moment.
    pub(super) async fn send(
        &self,
        connection: ConnectionUse,
        server: &Url,
        request: Request<String>,
        handover: &Arc<Handover>,
        body: PartialBody<'_>,
    ) -> Result<(StatusCode, AnswerBody), SendError> {
        let sending = async {
            let kept = match connection {
                ConnectionUse::Kept => self.reused().await,
                ConnectionUse::New => None,
            };
            let mut connection = match kept {
                Some(connection) => connection,
                None => PlainConnection::open(server).await?,
            };
            let answer = connection.exchange(request, handover, body).await?;
            self.keep(connection);
            Ok(answer)
        };
        let sent = self.deadlines.within(sending).await;
        sent.unwrap_or(Err(SendError::TimedOut))
    }

    /// A connection that the other side has not closed yet.
    async fn reused(&self) -> Option<PlainConnection> {
        loop {
            let mut connection = self.lock().pop()?;
            let is_fresh = connection.used.elapsed() < MAX_IDLE_TIME;
            if is_fresh && connection.is_open().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, mut connection: PlainConnection) {
        connection.used = Instant::now();
        let mut idle = self.lock();
        if idle.len() < MAX_IDLE_CONNECTIONS {
            idle.push(connection);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PlainConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PlainConnection {
    async fn open(server: &Url) -> Result<Self, SendError> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let opening = async {
            let server = Uri::try_from(&server[..Position::BeforePath]);
            let server = server.map_err(|error| reason(&error))?;
            let stream = connector.call(server).await;
            let stream = stream.map_err(|error| reason(&error))?;
            let opened = http1::handshake(stream).await;
            opened.map_err(|error| reason(&error))
        };
        let (sender, io) = opening.await.map_err(SendError::Unsent)?;
        Ok(Self {
            sender,
            io,
            used: Instant::now(),
        })
    }

    /// Whether the other side has not closed it.
    async fn is_open(&mut self) -> bool {
        let is_closed = poll_fn(|cx| Poll::Ready(Pin::new(&mut self.io).poll(cx).is_ready())).await;
        !is_closed && self.sender.is_ready()
    }

    /// The answer to one request.
    async fn exchange(
        &mut self,
        request: Request<String>,
        handover: &Arc<Handover>,
        body: PartialBody<'_>,
    ) -> Result<(StatusCode, AnswerBody), SendError> {
        let request = request.map(|body| handover.body(body));
        let answering = async {
            let answer = self.sender.send_request(request).await;
            let answer = answer.map_err(|error| SendError::Unanswered(reason(&error)))?;
            let status = answer.status();
            Ok((status, collect(answer, body).await?))
        };
        tokio::pin!(answering);
        let driven = async {
            tokio::select! {
                biased;
                answer = &mut answering => answer,
                // What was received is still to be read.
                _ = &mut self.io => answering.await,
            }
        };
        tokio::pin!(driven);
        // A connection that is driven writes what was handed to it.
        poll_fn(|cx| {
            let polled = driven.as_mut().poll(cx);
            handover.release();
            polled
        })
        .await
    }
}

async fn collect(
    answer: Response<Incoming>,
    mut body: PartialBody<'_>,
) -> Result<AnswerBody, SendError> {
    let mut arriving = answer.into_body();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut arriving).poll_frame(cx)).await {
        let frame = frame.map_err(SendError::cut_off)?;
        // Trailers say nothing here.
        if let Ok(data) = frame.into_data() {
            body.push(&data).await?;
        }
    }
    body.whole().await
}

#[cfg(test)]
mod tests;
