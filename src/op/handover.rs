//! The moment at which a request is handed to its connection: the last one at which it can
//! be stopped.
//!
//! A request may wait for its connection for seconds. The HTTP library asks the body of a
//! request whether it is empty right before it writes the head, and at no other time; a body
//! that says no and then fails ends the connection before a byte is written.

use std::{
    error::Error,
    future::pending,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use reqwest::{Body, Request};
use tokio::time::sleep;

use super::{BackendError, Hold, Progress, RequestKind};

/// How often a request that waits for its connection asks whether it may still be sent. One
/// that was handed over has this time to be written, and at most twice as long.
const RECHECK: Duration = Duration::from_millis(250);

/// The hand-over of one request.
pub(crate) struct Handover {
    kind: RequestKind,
    state: Mutex<State>,
}

enum State {
    /// The request waits for its connection.
    Waiting(Progress),
    /// It is being written, or it was.
    Begun(Option<Hold>),
    /// It must not be written.
    Refused(BackendError),
}

impl Handover {
    /// A hand-over that asks whether its request may still be sent.
    pub(crate) fn new(kind: RequestKind, progress: &Progress) -> Arc<Self> {
        Arc::new(Self {
            kind,
            state: Mutex::new(State::Waiting(progress.clone())),
        })
    }

    /// A body that is written only if the hand-over allows it.
    pub(crate) fn body<B>(self: &Arc<Self>, inner: B) -> HandoverBody<B> {
        HandoverBody {
            inner,
            handover: self.clone(),
        }
    }

    /// The same request with such a body.
    pub(crate) fn guard(self: &Arc<Self>, mut request: Request) -> Request {
        let body = request.body_mut();
        let inner = body.take().unwrap_or_default();
        *body = Some(Body::wrap(self.body(inner)));
        request
    }

    /// Runs what sends the request, until the request may no longer be sent and was not handed
    /// over.
    ///
    /// # Errors
    /// Why it was not sent.
    pub(crate) async fn run<T>(
        &self,
        progress: &Progress,
        sending: impl Future<Output = T>,
    ) -> Result<T, BackendError> {
        let sent = tokio::select! {
            sent = sending => sent,
            refused = self.refused(progress) => return Err(refused),
        };
        self.refusal().map_or(Ok(sent), Err)
    }

    /// Waits until the request may no longer be sent and was not handed over; it never will
    /// be then.
    async fn refused(&self, progress: &Progress) -> BackendError {
        loop {
            sleep(RECHECK).await;
            if self.is_begun() {
                sleep(RECHECK).await;
                self.release();
                return pending().await;
            }
            let wanted = match self.kind {
                RequestKind::Read => progress.may_read().await,
                RequestKind::Change => progress.still_wanted().await,
            };
            if let Err(error) = wanted
                && self.refuse(&error)
            {
                return error;
            }
        }
    }

    /// Why the request was not handed over, if it was refused.
    pub(crate) fn refusal(&self) -> Option<BackendError> {
        match &*self.lock() {
            State::Refused(error) => Some(error.clone()),
            State::Waiting(_) | State::Begun(_) => None,
        }
    }

    /// Begins the hand-over; whether the request may be written.
    fn begin(&self) -> bool {
        let mut state = self.lock();
        if let State::Waiting(progress) = &*state {
            *state = match progress.hand_over(self.kind) {
                Ok(hold) => State::Begun(Some(hold)),
                Err(error) => State::Refused(error),
            };
        }
        matches!(*state, State::Begun(_))
    }

    /// Refuses a request that was not handed over; whether that is so.
    fn refuse(&self, error: &BackendError) -> bool {
        let mut state = self.lock();
        if matches!(*state, State::Waiting(_)) {
            *state = State::Refused(error.clone());
        }
        matches!(*state, State::Refused(_))
    }

    fn is_begun(&self) -> bool {
        matches!(*self.lock(), State::Begun(_))
    }

    /// Ends the hold of a request that was handed over. Call it once the request is written.
    pub(crate) fn release(&self) {
        if let State::Begun(hold) = &mut *self.lock() {
            drop(hold.take());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a request, which is written only if the hand-over allows it.
pub(crate) struct HandoverBody<B> {
    inner: B,
    handover: Arc<Handover>,
}

impl<B> HttpBody for HandoverBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.handover.begin() {
            return Poll::Ready(Some(Err("it may no longer be sent".into())));
        }
        Pin::new(&mut self.inner).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.handover.begin() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.handover.refusal() {
            // Not empty: the library has to ask for the first part.
            Some(_) => SizeHint::with_exact(1),
            None => self.inner.size_hint(),
        }
    }
}
