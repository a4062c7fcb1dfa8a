//! What can go wrong between this program and an API.

use std::fmt;

use thiserror::Error;

use super::{ChatId, Untrusted, Withdrawal};
use crate::text::Secrets;

/// The name under which this program itself refuses a file.
pub const GUARD: &str = "whatsapp-guard";

/// The result of an operation of a back end.
pub type BackendResult<T> = Result<T, BackendError>;

/// What became of a change that ended with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeEffect {
    /// No request that changes anything was sent.
    Unsent,
    /// The API refused the change: it was not made.
    Refused,
    /// The change may have been made.
    Ambiguous,
}

/// Why an operation failed, or why its outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BackendError {
    /// The API could not be reached; no change was sent.
    #[error("{api} could not be reached at {address}: {why}")]
    Unreachable {
        /// The API's name.
        api: &'static str,
        /// Scheme, host and port.
        address: String,
        /// What the network reported.
        why: String,
    },
    /// The API refused the request, or [`GUARD`] a file.
    #[error("{api} refused: {message}")]
    Refused {
        /// The API's name, or [`GUARD`].
        api: &'static str,
        /// WhatsApp's own status where the API passes it on, or the HTTP status; `None`
        /// where the refusal came without one.
        status: Option<u16>,
        /// The API's own message, cut and redacted, or what was observed.
        message: Untrusted,
        /// What to do next.
        remedy: &'static str,
    },
    /// The API's answer to a read cannot be read; no change was sent.
    #[error("the answer of {api} cannot be read: {why}")]
    Unreadable {
        /// The API's name.
        api: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A change was sent, and no answer came that can be read.
    #[error("the request was sent to {api}, but {why}; it may or may not have taken effect")]
    OutcomeUnknown {
        /// The API's name.
        api: &'static str,
        /// What is missing, in words that follow "but".
        why: String,
    },
    /// A change was sent, and the API reported an error after which it may have been made.
    #[error(
        "the request was sent to {api}, but it answered with an error ({status}: {message}); it may or may not have taken effect"
    )]
    Failed {
        /// The API's name.
        api: &'static str,
        /// The HTTP status.
        status: u16,
        /// The API's own message, cut and redacted.
        message: Untrusted,
    },
    /// The caller cancelled the call before a change was sent.
    #[error("the call was cancelled; nothing was changed")]
    Cancelled,
    /// The gate took its permit back before a change was sent.
    #[error("{0}")]
    Withdrawn(Box<Withdrawal>),
    /// The call was stopped after a part of it was sent; the text says why.
    #[error("a part of the call was sent before it was stopped: {0}")]
    Interrupted(String),
    /// The answer is larger than this many bytes, the most that one may have.
    #[error("the answer is larger than the limit of {0} bytes")]
    TooLarge(usize),
    /// This program has a defect.
    #[error("internal error of whatsapp-guard: {0}")]
    Internal(String),
}

impl BackendError {
    /// A defect of this program.
    pub fn internal(error: &dyn fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// A refusal that did not come as an HTTP status.
    pub fn refused(api: &'static str, message: &str, remedy: &'static str) -> Self {
        Self::Refused {
            api,
            status: None,
            message: Untrusted::new(message),
            remedy,
        }
    }

    /// An answer to a read that cannot be read.
    pub fn unreadable(api: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Unreadable { api, why }
    }

    /// The same error without secrets.
    #[must_use]
    pub(crate) fn redacted(self, secrets: &Secrets) -> Self {
        self.changed(|text| secrets.redact(text))
    }

    /// The same error, with its texts as `change` makes them.
    #[must_use]
    pub(crate) fn changed(mut self, change: impl Fn(&str) -> Option<String>) -> Self {
        match &mut self {
            Self::Refused { message, .. } | Self::Failed { message, .. } => message.change(change),
            Self::Unreachable { why: text, .. }
            | Self::Unreadable { why: text, .. }
            | Self::OutcomeUnknown { why: text, .. }
            | Self::Interrupted(text)
            | Self::Internal(text) => {
                if let Some(changed) = change(text) {
                    *text = changed;
                }
            }
            Self::Cancelled | Self::Withdrawn(_) | Self::TooLarge(_) => {}
        }
        self
    }

    /// A chat, a group or a person that the API does not know.
    pub fn unknown_chat(api: &'static str, chat: &ChatId) -> Self {
        let (what, remedy) = match chat {
            ChatId::Group(_) => (
                "group",
                "check the id; list_groups shows the groups there are",
            ),
            ChatId::Person(_) | ChatId::Channel(_) => {
                ("chat", "check the id; list_chats shows the chats there are")
            }
        };
        Self::refused(api, &format!("it knows no {what} {chat}"), remedy)
    }

    /// The stable name of the kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Withdrawn(withdrawal) => withdrawal.code,
            Self::Unreachable { .. } => "backend-unreachable",
            Self::Refused { api: GUARD, .. } => "media-refused",
            Self::Refused { .. } => "backend-refused",
            Self::Unreadable { .. } => "backend-unreadable",
            Self::OutcomeUnknown { .. } | Self::Failed { .. } | Self::Interrupted(_) => {
                "outcome-unknown"
            }
            Self::Cancelled => "cancelled",
            Self::TooLarge(_) => "answer-too-large",
            Self::Internal(_) => "internal",
        }
    }

    /// What became of a change that ended with this error. Everything that treats failed
    /// changes differently asks this.
    pub fn effect(&self) -> ChangeEffect {
        match self {
            Self::Unreachable { .. }
            | Self::Unreadable { .. }
            | Self::Cancelled
            | Self::Withdrawn(_) => ChangeEffect::Unsent,
            Self::Refused { .. } => ChangeEffect::Refused,
            // An answer can become too large only after the call has run.
            Self::OutcomeUnknown { .. }
            | Self::Failed { .. }
            | Self::Interrupted(_)
            | Self::TooLarge(_)
            | Self::Internal(_) => ChangeEffect::Ambiguous,
        }
    }

    /// Whether a change that ended with this error says something about the state of the
    /// account: the API or WhatsApp does not let it, is overloaded or broken, or the change
    /// is lost. Wrong ids and arguments, and what this program stopped or refused, do not.
    pub fn signals_danger(&self) -> bool {
        match self {
            Self::Refused { status, .. } => {
                status.is_some_and(|status| matches!(status, 401 | 403 | 429 | 500 | 502..))
            }
            Self::OutcomeUnknown { .. } | Self::Failed { .. } => true,
            Self::Unreachable { .. }
            | Self::Unreadable { .. }
            | Self::Cancelled
            | Self::Withdrawn(_)
            | Self::Interrupted(_)
            | Self::TooLarge(_)
            | Self::Internal(_) => false,
        }
    }

    /// Why a part of a change was not made, where other parts were.
    pub fn before_part(&self) -> String {
        match self {
            // Its own text says that nothing was changed.
            Self::Cancelled => "the call was cancelled before this part".to_owned(),
            error => error.to_string(),
        }
    }

    /// What to do next.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "ask the operator whether the API is running and its address is right (`whatsapp-guard doctor`)"
            }
            Self::Refused { remedy, .. } => remedy,
            Self::Unreadable { .. } => {
                "try once more; if it fails again, the operator should run `whatsapp-guard doctor`"
            }
            Self::Withdrawn(withdrawal) => withdrawal.next,
            Self::OutcomeUnknown { .. } | Self::Failed { .. } | Self::Interrupted(_) => {
                "do not repeat the call; check first: list_messages shows what was sent, get_chat, get_group and get_session what has changed"
            }
            Self::Cancelled => "call again if it is still wanted",
            Self::TooLarge(_) => {
                "ask for less; the operator can set WHATSAPP_GUARD_MAX_RESULT_BYTES"
            }
            Self::Internal(_) => "report it to the operator",
        }
    }
}
