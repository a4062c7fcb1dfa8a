//! The durable counters and recipients of an account, shared by all its processes.
//!
//! The ledger is an SQLite file on a local disk, or in Redis (`shared`) for servers on
//! several machines.
//!
//! Counts are exact: never more than `max` in any sliding window, whatever is restarted or
//! killed and however the clock is set. A call that cannot be counted is refused: no error
//! of this module allows a call.
//!
//! A killed process loses nothing in a file. A power failure can lose the last calls,
//! because not every call waits for the disk. The next start counts as many calls as can
//! have been lost, at most a tenth of a limit: too many, never too few.

mod counter_usage;
mod counting;
mod error;
mod format;
mod hits;
mod lease;
mod ledger_file;
mod pause;
mod recipients;
mod request;
mod series;
mod shared;
mod store;
mod switch_state;
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

pub use self::{
    counter_usage::{CounterUsage, Hit},
    error::{LedgerError, LedgerErrorKind},
    pause::Pause,
    request::{Admission, Count, DAY, FullLimit, Glance, Receipt, Request},
    shared::{BadAddress, Shared},
    switch_state::SwitchState,
};
use self::{
    error::StoreResult,
    request::RecordedHit,
    shared::RedisAccount,
    store::{Store, TransactionEnd, Work},
};
use crate::clock::Clock;

/// The ledger of one account. Clones share it.
///
/// A method may block: on the disk, up to two seconds on another process, or up to one
/// second on Redis. It fails if the ledger cannot be read or written; a failed change
/// changes nothing unless the method says otherwise.
#[derive(Clone)]
pub struct Ledger(Storage);

#[derive(Clone)]
enum Storage {
    Local(Arc<LocalStorage>),
    Redis(RedisAccount),
}

struct LocalStorage {
    /// `None` in memory.
    path: Option<PathBuf>,
    clock: Clock,
    store: Mutex<Option<Store>>,
}

impl Ledger {
    /// The ledger in a file, which is opened or created at the first use.
    pub fn at(path: impl Into<PathBuf>, clock: Clock) -> Self {
        Self::new(Some(path.into()), clock)
    }

    /// A ledger in memory.
    pub fn in_memory(clock: Clock) -> Self {
        Self::new(None, clock)
    }

    fn new(path: Option<PathBuf>, clock: Clock) -> Self {
        Self(Storage::Local(Arc::new(LocalStorage {
            path,
            clock,
            store: Mutex::new(None),
        })))
    }

    fn shared(account: RedisAccount) -> Self {
        Self(Storage::Redis(account))
    }

    /// The file; `None` in memory and in Redis.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Storage::Local(local) => local.path.as_deref(),
            Storage::Redis(_) => None,
        }
    }

    /// Whether servers on other machines may use it too.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Storage::Redis(_))
    }

    /// The kill switch, the pause and the known recipients of a call, in one round trip to
    /// Redis. `None` for a local ledger, which does not hold the switch.
    pub fn glance(&self, people: &[&str]) -> Result<Option<Glance>, LedgerError> {
        match &self.0 {
            Storage::Local(_) => Ok(None),
            Storage::Redis(account) => self.with_location(account.glance(people)).map(Some),
        }
    }

    /// Marks an approval as used, for `time`; returns whether it was unused. `None` for a
    /// local ledger: no other server can use the approval.
    ///
    /// # Errors
    /// If Redis does not confirm it; the approval may be marked then.
    pub fn burn(&self, name: &str, time: Duration) -> Result<Option<bool>, LedgerError> {
        match &self.0 {
            Storage::Local(_) => Ok(None),
            Storage::Redis(account) => self.with_location(account.burn(name, time)).map(Some),
        }
    }

    /// Counts the request in all its windows and remembers its recipients, or changes
    /// nothing.
    ///
    /// # Errors
    /// If it is not certain that the request was counted; the call must not be made then.
    pub fn admit(&self, request: &Request<'_>) -> Result<Admission, LedgerError> {
        self.with_location(request.check())?;
        self.write(
            |account| account.admit(request),
            |work| counting::admit(work, request),
        )
    }

    /// The limit that would refuse the request now, if any; counts nothing.
    pub fn probe(&self, request: &Request<'_>) -> Result<Option<FullLimit>, LedgerError> {
        self.with_location(request.check())?;
        self.read(
            |account| account.probe(request),
            |work| counting::probe(work, request),
        )
    }

    /// Lowers the amount of the count at `index` to `amount`; never raises it. Counts of one
    /// series share a hit and are lowered together.
    ///
    /// # Errors
    /// If it cannot be written; the greater amount stays counted.
    pub fn reduce(&self, receipt: &Receipt, index: usize, amount: u32) -> Result<(), LedgerError> {
        match receipt.hits.get(index) {
            Some(Some(hit)) => self.lower(hit, amount),
            _ => Ok(()),
        }
    }

    /// Reverts everything that was counted; first-time recipients are forgotten again.
    ///
    /// # Errors
    /// If it cannot be written; the rest stays counted.
    pub fn undo(&self, receipt: &Receipt) -> Result<(), LedgerError> {
        for hit in receipt.hits.iter().flatten() {
            self.lower(hit, 0)?;
        }
        let people = &receipt.newcomers;
        self.write(
            |account| account.forget(people),
            |work| recipients::forget(work, people).map(TransactionEnd::Commit),
        )
    }

    fn lower(&self, hit: &RecordedHit, amount: u32) -> Result<(), LedgerError> {
        match (&self.0, hit) {
            (Storage::Local(local), RecordedHit::Local(hit)) => {
                self.with_location(local.with(|store| {
                    store.write(|work| hits::reduce(work, *hit, amount).map(TransactionEnd::Commit))
                }))
            }
            (Storage::Redis(account), RecordedHit::Redis(hit)) => {
                self.with_location(account.reduce(hit, amount))
            }
            // The receipt belongs to another ledger.
            _ => Ok(()),
        }
    }

    /// What was counted within the last day, ordered by counter and key.
    pub fn usages(&self) -> Result<Vec<CounterUsage>, LedgerError> {
        self.read(RedisAccount::usages, counter_usage::all)
    }

    /// Sets a counter to zero; returns the number of its keys.
    pub fn reset(&self, counter: &str) -> Result<usize, LedgerError> {
        self.write(
            |account| account.reset(counter),
            |work| counter_usage::reset(work, counter).map(TransactionEnd::Commit),
        )
    }

    /// Whether a person received a message before.
    pub fn is_known(&self, person: &str) -> Result<bool, LedgerError> {
        self.read(
            |account| account.is_known(person),
            |work| recipients::is_known(work, person),
        )
    }

    /// Remembers people as recipients, without counting them.
    pub fn remember(&self, people: &[&str]) -> Result<(), LedgerError> {
        let people: Vec<String> = people.iter().map(|person| (*person).to_owned()).collect();
        self.write(
            |account| account.remember(&people),
            |work| recipients::remember(work, &people).map(TransactionEnd::Commit),
        )
    }

    /// Whether [`seed`](Self::seed) has succeeded before.
    pub fn seeded(&self) -> Result<bool, LedgerError> {
        self.read(RedisAccount::seeded, recipients::seeded)
    }

    /// Remembers the recipients from before there was a ledger: once, and at most 100,000.
    /// Returns whether this was the first time.
    ///
    /// # Errors
    /// If it cannot be written; nobody is remembered then.
    pub fn seed<P: Into<String>>(
        &self,
        people: impl IntoIterator<Item = P>,
    ) -> Result<bool, LedgerError> {
        let people = people.into_iter().take(recipients::MAX_SEEDS);
        let people: Vec<String> = people.map(Into::into).collect();
        self.write(
            |account| account.seed(&people),
            |work| recipients::seed(work, &people),
        )
    }

    /// Pauses the account from now on. A current pause that ends later stays.
    pub fn pause(&self, time: Duration, why: &str) -> Result<(), LedgerError> {
        self.write(
            |account| account.pause(time, why),
            |work| pause::begin(work, time, why),
        )
    }

    /// The current pause.
    pub fn paused(&self) -> Result<Option<Pause>, LedgerError> {
        self.read(RedisAccount::paused, pause::current)
    }

    /// Ends the pause.
    pub fn resume(&self) -> Result<(), LedgerError> {
        self.write(RedisAccount::resume, pause::end)
    }

    fn read<T>(
        &self,
        redis: impl FnOnce(&RedisAccount) -> StoreResult<T>,
        local: impl FnOnce(&Work<'_>) -> StoreResult<T>,
    ) -> Result<T, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(store) => store.with(|store| store.read(local)),
            Storage::Redis(account) => redis(account),
        })
    }

    fn write<T>(
        &self,
        redis: impl FnOnce(&RedisAccount) -> StoreResult<T>,
        local: impl FnMut(&Work<'_>) -> StoreResult<TransactionEnd<T>>,
    ) -> Result<T, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(store) => store.with(|store| store.write(local)),
            Storage::Redis(account) => redis(account),
        })
    }

    /// Adds the location of the ledger to an error.
    fn with_location<T>(&self, done: StoreResult<T>) -> Result<T, LedgerError> {
        done.map_err(|kind| LedgerError {
            location: self.location(),
            kind,
        })
    }

    fn location(&self) -> String {
        match &self.0 {
            Storage::Local(local) => match &local.path {
                Some(path) => path.display().to_string(),
                None => "in memory".to_owned(),
            },
            Storage::Redis(account) => account.location().to_owned(),
        }
    }
}

impl LocalStorage {
    fn with<T>(&self, work: impl FnOnce(&mut Store) -> StoreResult<T>) -> StoreResult<T> {
        // A panic rolled back its transaction, so the store is consistent.
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *store {
            Some(store) => work(store),
            none => self.open().and_then(|opened| work(none.insert(opened))),
        }
    }

    fn open(&self) -> StoreResult<Store> {
        match &self.path {
            Some(path) => Store::open(path, &self.clock),
            None => Store::in_memory(&self.clock),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_tuple("Ledger").field(&self.location()).finish()
    }
}
