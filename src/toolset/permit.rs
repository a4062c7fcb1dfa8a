//! Permits: what has to be presented before anything is sent.
//!
//! Building a toolset yields its [`Authority`], and only that authority makes permits.
//! Whoever owns the authority decides what is run; in a server that is the gate.

use super::{Boxed, LookupRequest, Prepared, ReadFilter};
use crate::op::{BackendError, Briefing, Progress, Risk};

/// The sole right to permit calls and look-ups of one toolset. It cannot be cloned, and
/// only building a toolset makes one.
pub struct Authority(());

/// A call that may be run, once.
pub struct Permitted {
    pub(super) prepared: Prepared,
    pub(super) read_filter: ReadFilter,
}

/// Permission to look up what a person should know before approving a call, once.
pub struct BriefPermit(pub(super) Boxed<Result<Briefing, BackendError>>);

/// Permission to look up what a decision depends on, once.
pub struct LookupPermit(pub(super) LookupRequest, pub(super) Progress);

/// Permission to load the file of a call, once.
pub struct FilePermit {
    pub(super) progress: Progress,
    /// The most bytes that the policy allows; `None` for no bound of its own.
    pub(super) max_bytes: Option<usize>,
}

impl Permitted {
    /// Whether the call changes nothing, so that it can be dropped at any moment.
    pub fn is_read(&self) -> bool {
        self.prepared.facts.risk == Risk::Read
    }
}

impl Authority {
    pub(super) const fn new() -> Self {
        Self(())
    }

    /// Permits a call; its answer shows only the messages of chats that pass the filter.
    pub fn permit(&self, call: Prepared, read_filter: ReadFilter) -> Permitted {
        Permitted {
            prepared: call,
            read_filter,
        }
    }

    /// Permits the briefing of a call, whose requests ask `progress`; `None` for a call
    /// without one.
    pub fn permit_briefing(&self, call: &Prepared, progress: Progress) -> Option<BriefPermit> {
        call.call.brief(progress).map(BriefPermit)
    }

    /// Permits to load the file of a call, whose request asks `progress`, up to this many
    /// bytes.
    pub fn permit_file(&self, progress: Progress, max_bytes: Option<usize>) -> FilePermit {
        FilePermit {
            progress,
            max_bytes,
        }
    }

    /// Permits the look-ups of a request, which ask `progress`.
    pub fn permit_lookup(&self, request: LookupRequest, progress: Progress) -> LookupPermit {
        LookupPermit(request, progress)
    }
}
