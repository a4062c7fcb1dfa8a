//! What is done with the files of the audit, on the thread of the audit.

use std::{collections::HashSet, io, path::PathBuf};

use super::{
    file::AuditFile,
    ids::RunId,
    line::CallEvent,
    run::{DeadRun, RunFile, dead_runs},
};
use crate::clock::Clock;

/// So many bytes at the end of the audit are searched for ends of calls whose run was
/// killed between writing an end and forgetting the call.
const SEARCHED_BYTES: u64 = 256 * 1024;

/// The audit file and the file of this run.
pub(super) struct Log {
    file: AuditFile,
    clock: Clock,
    id: RunId,
    /// Created with the first call that is admitted.
    run: Option<RunFile>,
}

impl Log {
    pub(super) fn new(path: PathBuf, clock: Clock, id: RunId) -> Self {
        Self {
            file: AuditFile::new(path),
            clock,
            id,
            run: None,
        }
    }

    /// Checks that a line can be written, as far as that is known before writing one.
    pub(super) fn ready(&mut self) -> io::Result<()> {
        self.file.ready()
    }

    /// Opens the file anew at the next use.
    pub(super) fn reopen(&mut self) {
        self.file.reopen();
    }

    /// Writes the line `admitted` of a call. It is held first: a run that is killed between
    /// the two leaves a call to be marked, not one without a mark.
    pub(super) fn admit(&mut self, id: &str, line: &[u8]) -> io::Result<()> {
        let path = self.file.path();
        let run = match &mut self.run {
            Some(run) => {
                run.restore(path, &self.id)?;
                run
            }
            none => {
                if let Some(folder) = path.parent() {
                    crate::state_dir::create(folder)?;
                }
                none.insert(RunFile::create(path, &self.id)?)
            }
        };
        run.hold(id, line)?;
        let written = self.file.append(line);
        if written.is_err() {
            run.close(id)?;
        }
        written
    }

    /// Writes the line `ended` of a call.
    pub(super) fn end(&mut self, id: &str, line: &[u8]) -> io::Result<()> {
        let written = self.file.append(line);
        match &mut self.run {
            // The next start marks a call without an end. If there were ever more of them,
            // no call could be admitted any more.
            Some(run) if written.is_ok() || run.is_crowded() => written.and(run.close(id)),
            _ => written,
        }
    }

    /// Marks the open calls of runs that have ended without an end of them.
    pub(super) fn mark_dead_runs(&mut self) {
        let dead = dead_runs(self.file.path());
        let marked = dead.and_then(|dead| dead.into_iter().try_for_each(|run| self.mark(run)));
        if let Err(error) = marked {
            tracing::warn!(%error, "the calls of an earlier run cannot be marked");
        }
    }

    /// Ends this run in order. Calls that are still open are marked like those of a run that
    /// was killed.
    pub(super) fn close(mut self) {
        let Some(run) = self.run.take() else { return };
        if let Err(error) = self.mark(run.end()) {
            tracing::error!(%error, "the audit cannot be written");
        }
    }

    fn mark(&mut self, mut run: DeadRun) -> io::Result<()> {
        if !run.calls.is_empty() {
            let closed = closed(&self.file.tail(SEARCHED_BYTES)?);
            let mut lines = Vec::new();
            let now = self.clock.timestamp();
            for call in run.calls.drain(..) {
                if !closed.contains(call.id()) {
                    lines.extend(call.unknown(now)?);
                }
            }
            if !lines.is_empty() {
                self.file.append(&lines)?;
            }
        }
        run.remove()
    }
}

/// The calls of which lines have an end or a mark.
fn closed(lines: &[u8]) -> HashSet<String> {
    let lines = lines.split(|byte| *byte == b'\n');
    lines.filter_map(CallEvent::closed).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn ends_that_cannot_be_written_leave_room_for_calls() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let run = RunId::random().unwrap();
        let mut log = Log::new(path.clone(), Clock::real(), run);
        for number in 0..1100 {
            let id = number.to_string();
            log.admit(&id, b"{}\n").unwrap();
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            log.end(&id, b"{}\n").unwrap_err();
            fs::remove_dir(&path).unwrap();
        }
    }

    #[test]
    fn a_torn_line_ends_no_call() {
        let lines = b"{\"event\":\"ended\",\"id\":\"1\"}\n{\"event\":\"ended\",\"id\":\"2\",\"cal";
        assert_eq!(closed(lines), HashSet::from(["1".to_owned()]));
    }
}
