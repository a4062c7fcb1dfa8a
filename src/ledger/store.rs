//! The database connection, and its transactions.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use super::{
    LedgerErrorKind, StoreResult, format, lease, ledger_file::LedgerFile, time::ClockReading,
    transaction::Transaction,
};
use crate::clock::Clock;

/// How long a process that ends waits for another one to give its leases back.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// How long to wait before the change to WAL is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(super) struct Store {
    pub(super) conn: Connection,
    /// `None` in memory.
    file: Option<LedgerFile>,
    clock: Clock,
    /// Until when to wait for another process. After that, what is locked is busy at once.
    deadline: Instant,
    /// Whether a reboot can be detected. Without that, every write waits for the disk.
    leases: bool,
    /// How often a write has waited for the disk.
    pub(super) syncs: u64,
    /// Whether there may be leases to end.
    leased: bool,
}

/// A running transaction.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) tx: &'a Connection,
    pub(super) now: i64,
    /// When old hits were last removed.
    pub(super) swept: i64,
    /// Whether it is on the disk once it has ended.
    pub(super) durable: bool,
    pub(super) leases: bool,
}

/// How a transaction ends.
#[derive(Debug)]
pub(super) enum TransactionEnd<T> {
    Commit(T),
    RollBack(T),
    /// It must be on the disk before anybody sees it: run it again, durably.
    RetryDurably,
}

impl Store {
    pub(super) fn open(path: &Path, clock: &Clock, deadline: Instant) -> StoreResult<Self> {
        let file = LedgerFile::prepare(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&file.path, flags)?;
        let mut store = Self::new(conn, Some(file), clock, deadline);
        // SQLite's busy timeout does not apply to the change to WAL.
        loop {
            match store.initialize() {
                Err(LedgerErrorKind::Busy) if Instant::now() < deadline => {
                    thread::sleep(RETRY_INTERVAL);
                }
                Err(kind) => return Err(kind),
                Ok(()) => break,
            }
        }
        if let Some(file) = &mut store.file {
            file.record_identity()?;
        }
        Ok(store)
    }

    pub(super) fn in_memory(clock: &Clock) -> StoreResult<Self> {
        let conn = Connection::open_in_memory()?;
        let mut store = Self::new(conn, None, clock, Instant::now());
        store.initialize()?;
        Ok(store)
    }

    fn new(conn: Connection, file: Option<LedgerFile>, clock: &Clock, deadline: Instant) -> Self {
        Self {
            conn,
            deadline,
            leases: file.is_some() && clock.boot().of_machine,
            file,
            clock: clock.clone(),
            syncs: 0,
            leased: false,
        }
    }

    /// Until when the next transactions wait for another process.
    pub(super) fn wait_until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Makes the connection wait for another process until the deadline.
    fn apply_deadline(&self) -> StoreResult<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        Ok(self.conn.busy_timeout(left)?)
    }

    /// Creates the tables in a new file, and checks an existing one.
    fn initialize(&mut self) -> StoreResult<()> {
        self.apply_deadline()?;
        self.conn.set_prepared_statement_cache_capacity(64);
        format::check_owner(&self.conn)?;
        self.conn.pragma_update(None, "page_size", 1024)?;
        let mode: String =
            self.conn
                .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if self.file.is_some() && mode != "wal" {
            let why = "its file system does not support shared memory";
            return Err(LedgerErrorKind::Unavailable(why.into()));
        }
        self.conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
        // On macOS, fsync alone does not flush the cache of the drive.
        self.conn.pragma_update(None, "fullfsync", true)?;
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        let tx = Transaction::writing(&mut self.conn)?;
        let reading = ClockReading::of(&self.clock);
        format::create_schema(&tx)?;
        format::check_integrity(&tx)?;
        let now = reading.read(&tx)?;
        if now.same_boot {
            drop(tx);
        } else {
            lease::count_lost(&tx, now.at)?;
            reading.store(&tx, now.at)?;
            tx.commit()?;
        }
        if self.leases {
            self.conn.pragma_update(None, "synchronous", "NORMAL")?;
        }
        Ok(())
    }

    /// Runs a read transaction.
    pub(super) fn read<T>(
        &mut self,
        work: impl FnOnce(&Work<'_>) -> StoreResult<T>,
    ) -> StoreResult<T> {
        self.verify()?;
        self.apply_deadline()?;
        let reading = ClockReading::of(&self.clock);
        let tx = Transaction::reading(&mut self.conn)?;
        let now = reading.read(&tx)?;
        work(&Work {
            tx: &tx,
            now: now.at,
            swept: now.swept,
            durable: true,
            leases: self.leases,
        })
    }

    /// Runs a write transaction; other processes wait until it ends. `work` runs again if it
    /// returns [`TransactionEnd::RetryDurably`].
    pub(super) fn write<T>(
        &mut self,
        mut work: impl FnMut(&Work<'_>) -> StoreResult<TransactionEnd<T>>,
    ) -> StoreResult<T> {
        self.verify()?;
        if let Some(done) = self.attempt(!self.leases, &mut work)? {
            return Ok(done);
        }
        // With FULL nobody sees the transaction before it is on the disk, so nobody counts
        // within a lease that a power failure can still lose.
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        let done = self.attempt(true, &mut work);
        self.conn.pragma_update(None, "synchronous", "NORMAL")?;
        self.syncs = self.syncs.saturating_add(1);
        done?.ok_or_else(|| LedgerErrorKind::Unavailable("a durable change was not made".into()))
    }

    fn attempt<T>(
        &mut self,
        durable: bool,
        work: &mut impl FnMut(&Work<'_>) -> StoreResult<TransactionEnd<T>>,
    ) -> StoreResult<Option<T>> {
        self.apply_deadline()?;
        let tx = Transaction::writing(&mut self.conn)?;
        // Read after the lock: waiting for it took time.
        let reading = ClockReading::of(&self.clock);
        let now = reading.read(&tx)?;
        if now.jumped && !durable {
            // After the next boot only the time of day remains, so the new one must be durable.
            return Ok(None);
        }
        let outcome = work(&Work {
            tx: &tx,
            now: now.at,
            swept: now.swept,
            durable,
            leases: self.leases,
        })?;
        match outcome {
            TransactionEnd::Commit(done) => {
                reading.store(&tx, now.at)?;
                tx.commit()?;
                self.leased = self.leases;
                Ok(Some(done))
            }
            TransactionEnd::RollBack(done) => Ok(Some(done)),
            TransactionEnd::RetryDurably => Ok(None),
        }
    }

    fn verify(&self) -> StoreResult<()> {
        self.file.as_ref().map_or(Ok(()), LedgerFile::verify)
    }
}

impl Drop for Store {
    /// Ends unused leases. If that fails, a reboot counts too much, which is safe.
    fn drop(&mut self) {
        if self.leased && self.verify().is_ok() {
            self.deadline = Instant::now() + CLOSE_TIMEOUT;
            let _ = self.write(|work| match work.durable {
                true => lease::end_all(work.tx).map(TransactionEnd::Commit),
                false => Ok(TransactionEnd::RetryDurably),
            });
        }
    }
}
