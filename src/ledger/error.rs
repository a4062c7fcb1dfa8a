//! Why the ledger could not be used.

use std::io;

use rusqlite::ErrorCode;
use thiserror::Error;

/// The ledger could not be used; the call is refused.
#[derive(Debug, Error)]
#[error("the ledger `{location}` {kind}")]
pub struct LedgerError {
    pub(super) location: String,
    pub(super) kind: LedgerErrorKind,
}

impl LedgerError {
    /// Whether it is a Redis that is set up so that it would lose counts.
    pub const fn is_unfit(&self) -> bool {
        matches!(self.kind, LedgerErrorKind::Unfit(_))
    }

    /// Whether Redis did not answer, so that nothing is known of its state.
    pub const fn is_unreachable(&self) -> bool {
        matches!(self.kind, LedgerErrorKind::Unreachable(_))
    }

    /// A stable name of the error.
    pub fn code(&self) -> &'static str {
        match self.kind {
            LedgerErrorKind::Busy => "ledger-busy",
            LedgerErrorKind::DiskFull => "ledger-disk-full",
            LedgerErrorKind::Unavailable(_)
            | LedgerErrorKind::Unreachable(_)
            | LedgerErrorKind::Rejected(_) => "ledger-unavailable",
            LedgerErrorKind::Unfit(_) => "ledger-unfit",
            LedgerErrorKind::Corrupt(_) => "ledger-corrupt",
            LedgerErrorKind::Newer(_) => "ledger-newer",
            LedgerErrorKind::Untrusted => "ledger-foreign",
            LedgerErrorKind::NotAFile(_) => "ledger-not-a-file",
            LedgerErrorKind::Replaced | LedgerErrorKind::Emptied => "ledger-replaced",
            LedgerErrorKind::Window => "ledger-window",
        }
    }
}

/// The result of an operation on the storage of a ledger.
pub(super) type StoreResult<T> = Result<T, LedgerErrorKind>;

/// What is wrong with a ledger.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerErrorKind {
    /// Another process has locked it.
    #[error("has been locked by another process for more than two seconds; try again")]
    Busy,
    /// The disk is full.
    #[error("is on a full disk; free some space, nothing can be counted until then")]
    DiskFull,
    /// It cannot be opened, read or written.
    #[error("cannot be opened or written: {0}; check the path and its permissions")]
    Unavailable(String),
    /// Redis does not answer in time.
    #[error("does not answer: {0}; check that Redis runs and can be reached from here")]
    Unreachable(String),
    /// Redis returned an error.
    #[error(
        "was refused by Redis ({0}); check its log, its memory and the permissions of the user"
    )]
    Rejected(String),
    /// Redis is configured so that it would lose counts.
    #[error("{0}")]
    Unfit(&'static str),
    /// Its content is invalid.
    #[error("is damaged: {0}; move it away to start a new one, with all counters at zero")]
    Corrupt(String),
    /// A later version of the program wrote it.
    #[error("has format {0}, written by a later version of whatsapp-guard; use that version")]
    Newer(i64),
    /// It is a database, but not a ledger.
    #[error("is the database of another program; use another file")]
    Untrusted,
    /// The path is not a regular file.
    #[error("is {0}, not a regular file; use another path")]
    NotAFile(&'static str),
    /// The path no longer names the file that was opened.
    #[error("was removed or replaced while it was in use; restart the server if that was intended")]
    Replaced,
    /// Redis does not hold the state that it held before.
    #[error(
        "was emptied, or holds an earlier or another state: what was counted there is gone; \
         bring it back, or accept the new state with `whatsapp-guard limits accept-new-state`"
    )]
    Emptied,
    /// The window of a limit is not supported.
    #[error("supports windows from above zero to one day; change the limit's window")]
    Window,
}

impl From<rusqlite::Error> for LedgerErrorKind {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error_code() else {
            // A value of an unexpected type, or a missing row.
            return Self::Corrupt(error.to_string());
        };
        match code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DiskFull => Self::DiskFull,
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch => Self::Corrupt(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<io::Error> for LedgerErrorKind {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
