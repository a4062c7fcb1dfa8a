//! Look-ups under way: one at a time for each attribute, and everybody waits for it.

use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::toolset::LookupRequest;

/// How long what was looked up is used or, if it was not found, not looked up again.
pub(super) const LOOKUP_INTERVAL: Duration = Duration::from_secs(60);

/// A look-up that was begun. Those who wait for it go on once it is dropped; what it has not
/// brought by then may be looked up by others.
#[must_use]
pub struct Flight {
    id: u64,
    request: LookupRequest,
    _ended: DropGuard,
}

/// Whether an attribute is known, being looked up, or when it was looked up last.
#[derive(Debug, Default, Clone)]
pub(super) enum Freshness {
    #[default]
    Never,
    /// By the flight with this id.
    Pending(u64, CancellationToken),
    At(Duration),
}

impl Flight {
    /// A flight for a request, and what ends with it.
    pub(super) fn new(id: u64, request: LookupRequest) -> (Self, CancellationToken) {
        let ended = CancellationToken::new();
        let flight = Self {
            id,
            request,
            _ended: ended.clone().drop_guard(),
        };
        (flight, ended)
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// What it looks up.
    pub fn request(&self) -> &LookupRequest {
        &self.request
    }
}

impl Freshness {
    /// Whether it has never been looked up to an end.
    pub(super) fn is_new(&self) -> bool {
        match self {
            Self::Never => true,
            Self::Pending(_, ended) => ended.is_cancelled(),
            Self::At(_) => false,
        }
    }

    /// Whether it has to be looked up, and nobody does; what is older than `max_age` is not
    /// used.
    pub(super) fn is_due(&self, now: Duration, max_age: Duration) -> bool {
        match self {
            Self::At(time) => now >= *time + max_age,
            other => other.is_new(),
        }
    }

    /// What ends with the look-up that is under way.
    pub(super) fn pending(&self) -> Option<&CancellationToken> {
        match self {
            Self::Pending(_, ended) if !ended.is_cancelled() => Some(ended),
            _ => None,
        }
    }

    /// Records the end of a flight, unless another one has begun or the answer came before.
    /// Returns whether it did.
    pub(super) fn land(&mut self, flight: &Flight, end: Self) -> bool {
        let ends = matches!(self, Self::Pending(id, _) if *id == flight.id);
        if ends {
            *self = end;
        }
        ends
    }
}
