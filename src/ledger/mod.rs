//! What was done, remembered across restarts and shared by all processes of an account.
//!
//! It is in a file, or in Redis (`shared`) where servers of several machines share it.
//!
//! Counts are exact: never more than `max` in any window of a length, whatever is
//! restarted, killed or set to another time. A call that cannot be counted is refused:
//! no error here ever means "let it pass".
//!
//! In a file, a killed process loses nothing. A power failure may lose the last calls, since not
//! each of them waits for the disk; the next start counts as many as that can have been,
//! a tenth of a limit at most: too much, never too little.
//!
//! The file has to be on a local disk of one machine.

mod counter_usage;
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

pub use self::switch_state::SwitchState;
pub use self::{
    counter_usage::{CounterUsage, Hit},
    error::{LedgerError, Trouble},
    pause::Pause,
    request::{Admission, Count, DAY, Full, Glance, Receipt, Request},
    shared::{BadAddress, Shared},
};
use self::{
    request::Written,
    shared::Account,
    store::{End, Store, Work},
};
use crate::clock::Clock;

/// The ledger of one account. Clones share it.
///
/// Each method may wait for the disk, and for another process for about two seconds; or
/// for Redis for about one.
#[derive(Clone)]
pub struct Ledger(Place);

#[derive(Clone)]
enum Place {
    Here(Arc<Here>),
    Shared(Account),
}

struct Here {
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
        Self(Place::Here(Arc::new(Here {
            path,
            clock,
            store: Mutex::new(None),
        })))
    }

    fn shared(account: Account) -> Self {
        Self(Place::Shared(account))
    }

    /// The file; `None` in memory and elsewhere.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Here(here) => here.path.as_deref(),
            Place::Shared(_) => None,
        }
    }

    /// Whether servers of other machines count here too.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Place::Shared(_))
    }

    /// What a call has to be looked at for, in one go; `None` where it is no detour to
    /// ask one by one, and where the switch is elsewhere.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn glance(&self, people: &[&str]) -> Result<Option<Glance>, LedgerError> {
        match &self.0 {
            Place::Here(_) => Ok(None),
            Place::Shared(account) => self.told(account.glance(people)).map(Some),
        }
    }

    /// Takes note that an approval is used, for so long; whether it was not before.
    /// `None` where no other server could use it.
    ///
    /// # Errors
    /// When that is not known for certain; it may be noted then.
    pub fn burn(&self, name: &str, time: Duration) -> Result<Option<bool>, LedgerError> {
        match &self.0 {
            Place::Here(_) => Ok(None),
            Place::Shared(account) => self.told(account.burn(name, time)).map(Some),
        }
    }

    /// Counts the request in all its windows and remembers its people, or changes nothing.
    ///
    /// # Errors
    /// When it cannot be counted for certain; the call must not be made then.
    pub fn admit(&self, request: &Request<'_>) -> Result<Admission, LedgerError> {
        self.told(request.check())?;
        self.write(
            |account| account.admit(request),
            |work| counting::admit(work, request),
        )
    }

    /// What stands against the request now; counts nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn probe(&self, request: &Request<'_>) -> Result<Option<Full>, LedgerError> {
        self.told(request.check())?;
        self.read(
            |account| account.probe(request),
            |work| counting::probe(work, request),
        )
    }

    /// Lowers what the count at `index` has taken to `amount`; never raises it. Counts of
    /// one series share a line, and are lowered together.
    ///
    /// # Errors
    /// When it cannot be written; the greater amount stays counted.
    pub fn reduce(&self, receipt: &Receipt, index: usize, amount: u32) -> Result<(), LedgerError> {
        match receipt.hits.get(index) {
            Some(Some(written)) => self.lower(written, amount),
            _ => Ok(()),
        }
    }

    /// Gives back all that was counted; who was new is new again.
    ///
    /// # Errors
    /// When it cannot be written; what is left stays counted.
    pub fn undo(&self, receipt: &Receipt) -> Result<(), LedgerError> {
        for written in receipt.hits.iter().flatten() {
            self.lower(written, 0)?;
        }
        let people = &receipt.newcomers;
        self.write(
            |account| account.forget(people),
            |work| recipients::forget(work, people).map(End::Keep),
        )
    }

    fn lower(&self, written: &Written, amount: u32) -> Result<(), LedgerError> {
        match (&self.0, written) {
            (Place::Here(here), Written::Here(line)) => self.told(here.with(|store| {
                store.write(|work| lines::reduce(work, *line, amount).map(End::Keep))
            })),
            (Place::Shared(account), Written::Shared(entry)) => {
                self.told(account.reduce(entry, amount))
            }
            // The receipt of another ledger.
            _ => Ok(()),
        }
    }

    /// What was counted within the last day, by counter and key.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn usages(&self) -> Result<Vec<CounterUsage>, LedgerError> {
        self.read(Account::usages, counter_usage::all)
    }

    /// Forgets what a counter holds, which gives it back; says of how many keys.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn reset(&self, counter: &str) -> Result<usize, LedgerError> {
        self.write(
            |account| account.reset(counter),
            |work| counter_usage::reset(work, counter).map(End::Keep),
        )
    }

    /// Whether a person was written to before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_known(&self, person: &str) -> Result<bool, LedgerError> {
        self.read(
            |account| account.is_known(person),
            |work| recipients::is_known(work, person),
        )
    }

    /// Remembers people as written to, without counting them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember(&self, people: &[&str]) -> Result<(), LedgerError> {
        let people: Vec<String> = people.iter().map(|person| (*person).to_owned()).collect();
        self.write(
            |account| account.remember(&people),
            |work| recipients::remember(work, &people).map(End::Keep),
        )
    }

    /// Whether [`seed`](Self::seed) was done.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seeded(&self) -> Result<bool, LedgerError> {
        self.read(Account::seeded, recipients::seeded)
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
        self.write(
            |account| account.seed(&people),
            |work| recipients::seed(work, &people),
        )
    }

    /// Pauses the account from now on; a longer pause that runs already stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn pause(&self, time: Duration, why: &str) -> Result<(), LedgerError> {
        self.write(
            |account| account.pause(time, why),
            |work| pause::begin(work, time, why),
        )
    }

    /// The pause that runs.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn paused(&self) -> Result<Option<Pause>, LedgerError> {
        self.read(Account::paused, pause::current)
    }

    /// Ends the pause.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn resume(&self) -> Result<(), LedgerError> {
        self.write(Account::resume, pause::end)
    }

    fn read<T>(
        &self,
        there: impl FnOnce(&Account) -> Result<T, Trouble>,
        here: impl FnOnce(&Work<'_>) -> Result<T, Trouble>,
    ) -> Result<T, LedgerError> {
        self.told(match &self.0 {
            Place::Here(store) => store.with(|store| store.read(here)),
            Place::Shared(account) => there(account),
        })
    }

    fn write<T>(
        &self,
        there: impl FnOnce(&Account) -> Result<T, Trouble>,
        here: impl FnMut(&Work<'_>) -> Result<End<T>, Trouble>,
    ) -> Result<T, LedgerError> {
        self.told(match &self.0 {
            Place::Here(store) => store.with(|store| store.write(here)),
            Place::Shared(account) => there(account),
        })
    }

    fn told<T>(&self, done: Result<T, Trouble>) -> Result<T, LedgerError> {
        done.map_err(|trouble| LedgerError {
            place: self.place(),
            trouble,
        })
    }

    fn place(&self) -> String {
        match &self.0 {
            Place::Here(here) => match &here.path {
                Some(path) => path.display().to_string(),
                None => "in memory".to_owned(),
            },
            Place::Shared(account) => account.place().to_owned(),
        }
    }
}

impl Here {
    fn with<T>(&self, work: impl FnOnce(&mut Store) -> Result<T, Trouble>) -> Result<T, Trouble> {
        // A transaction that a panic cut off was rolled back.
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *store {
            Some(store) => work(store),
            none => self.open().and_then(|opened| work(none.insert(opened))),
        }
    }

    fn open(&self) -> Result<Store, Trouble> {
        match &self.path {
            Some(path) => Store::open(path, &self.clock),
            None => Store::in_memory(&self.clock),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_tuple("Ledger").field(&self.place()).finish()
    }
}
