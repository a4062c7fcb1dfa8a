//! The body of a response that keeps its session in use.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
};
use hyper::body::{Frame, SizeHint};

use crate::sessions::SessionGuard;

struct GuardedBody {
    body: Body,
    _guard: SessionGuard,
}

/// The same body; the session is in use until its end.
pub(super) fn guarded(body: Body, guard: SessionGuard) -> Body {
    Body::new(GuardedBody {
        body,
        _guard: guard,
    })
}

impl HttpBody for GuardedBody {
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
