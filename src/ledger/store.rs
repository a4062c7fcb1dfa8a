//! The database: opening it, and one transaction at a time.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use super::{Trouble, format, lease, place::Place, time::Moment, transaction::Transaction};
use crate::clock::Clock;

/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Store {
    pub(super) conn: Connection,
    /// None in memory.
    place: Option<Place>,
    clock: Clock,
    /// Whether a crash of the machine can be told from a crash of a process; where it
    /// cannot, nothing is ever left unwritten.
    leases: bool,
    /// How often the disk was waited for.
    pub(super) syncs: u64,
    /// Whether there may be room to give back.
    leased: bool,
}

/// One transaction.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) tx: &'a Connection,
    pub(super) now: i64,
    /// When old lines were last removed.
    pub(super) swept: i64,
    /// Whether it will be on the disk when it ends.
    pub(super) lasting: bool,
    pub(super) leases: bool,
}

/// What becomes of a transaction.
#[derive(Debug)]
pub(super) enum End<T> {
    Keep(T),
    Undo(T),
    /// It has to be on the disk before anyone sees it: do it again so.
    Lastingly,
}

impl Store {
    pub(super) fn open(path: &Path, clock: &Clock) -> Result<Self, Trouble> {
        let place = Place::prepare(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&place.path, flags)?;
        let mut store = Self::new(conn, Some(place), clock);
        // A change to WAL is not waited for by SQLite itself.
        let until = Instant::now() + PATIENCE;
        loop {
            match store.arrive() {
                Err(Trouble::Busy) if Instant::now() < until => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(trouble) => return Err(trouble),
                Ok(()) => break,
            }
        }
        if let Some(place) = &mut store.place {
            place.settle()?;
        }
        Ok(store)
    }

    pub(super) fn in_memory(clock: &Clock) -> Result<Self, Trouble> {
        let mut store = Self::new(Connection::open_in_memory()?, None, clock);
        store.arrive()?;
        Ok(store)
    }

    fn new(conn: Connection, place: Option<Place>, clock: &Clock) -> Self {
        Self {
            conn,
            leases: place.is_some() && clock.boot().of_machine,
            place,
            clock: clock.clone(),
            syncs: 0,
            leased: false,
        }
    }

    /// Makes the file a ledger if it is new, and looks whether it is a whole one.
    fn arrive(&mut self) -> Result<(), Trouble> {
        self.conn.busy_timeout(PATIENCE)?;
        self.conn.set_prepared_statement_cache_capacity(64);
        format::look(&self.conn)?;
        self.conn.pragma_update(None, "page_size", 1024)?;
        let mode: String =
            self.conn
                .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if self.place.is_some() && mode != "wal" {
            let why = "its file system does not let processes share memory";
            return Err(Trouble::Unavailable(why.into()));
        }
        self.conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
        // macOS keeps for itself what it was told to write, unless asked like this.
        self.conn.pragma_update(None, "fullfsync", true)?;
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        let tx = Transaction::writing(&mut self.conn)?;
        let moment = Moment::of(&self.clock);
        format::make(&tx)?;
        format::check(&tx)?;
        let now = moment.read(&tx)?;
        if now.same_boot {
            drop(tx);
        } else {
            lease::count_unknown(&tx, now.at)?;
            moment.keep(&tx, now.at)?;
            tx.commit()?;
        }
        if self.leases {
            self.conn.pragma_update(None, "synchronous", "NORMAL")?;
        }
        Ok(())
    }

    /// Reads; changes nothing.
    pub(super) fn read<T>(
        &mut self,
        work: impl FnOnce(&Work<'_>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.check()?;
        let moment = Moment::of(&self.clock);
        let tx = Transaction::reading(&mut self.conn)?;
        let now = moment.read(&tx)?;
        work(&Work {
            tx: &tx,
            now: now.at,
            swept: now.swept,
            lasting: true,
            leases: self.leases,
        })
    }

    /// Changes; other processes wait until it is over. The work is done again when it
    /// says that it has to last.
    pub(super) fn write<T>(
        &mut self,
        mut work: impl FnMut(&Work<'_>) -> Result<End<T>, Trouble>,
    ) -> Result<T, Trouble> {
        self.check()?;
        if let Some(done) = self.once(!self.leases, &mut work)? {
            return Ok(done);
        }
        // SQLite lets no one see such a transaction before the disk has it: nobody can
        // count within a lease that may still be lost.
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        let done = self.once(true, &mut work);
        self.conn.pragma_update(None, "synchronous", "NORMAL")?;
        self.syncs = self.syncs.saturating_add(1);
        done?.ok_or_else(|| Trouble::Unavailable("a change did not last".into()))
    }

    fn once<T>(
        &mut self,
        lasting: bool,
        work: &mut impl FnMut(&Work<'_>) -> Result<End<T>, Trouble>,
    ) -> Result<Option<T>, Trouble> {
        let tx = Transaction::writing(&mut self.conn)?;
        // Only now: what was waited for is time that has passed.
        let moment = Moment::of(&self.clock);
        let now = moment.read(&tx)?;
        if now.jumped && !lasting {
            // After the next boot the time of day is all there is to go by.
            return Ok(None);
        }
        let end = work(&Work {
            tx: &tx,
            now: now.at,
            swept: now.swept,
            lasting,
            leases: self.leases,
        })?;
        match end {
            End::Keep(done) => {
                moment.keep(&tx, now.at)?;
                tx.commit()?;
                self.leased = self.leases;
                Ok(Some(done))
            }
            End::Undo(done) => Ok(Some(done)),
            End::Lastingly => Ok(None),
        }
    }

    fn check(&self) -> Result<(), Trouble> {
        self.place.as_ref().map_or(Ok(()), Place::check)
    }
}

impl Drop for Store {
    /// Gives back what was leased and not used. Without it a restart of the machine
    /// counts too much, so a failure here harms nobody.
    fn drop(&mut self) {
        if self.leased && self.check().is_ok() {
            let _ = self.conn.busy_timeout(Duration::from_millis(100));
            let _ = self.write(|work| match work.lasting {
                true => lease::give_back(work.tx).map(End::Keep),
                false => Ok(End::Lastingly),
            });
        }
    }
}
