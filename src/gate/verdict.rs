//! The gate's answer to a call.

use std::fmt;

use super::{Permit, Question, Refusal};
use crate::{op::BackendError, toolset::Answer};

/// The gate's answer to a call.
pub enum Verdict {
    /// It may be run.
    Permit(Box<Permit>),
    /// A person has to approve it first.
    Confirm(Box<Question>),
    /// It may not be run.
    Deny(Box<Refusal>),
    /// The same call was made a moment ago; this is its outcome.
    Replay(Box<Result<Answer, BackendError>>),
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Deny(Box::new(refusal))
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permit(permit) => permit.fmt(f),
            Self::Confirm(question) => f.debug_tuple("Confirm").field(question.facts()).finish(),
            Self::Deny(refusal) => f.debug_tuple("Deny").field(refusal).finish(),
            Self::Replay(_) => f.debug_tuple("Replay").finish_non_exhaustive(),
        }
    }
}
