//! What can go wrong between this program and an API.

use std::fmt;

use thiserror::Error;

use super::Untrusted;

/// Who refuses a file before an API has it, or an agent.
pub const GUARD: &str = "whatsapp-guard";

/// Why an operation came to nothing, or to something unknown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BackendError {
    /// The API could not be reached; nothing was done.
    #[error("{api} could not be reached at {address}: {why}")]
    Unreachable {
        /// The API's name.
        api: &'static str,
        /// Scheme, host and port.
        address: String,
        /// What the network said.
        why: String,
    },
    /// The API answered no, or [`GUARD`] to a file.
    #[error("{api} refused: {said}")]
    Refused {
        /// The API's name, or [`GUARD`].
        api: &'static str,
        /// The HTTP status, where the refusal came as one.
        status: Option<u16>,
        /// The API's own message, cut and redacted, or what was looked at.
        said: Untrusted,
        /// What to do next.
        next: &'static str,
    },
    /// The API answered something that cannot be understood.
    #[error("the answer of {api} cannot be read: {why}")]
    Unreadable {
        /// The API's name.
        api: &'static str,
        /// What was wrong with it.
        why: String,
    },
    /// The request was sent, and no answer came.
    #[error(
        "the request was sent to {api}, but no answer came ({why}); it may or may not have taken effect"
    )]
    OutcomeUnknown {
        /// The API's name.
        api: &'static str,
        /// What the network said.
        why: String,
    },
    /// The caller took the call back before anything was sent that changes something.
    #[error("the call was cancelled; nothing was changed")]
    Cancelled,
    /// The answer is larger than an answer may be.
    #[error("the answer is larger than the {0} bytes that one answer may have")]
    TooLarge(usize),
    /// This program has a defect.
    #[error("something went wrong inside whatsapp-guard: {0}")]
    Internal(String),
}

impl BackendError {
    /// A defect of this program.
    pub fn internal(error: &dyn fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// The stable name of the kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "backend-unreachable",
            Self::Refused { api: GUARD, .. } => "media-refused",
            Self::Refused { .. } => "backend-refused",
            Self::Unreadable { .. } => "backend-unreadable",
            Self::OutcomeUnknown { .. } => "outcome-unknown",
            Self::Cancelled => "cancelled",
            Self::TooLarge(_) => "answer-too-large",
            Self::Internal(_) => "internal",
        }
    }

    /// What to do next.
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "ask the operator whether the API is running and its address is right (`whatsapp-guard doctor`)"
            }
            Self::Refused { next, .. } => next,
            Self::Unreadable { .. } => {
                "try once more; if it stays, the operator should look with `whatsapp-guard doctor`"
            }
            Self::OutcomeUnknown { .. } => {
                "do not repeat the call; look first: list_messages shows what was sent, get_chat, get_group and get_session what has changed"
            }
            Self::Cancelled => "call again if it is still wanted",
            Self::TooLarge(_) => {
                "ask for less; the operator can set WHATSAPP_GUARD_MAX_RESULT_BYTES"
            }
            Self::Internal(_) => "report it to the operator",
        }
    }
}
