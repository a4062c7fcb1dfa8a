mod counting;
mod files;
mod model;
mod power;
#[path = "../../../tests/it/app/redis.rs"]
mod redis_server;
mod shared;
mod times;

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::Duration,
};

use tempfile::TempDir;

use super::{Admission, Count, FullLimit, Ledger, Receipt, Request, Shared, Storage, store::Store};
use crate::clock::{Clock, ManualClock};
use redis_server::RedisServer;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A ledger in a file or in Redis, and a clock to turn.
struct Fixture {
    folder: TempDir,
    redis: Option<Arc<RedisServer>>,
    clock: Clock,
    manual: ManualClock,
    ledger: Ledger,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, manual) = Clock::manual();
        let ledger = Ledger::at(folder.path().join("ledger"), clock.clone());
        Self {
            folder,
            redis: None,
            clock,
            manual,
            ledger,
        }
    }

    fn shared() -> Self {
        Self::at(Arc::new(RedisServer::start()), "account")
    }

    fn at(redis: Arc<RedisServer>, account: &str) -> Self {
        let mut fixture = Self::new();
        fixture.ledger = far(&redis, account, &fixture.clock);
        fixture.redis = Some(redis);
        fixture
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    /// As when the program ends and begins again.
    fn restart(&mut self) {
        if let Some(redis) = &self.redis {
            self.ledger = far(redis, "account", &self.clock);
            return;
        }
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
        self.with_store(|store| store.syncs)
    }

    /// Looks into the file that is open.
    fn with_store<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        let Storage::Local(here) = &self.ledger.0 else {
            panic!("it is elsewhere");
        };
        let store = here.store.lock().unwrap_or_else(PoisonError::into_inner);
        look(store.as_ref().unwrap())
    }
}

/// A ledger of its own connections, whose time is the clock's.
fn far(redis: &RedisServer, account: &str, clock: &Clock) -> Ledger {
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    Ledger::shared(shared.account(account).with_clock(clock))
}

/// Tests that hold for a ledger wherever it is.
macro_rules! wherever {
    ($($test:ident),* $(,)?) => {
        mod in_a_file {
            $(#[test]
            fn $test() {
                super::$test(super::Fixture::new());
            })*
        }
        mod in_redis {
            $(#[test]
            #[cfg_attr(not(has_redis), ignore = "needs redis-server in PATH when build.rs runs")]
            fn $test() {
                super::$test(super::Fixture::shared());
            })*
        }
    };
}
use wherever;

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

fn full(ledger: &Ledger, counts: &[Count<'_>]) -> FullLimit {
    match admit(ledger, counts) {
        Admission::Full(full) => full,
        Admission::Counted(_) => panic!("it passed"),
    }
}
