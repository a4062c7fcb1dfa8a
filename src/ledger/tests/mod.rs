mod counting;
mod files;
mod model;
mod power;
mod times;

use std::{fs, path::PathBuf, sync::PoisonError, time::Duration};

use tempfile::TempDir;

use super::{Admission, Count, Full, Ledger, Receipt, Request};
use crate::clock::{Clock, Hand};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A ledger in a file, and a clock to turn.
struct Desk {
    folder: TempDir,
    clock: Clock,
    hand: Hand,
    ledger: Ledger,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::manual();
        let ledger = Ledger::at(folder.path().join("ledger"), clock.clone());
        Self {
            folder,
            clock,
            hand,
            ledger,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    /// As when the program ends and begins again.
    fn restart(&mut self) {
        self.ledger = Ledger::in_memory(self.clock.clone());
        self.ledger = Ledger::at(self.path(), self.clock.clone());
    }

    /// What is in the files at this moment, as a crash would leave it.
    fn image(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ledger", "ledger-wal"] {
            let from = self.folder.path().join(name);
            if from.exists() {
                fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        folder
    }

    /// Goes on with what a crash left.
    fn recover(&mut self, image: TempDir) {
        self.folder = image;
        self.ledger = Ledger::at(self.path(), self.clock.clone());
    }

    /// How often the disk was waited for.
    fn syncs(&self) -> u64 {
        let store = self.ledger.0.store.lock();
        let store = store.unwrap_or_else(PoisonError::into_inner);
        store.as_ref().map_or(0, |store| store.syncs)
    }
}

fn count(amount: u32, max: u32, window: Duration) -> Count<'static> {
    Count {
        counter: "sends",
        key: "local",
        amount,
        max,
        window,
    }
}

fn admit(ledger: &Ledger, counts: &[Count<'_>]) -> Admission {
    let request = Request {
        counts,
        ..Request::default()
    };
    ledger.admit(&request).unwrap()
}

fn passes(ledger: &Ledger, counts: &[Count<'_>]) -> bool {
    matches!(admit(ledger, counts), Admission::Counted(_))
}

fn receipt(ledger: &Ledger, counts: &[Count<'_>]) -> Receipt {
    match admit(ledger, counts) {
        Admission::Counted(receipt) => receipt,
        Admission::Full(full) => panic!("{full:?}"),
    }
}

fn full(ledger: &Ledger, counts: &[Count<'_>]) -> Full {
    match admit(ledger, counts) {
        Admission::Full(full) => full,
        Admission::Counted(_) => panic!("it passed"),
    }
}
