//! What is of Redis alone.

use std::{thread, time::Instant};

use super::{wait::wait, *};
use crate::ledger::{Claim, ClaimState, SwitchState, Turn};

fn ledger(redis: &RedisServer) -> BlockingLedger {
    account(&Shared::at(&redis.url().into(), None).unwrap(), "account")
}

fn account(shared: &Shared, name: &str) -> BlockingLedger {
    BlockingLedger(shared.ledger(name))
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn each_key_is_the_accounts_and_expires() {
    let redis = RedisServer::start();
    let ledger = ledger(&redis);
    let request = Request {
        counts: vec![count(2, 9, HOUR)],
        people: vec!["Ann".to_owned()],
        newcomers: vec![count(1, 5, HOUR)],
        claim: None,
        turn: None,
    };
    let Admission::Counted(receipt) = ledger.admit(&request).unwrap() else {
        panic!("it is full");
    };
    ledger.reduce(&receipt, 0, 1).unwrap();
    ledger.seed(["Ben"]).unwrap();
    ledger.pause(HOUR, "a yellow card").unwrap();
    assert_eq!(ledger.burn("nonce", HOUR).unwrap(), Some(true));
    let keys = redis.command(&["KEYS", "*"]);
    let keys: Vec<&str> = keys
        .lines()
        .filter(|line| line.starts_with("wg:"))
        .collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("wg:{account}:"), "{key}");
        if ["wg:{account}:mark", "wg:{account}:index"].contains(&key) {
            // Without them the state would be another one.
            assert_eq!(redis.command(&["PTTL", key]), ":-1\r\n");
            continue;
        }
        let left = redis.command(&["PTTL", key]);
        let left: i64 = left.trim_start_matches(':').trim_end().parse().unwrap();
        assert!(left > 3_500_000, "{key} {left}");
    }
    // Another account knows nothing of it.
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    let other = account(&shared, "other");
    assert!(!other.is_known("Ann").unwrap() && !other.seeded().unwrap());
    assert_eq!(other.paused().unwrap(), None);
    assert_eq!(other.burn("nonce", HOUR).unwrap(), Some(true));
    assert_eq!(ledger.burn("nonce", HOUR).unwrap(), Some(false));
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn many_at_once_share_one_limit_to_the_last_call() {
    let redis = RedisServer::start();
    let passed: usize = thread::scope(|scope| {
        let run = || {
            let ledger = ledger(&redis);
            let counts = [count(1, 100, HOUR), count(1, 150, 2 * HOUR)];
            (0..40).filter(|_| passes(&ledger, &counts)).count()
        };
        let threads = [0; 6].map(|_| scope.spawn(run));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(passed, 100);
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_clock_that_was_set_back_gives_nothing_back_and_holds_nothing_up() {
    let redis = RedisServer::start();
    let ledger = ledger(&redis);
    let two = [count(1, 2, HOUR)];
    assert!(passes(&ledger, &two));
    let before = full(&ledger, &[count(2, 2, HOUR)]).wait.unwrap();
    // As if the clock had been set back by ten days since.
    let clock = redis.command(&["GET", "wg:{account}:clock"]);
    let (at, wall) = clock.lines().nth(1).unwrap().split_once(':').unwrap();
    let later = wall.parse::<u64>().unwrap() + 10 * 86_400_000_000;
    redis.command(&["SET", "wg:{account}:clock", &format!("{at}:{later}")]);
    assert!(passes(&ledger, &two), "one more fits");
    let wait = full(&ledger, &two).wait.unwrap();
    let about = before - MINUTE..before + Duration::from_secs(1);
    assert!(about.contains(&wait), "{wait:?} after {before:?}");
    // The time goes on, also while all calls are refused.
    thread::sleep(Duration::from_millis(20));
    let later = full(&ledger, &two).wait.unwrap();
    assert!(later <= wait - Duration::from_millis(20), "{later:?}");
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn one_that_is_gone_refuses_and_comes_back() {
    let mut redis = RedisServer::start();
    let ledger = ledger(&redis);
    assert!(passes(&ledger, &[count(1, 2, HOUR)]));
    redis.kill();
    let counts = [count(1, 2, HOUR)];
    let request = request(&counts);
    for _ in 0..3 {
        let error = ledger.admit(&request).unwrap_err();
        assert_eq!(error.code(), "ledger-unavailable", "{error}");
        assert!(ledger.glance(&[]).is_err() && ledger.paused().is_err());
    }
    redis.restart();
    // After several failures in a row it is not asked again at once.
    assert!(ledger.paused().is_err());
    thread::sleep(Duration::from_millis(2100));
    assert!(passes(&ledger, &counts), "it is connected to again");
    assert!(!passes(&ledger, &counts), "and knows what was counted");
}

#[cfg(unix)]
#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn one_that_hangs_is_not_waited_for() {
    let redis = RedisServer::start();
    let ledger = ledger(&redis);
    assert!(passes(&ledger, &[count(1, 100, HOUR)]));
    redis.stop(true);
    let began = Instant::now();
    assert!(ledger.is_known("Ann").is_err());
    // Neither on a connection that was open nor on a new one.
    assert!(ledger.is_known("Ann").is_err());
    assert!(began.elapsed() < Duration::from_millis(2900));
    redis.stop(false);
    assert!(passes(&ledger, &[count(1, 100, HOUR)]));
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_server_that_forgets_is_refused() {
    let redis = RedisServer::start();
    redis.command(&["CONFIG", "SET", "maxmemory", "100mb"]);
    assert!(passes(&ledger(&redis), &[count(1, 9, HOUR)]));
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let error = ledger(&redis).paused().unwrap_err();
    assert_eq!(error.code(), "ledger-unfit", "{error}");
    let open = {
        redis.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        let ledger = ledger(&redis);
        assert_eq!(ledger.paused().unwrap(), None);
        ledger
    };
    redis.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = ledger(&redis).paused().unwrap_err();
    assert!(error.to_string().contains("replica"), "{error}");
    // A connection that is open notices it too, within a second.
    thread::sleep(Duration::from_millis(1100));
    let error = open.glance(&[]).unwrap_err();
    assert!(error.to_string().contains("replica"), "{error}");
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_password_opens_and_is_never_told() {
    let redis = RedisServer::start();
    redis.command(&["CONFIG", "SET", "requirepass", "s3cret"]);
    let url = redis.url();
    let none = Shared::at(&url.clone().into(), None).unwrap();
    let wrong = Shared::at(&url.clone().into(), Some(&"wr0ng".into())).unwrap();
    for shared in [none, wrong] {
        let error = account(&shared, "account").paused().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("wr0ng"), "{shown}");
        assert_eq!(error.code(), "ledger-unavailable");
    }
    let beside = Shared::at(&url.clone().into(), Some(&"s3cret".into())).unwrap();
    assert_eq!(account(&beside, "account").paused().unwrap(), None);
    let within = url.replace("redis://", "redis://:s3cret@");
    let within = Shared::at(&within.into(), None).unwrap();
    assert_eq!(wait(within.switch()).unwrap().state, SwitchState::Off);
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn the_switch_is_every_accounts() {
    let redis = RedisServer::start();
    let shared = Shared::at(&redis.url().into(), None).unwrap();
    for state in [
        SwitchState::ReadsOnly,
        SwitchState::Everything,
        SwitchState::Off,
    ] {
        wait(shared.set_switch(state)).unwrap();
        assert_eq!(wait(shared.switch()).unwrap().state, state);
        let glance = ledger(&redis).glance(&["Ann"]).unwrap().unwrap();
        assert_eq!((glance.switch.state, glance.known), (state, vec![false]));
    }
    redis.command(&["SET", "wg:panic", "on"]);
    assert_eq!(
        wait(shared.switch()).unwrap().state,
        SwitchState::Everything
    );
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn what_was_scripted_is_brought_again() {
    let redis = RedisServer::start();
    let ledger = ledger(&redis);
    assert!(passes(&ledger, &[count(1, 2, HOUR)]));
    redis.command(&["SCRIPT", "FLUSH"]);
    assert!(passes(&ledger, &[count(1, 2, HOUR)]));
    assert!(!passes(&ledger, &[count(1, 2, HOUR)]));
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_server_that_is_restarted_without_its_data_is_refused() {
    let mut redis = RedisServer::start_with(&["--appendonly", "no"]);
    let ledger = ledger(&redis);
    assert!(passes(&ledger, &[count(1, 9, HOUR)]));
    redis.restart_empty();
    let error = ledger.glance(&[]).unwrap_err();
    assert_eq!(error.code(), "ledger-unavailable", "the connection is gone");
    let error = ledger.glance(&[]).unwrap_err();
    assert_eq!(error.code(), "ledger-replaced", "{error}");
}

fn claimed(lease: Duration) -> Request {
    Request {
        claim: Some(Claim {
            name: "hello".to_owned(),
            lease,
            memory: MINUTE,
        }),
        turn: Some(Turn {
            delay: MINUTE,
            max_wait: HOUR,
        }),
        ..Request::default()
    }
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_claim_is_one_calls_until_its_end_is_told() {
    let redis = RedisServer::start();
    let [here, there] = [0; 2].map(|_| ledger(&redis));
    let hold = |ledger: &BlockingLedger| match ledger.admit(&claimed(HOUR)).unwrap() {
        Admission::Counted(receipt) => Ok(receipt),
        Admission::Refused(Rejection::Claimed(state)) => Err(state),
        other => panic!("{other:?}"),
    };
    let settle = |ledger: &BlockingLedger, receipt: &Receipt, end| {
        wait(ledger.0.settle(receipt.claim.as_ref().unwrap(), end)).unwrap();
    };
    let renew = |receipt: &Receipt| wait(here.0.renew(receipt.claim.as_ref().unwrap())).unwrap();
    let first = hold(&here).unwrap();
    assert_eq!(hold(&there), Err(ClaimState::InFlight));
    let probed = there.probe(&claimed(HOUR)).unwrap();
    assert_eq!(probed, Some(Rejection::Claimed(ClaimState::InFlight)));
    // It was not made after all, and its place in the queue is not given back.
    here.undo(&first).unwrap();
    let second = hold(&there).unwrap();
    assert!(second.wait > MINUTE / 2, "{:?}", second.wait);
    // The first one no longer holds it.
    assert!(!renew(&first));
    settle(&here, &first, Some("the first"));
    assert_eq!(hold(&here), Err(ClaimState::InFlight));
    assert!(renew(&second));
    settle(&there, &second, Some("sent"));
    assert_eq!(hold(&here), Err(ClaimState::Settled("sent".to_owned())));
    let keys = ["claim:hello", "turn"].map(|name| format!("wg:{{account}}:{name}"));
    let [claim, turn] = keys.map(|key| redis.command(&["PTTL", &key]));
    assert!(
        claim.starts_with(":59") || claim.starts_with(":60"),
        "{claim}"
    );
    assert!(turn.starts_with(":1"), "{turn}");
    // Nobody told the end of a call whose lease is over.
    redis.command(&["DEL", "wg:{account}:claim:hello"]);
    let lapsed = claimed(Duration::ZERO);
    assert!(matches!(
        here.admit(&lapsed).unwrap(),
        Admission::Counted(_)
    ));
    thread::sleep(Duration::from_millis(3));
    assert_eq!(hold(&there), Err(ClaimState::Lapsed));
}
