//! What keeps a session awake: a request, until nothing of it is left.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
};
use hyper::body::{Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use super::{Sessions, table::State};

/// Keeps a session awake. It goes along with a request, into the call that it leads to
/// and into the body of its answer.
#[derive(Clone)]
pub struct Held(Arc<Hold>);

struct Hold {
    sessions: Arc<Sessions>,
    id: Arc<str>,
}

impl Held {
    /// For one that the table counts already.
    pub(super) fn new(sessions: Arc<Sessions>, id: Arc<str>) -> Self {
        Self(Arc::new(Hold { sessions, id }))
    }

    /// The session's name.
    pub fn id(&self) -> &Arc<str> {
        &self.0.id
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// For who tells the client of changes, of which there were so many; nothing when
    /// it is told already.
    pub fn teller(&self, changes: u64) -> Option<Teller> {
        let mut table = self.sessions().lock();
        let session = table.sessions.get_mut(self.id())?;
        session.ready = true;
        let over = match &session.state {
            State::Awake(over) | State::Waking { over, .. } if !session.told => over.clone(),
            _ => return None,
        };
        session.told = true;
        let since = *session.since.get_or_insert(changes);
        Some(Teller {
            over,
            missed: since != changes,
        })
    }

    /// The session is over.
    pub(crate) fn forget(&self) {
        self.sessions().lock().remove(self.id());
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").finish()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let now = self.sessions.clock.elapsed();
        self.sessions.lock().release(&self.id, now);
    }
}

/// Whoever tells a session's client of changes; it keeps no session awake.
pub struct Teller {
    /// Cancelled when the session is over or put to sleep.
    pub over: CancellationToken,
    /// Whether there was a change before that the client may not have heard of.
    pub missed: bool,
}

/// The body of an answer; it holds the session until its end.
pub(crate) struct HeldBody {
    body: Body,
    _held: Held,
}

impl HeldBody {
    /// A body whose session is held.
    pub(crate) fn wrap(body: Body, held: Held) -> Body {
        Body::new(Self { body, _held: held })
    }
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
