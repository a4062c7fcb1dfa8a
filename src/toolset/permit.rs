//! Permits: what has to be presented before anything is sent.
//!
//! Building a toolset yields its [`Authority`], and only that authority makes permits.
//! Whoever owns the authority decides what is run; in a server that is the gate.

use super::{Boxed, LookupRequest, Prepared, ReadFilter};
use crate::op::{BackendError, Briefing, Concealment, Progress, Risk};

/// The sole right to permit calls and look-ups of one toolset. It cannot be cloned, and
/// only building a toolset makes one.
pub struct Authority {
    api: &'static str,
}

/// A call that may be run, once.
pub struct Permitted {
    pub(super) prepared: Prepared,
    pub(super) read_filter: ReadFilter,
    pub(super) concealment: Concealment,
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
    pub(super) const fn new(api: &'static str) -> Self {
        Self { api }
    }

    /// The name of the API that calls are made to.
    pub(crate) fn api(&self) -> &'static str {
        self.api
    }

    /// Permits a call; its answer shows only the messages of chats that pass the filter, and
    /// nothing that does not exist for the caller.
    pub fn permit(
        &self,
        call: Prepared,
        read_filter: ReadFilter,
        concealment: Concealment,
    ) -> Permitted {
        Permitted {
            prepared: call,
            read_filter,
            concealment,
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
