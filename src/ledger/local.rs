//! A local ledger: a SQLite connection on a thread of its own.
//!
//! SQLite blocks: on the disk, and on another process that writes. So jobs go to the thread
//! over a channel and are run there one after the other, and whoever asks waits without
//! blocking a thread.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SendError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    LedgerErrorKind, StoreResult,
    store::{Store, TransactionEnd, Work},
};
use crate::clock::Clock;

/// How long a job may wait for its turn and for another process together. A job whose turn
/// comes later is tried once.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// A local ledger. Its thread is started at the first use, and ends when the ledger is
/// dropped: after the jobs that were queued, and after unused leases were given back.
pub(super) struct LocalStorage {
    /// `None` in memory.
    path: Option<PathBuf>,
    clock: Clock,
    thread: Mutex<Option<LedgerThread>>,
}

struct LedgerThread {
    jobs: Sender<Job>,
    ended: JoinHandle<()>,
}

type Job = Box<dyn FnOnce(&mut LazyStore) + Send>;

/// The connection of the thread, which is opened by the first job that succeeds in it.
struct LazyStore {
    path: Option<PathBuf>,
    clock: Clock,
    store: Option<Store>,
}

/// What becomes of a job that nobody waits for any more when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abandoned {
    /// It is run.
    Run,
    /// It is skipped; nothing was changed then.
    Skip,
}

impl LocalStorage {
    /// A ledger in a file, or in memory without a path.
    pub(super) fn new(path: Option<PathBuf>, clock: Clock) -> Self {
        Self {
            path,
            clock,
            thread: Mutex::default(),
        }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Reads, unless nobody waits for it any more when its turn comes.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Work<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.run(Abandoned::Skip, move |store| store.read(work))
            .await
    }

    /// Writes, even if the future is dropped.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Work<'_>) -> StoreResult<TransactionEnd<T>> + Send + 'static,
    ) -> StoreResult<T> {
        self.run(Abandoned::Run, move |store| store.write(work))
            .await
    }

    /// Like [`write`](Self::write), for a change that is committed if it succeeds.
    pub(super) async fn commit<T: Send + 'static>(
        &self,
        mut change: impl FnMut(&Work<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.write(move |work| change(work).map(TransactionEnd::Commit))
            .await
    }

    /// Writes, unless nobody waits for it any more when its turn comes.
    pub(super) async fn write_if_awaited<T: Send + 'static>(
        &self,
        work: impl FnMut(&Work<'_>) -> StoreResult<TransactionEnd<T>> + Send + 'static,
    ) -> StoreResult<T> {
        self.run(Abandoned::Skip, move |store| store.write(work))
            .await
    }

    /// Runs a job on the thread. A job that has begun is finished even if the returned
    /// future is dropped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        abandoned: Abandoned,
        work: impl FnOnce(&mut Store) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let deadline = Instant::now() + BUSY_TIMEOUT;
        let (answer, answered) = oneshot::channel();
        self.submit(Box::new(move |store| {
            if abandoned == Abandoned::Skip && answer.is_closed() {
                return;
            }
            // Whoever asked may be gone.
            let _ = answer.send(store.open(deadline).and_then(work));
        }))?;
        answered.await.unwrap_or_else(|_| Err(broken_off()))
    }

    fn submit(&self, job: Job) -> StoreResult<()> {
        let mut thread = self.lock();
        let job = match thread.as_ref().map(|thread| &thread.jobs) {
            Some(jobs) => match jobs.send(job) {
                Ok(()) => return Ok(()),
                // A job panicked, which rolled its transaction back and ended the thread.
                Err(SendError(job)) => job,
            },
            None => job,
        };
        let started = self.start()?;
        let sent = started.jobs.send(job);
        *thread = Some(started);
        sent.map_err(|_| broken_off())
    }

    fn start(&self) -> StoreResult<LedgerThread> {
        let (jobs, queue) = channel();
        let store = LazyStore {
            path: self.path.clone(),
            clock: self.clock.clone(),
            store: None,
        };
        let thread = thread::Builder::new().name("ledger".to_owned());
        let ended = thread.spawn(move || store.run(&queue))?;
        Ok(LedgerThread { jobs, ended })
    }

    fn lock(&self) -> MutexGuard<'_, Option<LedgerThread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LocalStorage {
    fn drop(&mut self) {
        let thread = self.lock().take();
        if let Some(LedgerThread { jobs, ended }) = thread {
            drop(jobs);
            // After a panic there is nothing left to close.
            let _ = ended.join();
        }
    }
}

impl LazyStore {
    /// Runs jobs until nobody can send another one.
    fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(job) = queue.recv() {
            job(&mut self);
        }
    }

    /// The store, which waits for other processes until the deadline.
    fn open(&mut self, deadline: Instant) -> StoreResult<&mut Store> {
        let store = match self.store.take() {
            Some(store) => store,
            None => match &self.path {
                Some(path) => Store::open(path, &self.clock, deadline)?,
                None => Store::in_memory(&self.clock)?,
            },
        };
        let store = self.store.insert(store);
        store.wait_until(deadline);
        Ok(store)
    }
}

fn broken_off() -> LedgerErrorKind {
    LedgerErrorKind::Unavailable("its thread broke off".into())
}
