//! The thread that writes the audit.
//!
//! A disk can hang, and a write to it with it. So the files are used on a thread of their
//! own, in order, and whoever needs a line waits for it without blocking a thread, and not
//! for ever.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use super::{ids::RunId, log::Log};
use crate::clock::{Clock, Deadlines};

/// How long a line may take. After that the disk hangs, and nobody waits for it until it
/// has written a line again.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The most lines that wait for the disk.
const MAX_QUEUED_LINES: usize = 1024;

/// Writes the audit. Dropped, it writes what is queued, and ends the run.
pub(super) struct Writer {
    path: PathBuf,
    clock: Clock,
    run: RunId,
    thread: Mutex<WriterThread>,
    hangs: Arc<AtomicBool>,
    deadlines: Deadlines,
}

enum WriterThread {
    /// It starts with the first line.
    Idle,
    Running {
        jobs: SyncSender<LogWork>,
        /// Disconnected once the thread has ended.
        ended: Receiver<()>,
    },
    Closed,
}

type LogWork = Box<dyn FnOnce(&mut Log) + Send>;

/// What becomes of a line that nobody waits for any more when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unawaited {
    Write,
    Skip,
}

impl Writer {
    pub(super) fn new(path: PathBuf, clock: Clock, run: RunId) -> Self {
        Self {
            path,
            clock,
            run,
            thread: Mutex::new(WriterThread::Idle),
            hangs: Arc::default(),
            deadlines: Deadlines::of(WRITE_TIMEOUT),
        }
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Runs a job on the thread and waits for it, at most for [`WRITE_TIMEOUT`].
    pub(super) async fn run(
        &self,
        unawaited: Unawaited,
        work: impl FnOnce(&mut Log) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let (answer, answered) = oneshot::channel();
        self.submit(Box::new(move |log| {
            if unawaited == Unawaited::Skip && answer.is_closed() {
                return;
            }
            // Whoever asked may be gone.
            let _ = answer.send(work(log));
        }))?;
        if self.hangs.load(Ordering::Relaxed) {
            return Err(hangs());
        }
        match self.deadlines.within(answered).await {
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(io::Error::other("the thread of the audit broke off")),
            None => {
                self.hangs.store(true, Ordering::Relaxed);
                Err(hangs())
            }
        }
    }

    /// Runs a job on the thread.
    ///
    /// # Errors
    /// When too many jobs wait, or the writer is closed.
    pub(super) fn submit(&self, job: LogWork) -> io::Result<()> {
        let mut thread = self.lock();
        if let WriterThread::Idle = *thread {
            *thread = self.start()?;
        }
        match &*thread {
            WriterThread::Running { jobs, .. } => match jobs.try_send(job) {
                Ok(()) => Ok(()),
                Err(TrySendError::Full(_)) => Err(hangs()),
                Err(TrySendError::Disconnected(_)) => {
                    Err(io::Error::other("the thread of the audit broke off"))
                }
            },
            WriterThread::Idle | WriterThread::Closed => {
                Err(io::Error::other("the server has ended"))
            }
        }
    }

    /// Writes what is queued and ends the run, unless the disk hangs.
    pub(super) fn close(&self) {
        let thread = std::mem::replace(&mut *self.lock(), WriterThread::Closed);
        if let WriterThread::Running { jobs, ended } = thread {
            drop(jobs);
            if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) =
                ended.recv_timeout(WRITE_TIMEOUT)
            {
                tracing::error!("the audit cannot be written: {}", hangs());
            }
        }
    }

    fn start(&self) -> io::Result<WriterThread> {
        let (jobs, queue) = sync_channel::<LogWork>(MAX_QUEUED_LINES);
        let (running, ended) = channel::<()>();
        let mut log = Log::new(self.path.clone(), self.clock.clone(), self.run.clone());
        let hangs = self.hangs.clone();
        let thread = thread::Builder::new().name("audit".to_owned());
        thread.spawn(move || {
            let _running = running;
            log.mark_dead_runs();
            while let Ok(job) = queue.recv() {
                job(&mut log);
                hangs.store(false, Ordering::Relaxed);
            }
            log.close();
        })?;
        Ok(WriterThread::Running { jobs, ended })
    }

    fn lock(&self) -> MutexGuard<'_, WriterThread> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn hangs() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer")
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    fn writer(folder: &tempfile::TempDir) -> Writer {
        let path = folder.path().join("audit.jsonl");
        Writer::new(path, Clock::real(), RunId::random().unwrap())
    }

    /// The disk hangs until the sender is dropped.
    fn hang(writer: &Writer) -> std::sync::mpsc::Sender<()> {
        let (disk, answer) = channel::<()>();
        let hanging = move |_: &mut Log| {
            let _ = answer.recv();
        };
        writer.submit(Box::new(hanging)).unwrap();
        disk
    }

    #[tokio::test]
    async fn nobody_waits_for_long_and_then_nobody_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let disk = hang(&writer);
        for most in [WRITE_TIMEOUT * 2, WRITE_TIMEOUT / 2] {
            let run = writer.run(Unawaited::Write, |_| Ok(()));
            let hangs = timeout(most, run).await.expect("it does not wait");
            assert_eq!(hangs.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        drop(disk);
        while writer.run(Unawaited::Write, |_| Ok(())).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_written_or_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder);
        let disk = hang(&writer);
        let written = Arc::new(Mutex::new(Vec::new()));
        for unawaited in [Unawaited::Skip, Unawaited::Write] {
            let written = written.clone();
            let work = move |_: &mut Log| {
                written.lock().unwrap().push(unawaited);
                Ok(())
            };
            let run = writer.run(unawaited, work);
            assert!(timeout(Duration::from_millis(1), run).await.is_err());
        }
        drop(disk);
        writer.run(Unawaited::Write, |_| Ok(())).await.unwrap();
        assert_eq!(*written.lock().unwrap(), [Unawaited::Write]);
    }
}
