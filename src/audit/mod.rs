//! The audit: JSON lines for each call. `admitted` is written before a request of the call
//! may leave, and `ended` before its answer is returned; the two have one id.

mod entry;
mod file;
mod identity;
mod ids;
mod line;
mod log;
mod run;
mod slot_file;
mod write_ahead;
mod writer;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use entry::AuditEntry;
pub use write_ahead::WriteAhead;

use self::{
    ids::{CallIds, RunId},
    log::Log,
    writer::{Unawaited, Writer},
};
use crate::{clock::Clock, metrics::Metrics, op::Untrusted, state_dir};

/// The file that calls are recorded in. It is opened at the first use. Dropped, it writes
/// the lines that wait.
pub struct Audit {
    /// `None` without a path.
    writer: Option<Writer>,
    ids: CallIds,
    clock: Clock,
    metrics: Metrics,
}

impl Audit {
    /// An audit in the file at `path`, by default `audit.jsonl` in the XDG state directory.
    ///
    /// # Errors
    /// When the system gives no random bytes for the ids of calls.
    pub fn new(path: Option<PathBuf>, clock: Clock) -> Result<Self, getrandom::Error> {
        let run = RunId::random()?;
        let path = path.or_else(default_path);
        Ok(Self {
            writer: path.map(|path| Writer::new(path, clock.clone(), run.clone())),
            ids: CallIds::of(run),
            clock,
            metrics: Metrics::new(),
        })
    }

    /// Checks that the file at a path, if there is one, can be an audit: a regular file that
    /// is not one of the standard streams. Waits for nobody.
    ///
    /// # Errors
    /// Why not, as the end of a sentence about it.
    pub fn check(path: &Path) -> Result<(), &'static str> {
        file::check(path)
    }

    /// The file; `None` if there is no home directory.
    pub fn path(&self) -> Option<&PathBuf> {
        self.writer.as_ref().map(Writer::path)
    }

    /// The clock that times are read from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The metrics of the calls.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Checks that a line can be written, as far as that is known before writing one.
    ///
    /// # Errors
    /// When the file cannot be opened, its disk is full, or its disk does not answer.
    pub async fn ready(&self) -> io::Result<()> {
        self.run(Unawaited::Skip, Log::ready).await
    }

    /// Marks the calls of runs that were killed as unknown, without waiting for it. The first
    /// line does so too.
    pub fn mark_dead_runs(&self) {
        self.submit(|_| {});
    }

    /// Opens the file anew before the next line.
    pub fn reopen(&self) {
        self.submit(Log::reopen);
    }

    /// Writes the lines that wait, and marks calls that are still open as unknown. Later
    /// lines cannot be written.
    pub fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close();
        }
    }

    /// Begins the record of a call by a caller, from a client of this name and version.
    pub fn begin(self: &Arc<Self>, caller: &str, client: Option<Untrusted>) -> AuditEntry {
        AuditEntry::begin(self, caller, client)
    }

    async fn run(
        &self,
        unawaited: Unawaited,
        work: impl FnOnce(&mut Log) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        self.writer()?.run(unawaited, work).await
    }

    fn submit(&self, work: impl FnOnce(&mut Log) + Send + 'static) {
        let submitted = self
            .writer()
            .and_then(|writer| writer.submit(Box::new(work)));
        if let Err(error) = submitted {
            tracing::error!(%error, "the audit cannot be written");
        }
    }

    fn writer(&self) -> io::Result<&Writer> {
        self.writer
            .as_ref()
            .ok_or_else(|| io::Error::other("there is no home directory; name a file with --audit"))
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Audit").field(&self.path()).finish()
    }
}

/// `audit.jsonl` in the state directory.
fn default_path() -> Option<PathBuf> {
    state_dir::directory().map(|state| state.join("audit.jsonl"))
}
