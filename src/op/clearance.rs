//! Whether what was permitted may still be sent, asked right before it is sent.

use std::{fmt, pin::Pin};

use super::BackendError;

/// Whether a permitted call may still be sent. The gate gives it with the permit, because
/// a call can wait between its permit and its request.
pub trait Clearance: Send + Sync {
    /// Asked once, when the call's turn has come and before anything of it is done. What has
    /// to be recorded before a request is recorded when this returns.
    ///
    /// # Errors
    /// [`BackendError::Withdrawn`] if the call may no longer be sent, or cannot be recorded.
    fn begin(&self) -> ClearanceCheck<'_> {
        self.check()
    }

    /// Asked while the call waits, and before each request that changes something.
    ///
    /// # Errors
    /// [`BackendError::Withdrawn`] if the call may no longer be sent.
    fn check(&self) -> ClearanceCheck<'_>;

    /// Asked before each request that changes nothing.
    ///
    /// # Errors
    /// [`BackendError::Withdrawn`] if nothing may be read any more.
    fn check_read(&self) -> ClearanceCheck<'_>;

    /// Asked at the moment at which a request is handed to its connection; returns at once.
    /// What it returns is held until the request is written.
    ///
    /// # Errors
    /// [`BackendError::Withdrawn`] if the request may no longer be sent.
    fn hand_over(&self, request: RequestKind) -> Result<Hold, BackendError>;
}

/// What a request to the back end does there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// It changes nothing.
    Read,
    /// It changes something.
    Change,
}

/// The answer of a check.
pub type ClearanceCheck<'a> = Pin<Box<dyn Future<Output = Result<(), BackendError>> + Send + 'a>>;

/// Held while a request is handed over. Whoever stops the server waits until it is dropped.
pub type Hold = Box<dyn Send>;

/// Why a permitted call was not sent after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The stable code of the refusal.
    pub code: &'static str,
    /// What was refused and why, a sentence.
    pub reason: String,
    /// What to do next, a sentence.
    pub next: &'static str,
}

impl fmt::Display for Withdrawal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it was not sent ({}): {}", self.code, self.reason)
    }
}
