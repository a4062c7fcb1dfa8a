//! What becomes of a call.

use std::fmt;

use super::{Permitted, Question, Refusal};
use crate::{op::BackendError, toolset::Answer};

/// What becomes of a call.
pub enum Verdict {
    /// It may be run.
    Go(Box<Permitted>),
    /// A person has to say yes first.
    Ask(Box<Question>),
    /// It may not be run.
    Refuse(Box<Refusal>),
    /// The same was run just now; this came of it.
    Again(Box<Result<Answer, BackendError>>),
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(Box::new(refusal))
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Go(permitted) => permitted.fmt(f),
            Self::Again(_) => f.debug_tuple("Again").finish_non_exhaustive(),
            Self::Ask(question) => f.debug_tuple("Ask").field(question.facts()).finish(),
            Self::Refuse(refusal) => f.debug_tuple("Refuse").field(refusal).finish(),
        }
    }
}
