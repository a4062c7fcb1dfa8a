mod blocking;
mod counting;
mod files;
mod model;
mod power;
#[path = "../../../tests/it/app/redis.rs"]
mod redis_server;
mod shared;
mod times;
#[path = "../../../tests/it/app/wait.rs"]
mod wait;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;

use super::{Admission, Count, FullLimit, Ledger, Receipt, Rejection, Request, Shared};
use crate::clock::{Clock, ManualClock};
use blocking::BlockingLedger;
use redis_server::RedisServer;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A ledger in a file or in Redis, and a clock to turn.
struct Fixture {
    folder: TempDir,
    redis: Option<Arc<RedisServer>>,
    clock: Clock,
    manual: ManualClock,
    ledger: BlockingLedger,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, manual) = Clock::manual();
        let ledger = at(&folder.path().join("ledger"), &clock);
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
        self.ledger = in_memory(&self.clock);
        self.ledger = at(&self.path(), &self.clock);
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
        self.ledger = at(&self.path(), &self.clock);
    }

    /// How often the disk was waited for.
    fn syncs(&self) -> u64 {
        self.ledger.with_store(|store| Ok(store.syncs))
    }
}

fn at(path: &Path, clock: &Clock) -> BlockingLedger {
    BlockingLedger(Ledger::at(path, clock.clone()))
}

fn in_memory(clock: &Clock) -> BlockingLedger {
    BlockingLedger(Ledger::in_memory(clock.clone()))
}

/// A ledger of its own connections, whose time is the clock's.
fn far(redis: &RedisServer, account: &str, clock: &Clock) -> BlockingLedger {
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    let account = shared.account(account).with_clock(clock);
    BlockingLedger(Ledger::shared(account))
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

fn count(amount: u32, max: u32, window: Duration) -> Count {
    Count {
        counter: "sends".to_owned(),
        key: "local".to_owned(),
        amount,
        max,
        window,
        longest_window: crate::ledger::DAY,
    }
}

fn request(counts: &[Count]) -> Request {
    Request {
        counts: counts.to_owned(),
        ..Request::default()
    }
}

fn admit(ledger: &BlockingLedger, counts: &[Count]) -> Admission {
    ledger.admit(&request(counts)).unwrap()
}

fn passes(ledger: &BlockingLedger, counts: &[Count]) -> bool {
    matches!(admit(ledger, counts), Admission::Counted(_))
}

fn receipt(ledger: &BlockingLedger, counts: &[Count]) -> Receipt {
    match admit(ledger, counts) {
        Admission::Counted(receipt) => receipt,
        Admission::Refused(rejection) => panic!("{rejection:?}"),
    }
}

fn full(ledger: &BlockingLedger, counts: &[Count]) -> FullLimit {
    match admit(ledger, counts) {
        Admission::Refused(Rejection::Full(full)) => full,
        other => panic!("{other:?}"),
    }
}
