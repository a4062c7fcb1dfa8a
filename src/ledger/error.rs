//! Why the ledger could not be asked.

use std::io;

use rusqlite::ErrorCode;
use thiserror::Error;

/// The ledger could not be asked: whatever was to be counted is refused.
#[derive(Debug, Error)]
#[error("the ledger `{place}` {trouble}")]
pub struct LedgerError {
    pub(super) place: String,
    pub(super) trouble: Trouble,
}

impl LedgerError {
    /// A stable name for what is wrong.
    pub fn code(&self) -> &'static str {
        match self.trouble {
            Trouble::Busy => "ledger-busy",
            Trouble::DiskFull => "ledger-disk-full",
            Trouble::Unavailable(_) | Trouble::Unreachable(_) | Trouble::Rejected(_) => {
                "ledger-unavailable"
            }
            Trouble::Unfit(_) => "ledger-unfit",
            Trouble::Corrupt(_) => "ledger-corrupt",
            Trouble::Newer(_) => "ledger-newer",
            Trouble::Untrusted => "ledger-foreign",
            Trouble::NotAFile(_) => "ledger-not-a-file",
            Trouble::Replaced => "ledger-replaced",
            Trouble::Window => "ledger-window",
        }
    }

    /// What is wrong.
    pub fn trouble(&self) -> &Trouble {
        &self.trouble
    }
}

/// What can be wrong with a ledger.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Trouble {
    /// Another process holds it.
    #[error("is held by another process for more than two seconds; try again")]
    Busy,
    /// There is no room for another line.
    #[error("has no room left on its disk; make room, nothing can be counted until then")]
    DiskFull,
    /// It cannot be opened, read or written.
    #[error("cannot be opened or written: {0}; look at the path and its permissions")]
    Unavailable(String),
    /// Redis does not answer, or not in time.
    #[error("does not answer: {0}; see whether Redis runs and can be reached from here")]
    Unreachable(String),
    /// Redis says no.
    #[error("was refused by Redis ({0}); look at its log, its memory and what its user may do")]
    Rejected(String),
    /// Redis would not keep what it is told.
    #[error("{0}")]
    Unfit(&'static str),
    /// What it holds makes no sense.
    #[error("is damaged: {0}; move it away to begin a new one, which gives all budgets back")]
    Corrupt(String),
    /// A later version of the program wrote it.
    #[error("has format {0}, which a later version of whatsapp-guard wrote; use that version")]
    Newer(i64),
    /// It is a database, but not a ledger.
    #[error("is the database of another program; name another file")]
    Untrusted,
    /// Something else stands at its path.
    #[error("is {0} and has to be a regular file; name another path")]
    NotAFile(&'static str),
    /// It is not the file that was opened.
    #[error(
        "was removed or replaced while it was in use; start the server again if that was meant"
    )]
    Replaced,
    /// A window that cannot be counted in.
    #[error("counts in windows of at most a day and above nothing; change the limit's window")]
    Window,
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error_code() else {
            // A value of another type than the one written, a row that should be there.
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

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
