//! A ledger whose methods wait for their results.

use std::time::Duration;

use super::wait::wait;
use crate::ledger::{
    Admission, CounterUsage, Glance, Ledger, LedgerError, Pause, Receipt, Rejection, Request,
    Storage, StoreResult, Window, local::Abandoned, store::Store,
};

/// A ledger whose methods wait for their results.
#[derive(Clone)]
pub(super) struct BlockingLedger(pub(super) Ledger);

impl BlockingLedger {
    pub(super) fn admit(&self, request: &Request) -> Result<Admission, LedgerError> {
        wait(self.0.admit(request.clone()))
    }

    pub(super) fn probe(&self, request: &Request) -> Result<Option<Rejection>, LedgerError> {
        wait(self.0.probe(request.clone()))
    }

    pub(super) fn reduce(
        &self,
        receipt: &Receipt,
        index: usize,
        amount: u32,
    ) -> Result<(), LedgerError> {
        wait(self.0.reduce(receipt, index, amount))
    }

    pub(super) fn undo(&self, receipt: &Receipt) -> Result<(), LedgerError> {
        wait(self.0.undo(receipt))
    }

    pub(super) fn usages(&self) -> Result<Vec<CounterUsage>, LedgerError> {
        let lengths = [60, 120, 3600, 7200].map(Duration::from_secs);
        let windows = lengths.map(|length| Window {
            counter: "sends".to_owned(),
            length,
        });
        wait(self.0.usages(windows.into()))
    }

    pub(super) fn reset(&self, counter: &str) -> Result<usize, LedgerError> {
        wait(self.0.reset(counter))
    }

    pub(super) fn is_known(&self, person: &str) -> Result<bool, LedgerError> {
        wait(self.0.is_known(person))
    }

    pub(super) fn remember(&self, person: &str) -> Result<(), LedgerError> {
        wait(self.0.remember(vec![person.to_owned()]))
    }

    pub(super) fn seeded(&self) -> Result<bool, LedgerError> {
        wait(self.0.seeded())
    }

    pub(super) fn seed<P: Into<String>>(
        &self,
        people: impl IntoIterator<Item = P>,
    ) -> Result<bool, LedgerError> {
        wait(self.0.seed(people))
    }

    pub(super) fn pause(&self, time: Duration, why: &str) -> Result<(), LedgerError> {
        wait(self.0.pause(time, why))
    }

    pub(super) fn paused(&self) -> Result<Option<Pause>, LedgerError> {
        wait(self.0.paused())
    }

    pub(super) fn resume(&self) -> Result<(), LedgerError> {
        wait(self.0.resume())
    }

    pub(super) fn glance(&self, people: &[&str]) -> Result<Option<Glance>, LedgerError> {
        let people = people.iter().map(|person| (*person).to_owned());
        wait(self.0.glance(people.collect(), None))
    }

    pub(super) fn burn(&self, name: &str, time: Duration) -> Result<Option<bool>, LedgerError> {
        wait(self.0.burn(name, time))
    }

    /// Looks into the file that is open.
    pub(super) fn with_store<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Store) -> StoreResult<T> + Send + 'static,
    ) -> T {
        let Storage::Local(local) = &self.0.0 else {
            panic!("it is elsewhere");
        };
        wait(local.run(Abandoned::Run, |store| look(store))).unwrap()
    }
}
