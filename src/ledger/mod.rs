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
mod local;
mod pause;
mod recipients;
mod request;
mod series;
mod shared;
mod sharing;
mod store;
mod switch_state;
#[cfg(test)]
mod tests;
mod time;
mod transaction;
mod wait_budget;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub use self::{
    counter_usage::{CounterUsage, Window, WindowUsage},
    error::{LedgerError, LedgerErrorKind},
    pause::Pause,
    request::{
        Admission, Claim, ClaimState, Count, DAY, FullLimit, Glance, HeldClaim, Receipt, Rejection,
        Request, Turn,
    },
    shared::{BadAddress, Shared},
    switch_state::{SwitchEpoch, SwitchReading, SwitchState},
    wait_budget::{as_one_call, of_this_call},
};
use self::{error::StoreResult, local::LocalStorage, request::RecordedHit, shared::RedisAccount};
use crate::clock::Clock;

/// The ledger of one account. Clones share it.
///
/// No method blocks the thread that it is called on. An answer takes up to two seconds where
/// another process has the file locked, and up to a second from Redis: for all that is asked
/// in one [call](as_one_call) together. A method fails if the
/// ledger cannot be read or written; a failed change changes nothing unless the method says
/// otherwise. A future that is dropped may still make its change: in a local ledger it does,
/// except for `admit`.
///
/// Dropping the last clone of a local ledger waits until its thread has ended.
#[derive(Clone)]
pub struct Ledger(Storage);

#[derive(Clone)]
enum Storage {
    Local(Arc<LocalStorage>),
    Redis(RedisAccount),
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
        Self(Storage::Local(Arc::new(LocalStorage::new(path, clock))))
    }

    fn shared(account: RedisAccount) -> Self {
        Self(Storage::Redis(account))
    }

    /// The file; `None` in memory and in Redis.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Storage::Local(local) => local.path(),
            Storage::Redis(_) => None,
        }
    }

    /// Whether servers on other machines may use it too.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Storage::Redis(_))
    }

    /// Counts the request in all its windows and remembers its recipients, or changes
    /// nothing. A local ledger counts nothing if the future is dropped before its turn.
    ///
    /// # Errors
    /// If it is not certain that the request was counted; the call must not be made then.
    pub async fn admit(&self, request: Request) -> Result<Admission, LedgerError> {
        self.with_location(request.check())?;
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                local
                    .write_if_awaited(move |work| counting::admit(work, &request))
                    .await
            }
            Storage::Redis(account) => account.call(account.admit(&request)).await,
        })
    }

    /// What would stand in the way of the request now, if anything; counts nothing.
    pub async fn probe(&self, request: Request) -> Result<Option<Rejection>, LedgerError> {
        self.with_location(request.check())?;
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                local
                    .read(move |work| counting::probe(work, &request))
                    .await
            }
            Storage::Redis(account) => account.call(account.probe(&request)).await,
        })
    }

    /// Checks that a request could be counted.
    ///
    /// # Errors
    /// If the ledger cannot be read, or Redis cannot be written.
    pub async fn check(&self) -> Result<(), LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => local.read(|work| pause::current(work).map(drop)).await,
            Storage::Redis(account) => account.call(account.check_writable()).await,
        })
    }

    /// Lowers the amount of the count at `index` to `amount`; never raises it. Counts of one
    /// series share a hit and are lowered together.
    ///
    /// # Errors
    /// If it cannot be written; the greater amount stays counted.
    pub async fn reduce(
        &self,
        receipt: &Receipt,
        index: usize,
        amount: u32,
    ) -> Result<(), LedgerError> {
        match receipt.hits.get(index) {
            Some(Some(hit)) => self.lower(hit, amount).await,
            _ => Ok(()),
        }
    }

    /// Reverts everything that was counted; first-time recipients are forgotten again, and
    /// the claim ends.
    ///
    /// # Errors
    /// If it cannot be written; the rest stays counted.
    pub async fn undo(&self, receipt: &Receipt) -> Result<(), LedgerError> {
        for hit in receipt.hits.iter().flatten() {
            self.lower(hit, 0).await?;
        }
        if let Some(claim) = &receipt.claim {
            self.settle(claim, None).await?;
        }
        let people = receipt.newcomers.clone();
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                local
                    .commit(move |work| recipients::forget(work, &people))
                    .await
            }
            Storage::Redis(account) => account.call(account.forget(&people)).await,
        })
    }

    async fn lower(&self, hit: &RecordedHit, amount: u32) -> Result<(), LedgerError> {
        self.with_location(match (&self.0, hit.clone()) {
            (Storage::Local(local), RecordedHit::Local(hit)) => {
                local
                    .commit(move |work| hits::reduce(work, hit, amount))
                    .await
            }
            (Storage::Redis(account), RecordedHit::Redis(hit)) => {
                account.call(account.reduce(&hit, amount)).await
            }
            // The receipt belongs to another ledger.
            _ => Ok(()),
        })
    }

    /// What was counted within these windows and within the last day, ordered by counter and
    /// key.
    pub async fn usages(&self, windows: Vec<Window>) -> Result<Vec<CounterUsage>, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                local
                    .read(move |work| counter_usage::all(work, &windows))
                    .await
            }
            Storage::Redis(account) => account.call(account.usages(&windows)).await,
        })
    }

    /// Sets a counter to zero; returns the number of its keys.
    pub async fn reset(&self, counter: &str) -> Result<usize, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                let counter = counter.to_owned();
                local
                    .commit(move |work| counter_usage::reset(work, &counter))
                    .await
            }
            Storage::Redis(account) => account.call(account.reset(counter)).await,
        })
    }

    /// Whether a person received a message before.
    pub async fn is_known(&self, person: &str) -> Result<bool, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                let person = person.to_owned();
                local
                    .read(move |work| recipients::is_known(work, &person))
                    .await
            }
            Storage::Redis(account) => account.call(account.is_known(person)).await,
        })
    }

    /// Remembers people as recipients, without counting them.
    pub async fn remember(&self, people: Vec<String>) -> Result<(), LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                local
                    .commit(move |work| recipients::remember(work, &people))
                    .await
            }
            Storage::Redis(account) => account.call(account.remember(&people)).await,
        })
    }

    /// Whether [`seed`](Self::seed) has succeeded before.
    pub async fn seeded(&self) -> Result<bool, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => local.read(recipients::seeded).await,
            Storage::Redis(account) => account.call(account.seeded()).await,
        })
    }

    /// Remembers the recipients from before there was a ledger: once, and at most 100,000.
    /// Returns whether this was the first time.
    ///
    /// # Errors
    /// If it cannot be written; nobody is remembered then.
    pub async fn seed<P: Into<String>>(
        &self,
        people: impl IntoIterator<Item = P>,
    ) -> Result<bool, LedgerError> {
        let people = people.into_iter().take(recipients::MAX_SEEDS);
        let people: Vec<String> = people.map(Into::into).collect();
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                local
                    .write(move |work| recipients::seed(work, &people))
                    .await
            }
            Storage::Redis(account) => account.call(account.seed(&people)).await,
        })
    }

    /// Pauses the account from now on. A current pause that ends later stays.
    pub async fn pause(&self, time: Duration, why: &str) -> Result<(), LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => {
                let why = why.to_owned();
                local
                    .write(move |work| pause::begin(work, time, &why))
                    .await
            }
            Storage::Redis(account) => account.call(account.pause(time, why)).await,
        })
    }

    /// The current pause.
    pub async fn paused(&self) -> Result<Option<Pause>, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => local.read(pause::current).await,
            Storage::Redis(account) => account.call(account.paused()).await,
        })
    }

    /// Ends the pause.
    pub async fn resume(&self) -> Result<(), LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(local) => local.write(pause::end).await,
            Storage::Redis(account) => account.call(account.resume()).await,
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
            Storage::Local(local) => match local.path() {
                Some(path) => path.display().to_string(),
                None => "in memory".to_owned(),
            },
            Storage::Redis(account) => account.location().to_owned(),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_tuple("Ledger").field(&self.location()).finish()
    }
}
