//! What was done, remembered across restarts and shared by all processes of an account.
//!
//! Counts are exact: never more than `max` in any window of a length, whatever is
//! restarted, killed or set to another time. A call that cannot be counted is refused:
//! no error here ever means "let it pass".
//!
//! A killed process loses nothing. A power failure may lose the last calls, since not
//! each of them waits for the disk; the next start counts as many as that can have been,
//! a tenth of a limit at most: too much, never too little.
//!
//! The file has to be on a local disk of one machine.

mod counting;
mod error;
mod format;
mod lease;
mod lines;
mod pause;
mod place;
mod recipients;
mod request;
mod series;
mod standing;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod transaction;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use self::store::{End, Store, Work};
pub use self::{
    error::{LedgerError, Trouble},
    pause::Pause,
    request::{Admission, Count, DAY, Full, Receipt, Request},
    standing::{Hit, Standing},
};
use crate::clock::Clock;

/// The ledger of one account. Clones share it.
///
/// Each method may wait for the disk, and for another process for about two seconds.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    /// None in memory.
    path: Option<PathBuf>,
    clock: Clock,
    store: Mutex<Option<Store>>,
}

impl Ledger {
    /// The ledger in a file, which is opened, or made, when it is first asked.
    pub fn at(path: impl Into<PathBuf>, clock: Clock) -> Self {
        Self::new(Some(path.into()), clock)
    }

    /// A ledger that ends with the process.
    pub fn in_memory(clock: Clock) -> Self {
        Self::new(None, clock)
    }

    fn new(path: Option<PathBuf>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            path,
            clock,
            store: Mutex::new(None),
        }))
    }

    /// Where it is; `None` in memory.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Counts the request in all its windows and remembers its people, or changes nothing.
    ///
    /// # Errors
    /// When it cannot be counted for certain; the call must not be made then.
    pub fn admit(&self, request: &Request<'_>) -> Result<Admission, LedgerError> {
        self.write(|work| {
            request.check()?;
            counting::admit(work, request)
        })
    }

    /// What stands against the request now; counts nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn probe(&self, request: &Request<'_>) -> Result<Option<Full>, LedgerError> {
        self.read(|work| {
            request.check()?;
            counting::probe(work, request)
        })
    }

    /// Lowers what the count at `index` has taken to `amount`; never raises it. Counts of
    /// one series share a line, and are lowered together.
    ///
    /// # Errors
    /// When it cannot be written; the greater amount stays counted.
    pub fn reduce(&self, receipt: &Receipt, index: usize, amount: u32) -> Result<(), LedgerError> {
        match receipt.hits.get(index).copied().flatten() {
            Some(line) => self.write(|work| lines::reduce(work, line, amount).map(End::Keep)),
            None => Ok(()),
        }
    }

    /// What was counted within the last day, by counter and key.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>, LedgerError> {
        self.read(standing::all)
    }

    /// Forgets what a counter holds, which gives it back; says of how many keys.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn reset(&self, counter: &str) -> Result<usize, LedgerError> {
        self.write(|work| standing::reset(work, counter).map(End::Keep))
    }

    /// Whether a person was written to before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_known(&self, person: &str) -> Result<bool, LedgerError> {
        self.read(|work| recipients::is_known(work, person))
    }

    /// Remembers people as written to, without counting them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember(&self, people: &[&str]) -> Result<(), LedgerError> {
        let people: Vec<String> = people.iter().map(|person| (*person).to_owned()).collect();
        self.write(|work| recipients::remember(work, &people).map(End::Keep))
    }

    /// Whether [`seed`](Self::seed) was done.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seeded(&self) -> Result<bool, LedgerError> {
        self.read(recipients::seeded)
    }

    /// Takes over whom the account wrote to before there was a ledger, once and up to
    /// 100,000 of them; says whether it did.
    ///
    /// # Errors
    /// When it cannot be written; nobody is taken over then.
    pub fn seed<P: Into<String>>(
        &self,
        people: impl IntoIterator<Item = P>,
    ) -> Result<bool, LedgerError> {
        let people = people.into_iter().take(recipients::SEEDS);
        let people: Vec<String> = people.map(Into::into).collect();
        self.write(|work| recipients::seed(work, &people))
    }

    /// Pauses the account from now on; a longer pause that runs already stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn pause(&self, time: Duration, why: &str) -> Result<(), LedgerError> {
        self.write(|work| pause::begin(work, time, why))
    }

    /// The pause that runs.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn paused(&self) -> Result<Option<Pause>, LedgerError> {
        self.read(pause::current)
    }

    /// Ends the pause.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn resume(&self) -> Result<(), LedgerError> {
        self.write(pause::end)
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Work<'_>) -> Result<T, Trouble>,
    ) -> Result<T, LedgerError> {
        self.with(|store| store.read(work))
    }

    fn write<T>(
        &self,
        work: impl FnMut(&Work<'_>) -> Result<End<T>, Trouble>,
    ) -> Result<T, LedgerError> {
        self.with(|store| store.write(work))
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, Trouble>,
    ) -> Result<T, LedgerError> {
        let inner = &*self.0;
        // A transaction that a panic cut off was rolled back.
        let mut store = inner.store.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match &mut *store {
            Some(store) => work(store),
            none => inner.open().and_then(|opened| work(none.insert(opened))),
        };
        done.map_err(|trouble| LedgerError {
            path: inner.path.clone().unwrap_or_else(|| "in memory".into()),
            trouble,
        })
    }
}

impl Inner {
    fn open(&self) -> Result<Store, Trouble> {
        match &self.path {
            Some(path) => Store::open(path, &self.clock),
            None => Store::in_memory(&self.clock),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_tuple("Ledger").field(&self.0.path).finish()
    }
}
