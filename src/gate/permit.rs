//! What only the gate can make: leave to run a call, and to look something up for it.

use std::{fmt, time::Duration};

use super::{durable, health, repeats};
use crate::{
    policy::Code,
    toolset::{Brief, LookupRequest, Prepared, ReadFilter},
};

/// A call that may be run, once. Only the gate makes it.
pub struct Permitted {
    pub(super) call: Prepared,
    pub(super) grounds: Grounds,
    /// Before it is run.
    pub(super) wait: Duration,
    pub(super) read_filter: ReadFilter,
    pub(super) ending: Ending,
}

/// On what a call was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grounds {
    Policy,
    Approval,
    /// It would have been refused or asked about, by a policy that is tried out.
    Shadow(Code),
}

/// What has to be told to the gate when a call has ended.
#[derive(Default)]
pub struct Ending {
    pub(super) grant: String,
    pub(super) once: Option<repeats::Key>,
    pub(super) counted: Option<durable::Counted>,
    pub(super) watched: Option<health::Watched>,
}

impl Permitted {
    /// On what grounds: `allowed` by the policy, `confirmed` by a person, or let
    /// through by a policy that is only tried out.
    pub fn how(&self) -> &'static str {
        match self.grounds {
            Grounds::Policy => "allowed",
            Grounds::Approval => "confirmed",
            Grounds::Shadow(_) => "shadow",
        }
    }

    /// What an enforced policy would have said.
    pub fn shadowed(&self) -> Option<Code> {
        match self.grounds {
            Grounds::Shadow(code) => Some(code),
            Grounds::Policy | Grounds::Approval => None,
        }
    }

    /// How long to wait before it is run, so that a gap is kept.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// What is to be handed to [`Gate::ended`](super::Gate::ended) with the outcome.
    pub fn ending(&mut self) -> Ending {
        std::mem::take(&mut self.ending)
    }

    pub(crate) fn into_parts(self) -> (Prepared, ReadFilter) {
        (self.call, self.read_filter)
    }
}

impl fmt::Debug for Permitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permitted").field(self.call.facts()).finish()
    }
}

/// Leave to read what a person needs to know before deciding. Only the gate makes it.
pub struct BriefPermit(pub(super) Brief);

impl BriefPermit {
    pub(crate) fn into_brief(self) -> Brief {
        self.0
    }
}

/// Leave to find out what the gate has to know. Only the gate makes it.
pub struct LookupPermit(pub(super) LookupRequest);

impl LookupPermit {
    pub(crate) fn into_errand(self) -> LookupRequest {
        self.0
    }
}
