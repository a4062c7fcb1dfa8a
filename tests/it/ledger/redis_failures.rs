//! A Redis that hangs, lies, forgets or refuses.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use whatsapp_guard::ledger::{Admission, Count, Ledger, Request, Shared, SwitchState};

use crate::app::{
    SECRET,
    command::{program, run},
    redis::RedisServer,
    wait,
};

const HOUR: Duration = Duration::from_secs(3600);

fn shared(url: &str) -> Shared {
    Shared::at(&url.to_owned().into(), None).unwrap()
}

fn request(max: u32, window: Duration, longest_window: Duration) -> Request {
    let count = Count {
        counter: "sends".to_owned(),
        key: "local".to_owned(),
        amount: 1,
        max,
        window,
        longest_window,
    };
    Request {
        counts: vec![count],
        ..Request::default()
    }
}

fn passes(ledger: &Ledger) -> bool {
    let admitted = wait(ledger.admit(request(9000, HOUR, HOUR))).unwrap();
    matches!(admitted, Admission::Counted(_))
}

/// The code of the error with which a request is not counted.
fn code(ledger: &Ledger) -> &'static str {
    let admitted = wait(ledger.admit(request(9000, HOUR, HOUR)));
    admitted.unwrap_err().code()
}

/// A server that accepts connections and answers with a byte of `answer` each 100 ms.
fn dripping(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked);
                for byte in answer.iter().cycle() {
                    thread::sleep(Duration::from_millis(100));
                    if stream.write_all(&[*byte]).is_err() {
                        return;
                    }
                }
                // It never answers.
                thread::sleep(Duration::from_secs(20));
            });
        }
    });
    address.to_string()
}

/// Runs something, which has to end within a second and a little.
fn timely<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    let took = began.elapsed();
    assert!(took < Duration::from_millis(1800), "{what}: {took:?}");
    done
}

#[test]
fn whatever_a_server_does_a_call_ends_after_a_second() {
    let silent = dripping(b"");
    let drip = dripping(b"$1000000\r\n0123456789");
    let urls = [
        format!("redis://{silent}"),
        format!("rediss://{silent}"),
        format!("redis://{drip}"),
        format!("rediss://{drip}"),
        format!("redis://:secret@{silent}/7"),
        format!("redis://:secret@{drip}/7"),
    ];
    thread::scope(|scope| {
        for url in &urls {
            scope.spawn(|| every_use_of_it_fails_in_time(url));
        }
    });
}

fn every_use_of_it_fails_in_time(url: &str) {
    let ledger = || shared(url).ledger("account");
    timely(url, || wait(ledger().paused()).unwrap_err());
    timely(url, || wait(ledger().glance(Vec::new(), None)).unwrap_err());
    timely(url, || wait(ledger().check()).unwrap_err());
    timely(url, || code(&ledger()));
    timely(url, || {
        wait(shared(url).set_switch(SwitchState::ReadsOnly)).unwrap_err()
    });
    let ran = timely(url, || run(&["panic", "--state", url], &[]));
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("end the servers"), "{}", ran.err);
}

/// A server that accepts connections and never answers; how long each was open.
fn silent() -> (String, mpsc::Receiver<Duration>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let (closed, times) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, closed) = (stream.unwrap(), closed.clone());
            thread::spawn(move || {
                let opened = Instant::now();
                let _ = stream.read_to_end(&mut Vec::new());
                let _ = closed.send(opened.elapsed());
            });
        }
    });
    (url, times)
}

#[test]
fn a_command_waits_for_it_once_whatever_it_asks() {
    let environment = [
        ("WAHA_BASE_URL", "http://127.0.0.1:9"),
        ("WAHA_API_KEY", SECRET),
    ];
    let call = r#"{"chat":"+15550001111","text":"Hi"}"#;
    let commands: [&[&str]; 3] = [&["limits"], &["explain", "send_message", call], &["doctor"]];
    thread::scope(|scope| {
        for command in commands {
            scope.spawn(move || {
                let (url, times) = silent();
                let ran = run(&[command, &["--state", &url]].concat(), &environment);
                let said = ran.out + &ran.err;
                assert_eq!(ran.code, 1, "{said}");
                for part in ["the ledger", "a second", "Redis runs"] {
                    assert!(said.contains(part), "{said}");
                }
                // Whatever is asked after the first question has a tenth of the rest of the
                // time.
                let first = times.recv().unwrap();
                let others: Vec<Duration> = times.try_iter().collect();
                let (others, all) = (
                    others.iter().sum::<Duration>(),
                    [&[first][..], &others].concat(),
                );
                assert!(others < first * 4 / 5, "{command:?}: {all:?}");
            });
        }
    });
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_port_without_tls_ends_a_call() {
    let redis = RedisServer::start();
    let url = redis.url().replace("redis://", "rediss://");
    let ledger = shared(&url).ledger("account");
    timely(&url, || wait(ledger.paused()).unwrap_err());
    let ran = timely(&url, || run(&["panic", "--state", &url], &[]));
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[test]
fn after_several_failures_a_call_fails_at_once_and_says_so() {
    let url = format!("redis://{}", dripping(b""));
    let ledger = shared(&url).ledger("account");
    for _ in 0..3 {
        let error = wait(ledger.paused()).unwrap_err().to_string();
        assert!(error.contains("no answer within a second"), "{error}");
    }
    let began = Instant::now();
    let error = wait(ledger.paused()).unwrap_err().to_string();
    assert!(began.elapsed() < Duration::from_millis(100));
    assert!(error.contains("failed several times in a row"), "{error}");
}

#[cfg(unix)]
#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn an_answer_that_came_too_late_is_nobodys() {
    let redis = RedisServer::start();
    let ledger = shared(&redis.url()).ledger("account");
    wait(ledger.remember(vec!["Ann".to_owned()])).unwrap();
    redis.stop(true);
    // One is cut by the deadline, one by its caller.
    assert!(wait(ledger.is_known("Ann")).is_err());
    let cut =
        async { tokio::time::timeout(Duration::from_millis(50), ledger.is_known("Ann")).await };
    assert!(wait(cut).is_err());
    redis.stop(false);
    for _ in 0..3 {
        assert!(!wait(ledger.is_known("Ben")).unwrap());
        assert!(wait(ledger.is_known("Ann")).unwrap());
    }
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn panic_goes_through_where_counting_is_refused() {
    let redis = RedisServer::start();
    let ledger = shared(&redis.url()).ledger("account");
    assert!(passes(&ledger));
    assert!(wait(ledger.check()).is_ok());
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(code(&ledger), "ledger-unavailable");
    let error = wait(ledger.check()).unwrap_err().to_string();
    assert!(error.contains("OOM"), "{error}");
    for (arguments, expected) in [(&["--all"][..], "all"), (&["--off"], "off"), (&[], "reads")] {
        let url = redis.url();
        let ran = run(
            &[&["panic", "--json", "--state", &url], arguments].concat(),
            &[],
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains(expected), "{}", ran.out);
        assert_eq!(wait(shared(&url).switch()).unwrap().state.name(), expected);
    }
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(wait(ledger.check()).is_ok());
    redis.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    let error = wait(ledger.check()).unwrap_err().to_string();
    assert!(error.contains("NOREPLICAS"), "{error}");
    assert_eq!(code(&ledger), "ledger-unavailable");
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_user_who_may_not_run_info_can_count() {
    let redis = RedisServer::start();
    redis.command(&["ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "-info"]);
    let url = redis.url().replace("redis://", "redis://app:pw@");
    let ledger = shared(&url).ledger("account");
    assert!(passes(&ledger));
    assert!(wait(ledger.check()).is_ok());
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_cluster_is_refused_at_the_start() {
    let redis = RedisServer::start_with(&["--cluster-enabled", "yes"]);
    redis.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    let key = (
        "WHATSAPP_GUARD_APPROVAL_KEY",
        "7f3a9c1e5b2d804f6a7c3e91d5b80f2a4c6e8d1b3f5a79c0",
    );
    let backend = ["serve", "--backend", "sandbox", "--state", &redis.url()];
    let ran = run(&backend, &[key]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("is a Redis Cluster"), "{}", ran.err);
    assert_eq!(
        code(&shared(&redis.url()).ledger("account")),
        "ledger-unfit"
    );
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_state_that_is_gone_is_missed_until_a_person_accepts_it() {
    let mut redis = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let directory = Some(folder.path().to_owned());
        let shared = shared(&redis.url()).remembering_in(directory);
        shared.ledger("account")
    };
    let (here, elsewhere) = (open(), shared(&redis.url()).ledger("account"));
    assert!(passes(&here) && passes(&elsewhere));
    let all = [&here, &elsewhere];
    redis.command(&["FLUSHALL"]);
    for ledger in all {
        assert_eq!(code(ledger), "ledger-replaced");
        let error = wait(ledger.glance(Vec::new(), None)).unwrap_err();
        assert!(error.to_string().contains("accept-new-state"), "{error}");
        assert!(wait(ledger.burn("nonce", HOUR)).is_err());
        assert!(wait(ledger.paused()).is_err() && wait(ledger.check()).is_err());
    }
    // After a restart of the server too, and when others have begun anew.
    assert!(passes(&shared(&redis.url()).ledger("account")));
    for ledger in [&open(), &here, &elsewhere] {
        assert_eq!(code(ledger), "ledger-replaced");
    }
    assert!(wait(here.misses_state()).unwrap());
    wait(here.accept_new_state()).unwrap();
    for ledger in [&open(), &here, &elsewhere] {
        assert!(passes(ledger));
        assert!(!wait(ledger.misses_state()).unwrap());
    }
    // What was accepted is missed again when it is gone.
    let new = shared(&redis.url()).ledger("account");
    assert!(passes(&new));
    redis.restart_empty();
    thread::sleep(Duration::from_millis(1100));
    let open = || {
        let directory = Some(folder.path().to_owned());
        let shared = shared(&redis.url()).remembering_in(directory);
        shared.ledger("account")
    };
    for ledger in [&open(), &new, &here] {
        assert_eq!(code(ledger), "ledger-replaced");
    }
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_state_from_a_backup_is_missed_by_whoever_has_seen_a_later_one() {
    let mut redis = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let url = redis.url();
    let open = || {
        let directory = Some(folder.path().to_owned());
        shared(&url).remembering_in(directory).ledger("account")
    };
    let (reading, counting) = (shared(&url).ledger("account"), open());
    wait(reading.glance(Vec::new(), None)).unwrap();
    let backup = backup(&redis);
    assert!(passes(&counting));
    wait(reading.glance(Vec::new(), None)).unwrap();
    // With the data in place, nobody misses anything.
    redis.restart();
    assert!(eventually(|| wait(counting.check()).is_ok()) && passes(&counting));
    assert!(passes(&open()));
    assert!(eventually(|| wait(reading.glance(Vec::new(), None)).is_ok()));
    // The file of the state has the time of what was counted first.
    let kept = || {
        let mut files = fs::read_dir(folder.path()).unwrap();
        files.any(|file| {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            text.split_whitespace()
                .nth(1)
                .is_some_and(|time| time != "0")
        })
    };
    assert!(eventually(kept));
    restore(&mut redis, &backup);
    let restarted = open();
    let misses = |ledger: &Ledger| {
        let glance = wait(ledger.glance(Vec::new(), None));
        glance.is_err_and(|error| error.code() == "ledger-replaced")
    };
    for ledger in [&restarted, &reading, &counting] {
        assert!(eventually(|| misses(ledger)));
        assert_eq!(code(ledger), "ledger-replaced");
    }
    assert!(wait(counting.misses_state()).unwrap());
    wait(counting.accept_new_state()).unwrap();
    for ledger in [&restarted, &counting, &reading, &open()] {
        assert!(passes(ledger));
    }
}

/// Where the files of a server are.
fn data(redis: &RedisServer) -> PathBuf {
    let found = redis.command(&["CONFIG", "GET", "dir"]);
    PathBuf::from(found.lines().last().unwrap()).join("appendonlydir")
}

/// A copy of the data of a server.
fn backup(redis: &RedisServer) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    replace(copy.path(), &data(redis));
    copy
}

/// Starts a server again with the data of a copy.
fn restore(redis: &mut RedisServer, copy: &TempDir) {
    let data = data(redis);
    redis.kill();
    replace(&data, copy.path());
    redis.restart();
}

/// Replaces the files of a folder by copies of those of another one.
fn replace(folder: &Path, by: &Path) {
    let files = |folder: &Path| fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    for file in files(folder) {
        fs::remove_file(file.path()).unwrap();
    }
    for file in files(by) {
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
}

/// Whether something comes true within some seconds: a server that restarts is out of reach
/// for as long as calls to it fail at once.
fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        if holds() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn counts_that_vanish_beside_their_mark_are_missed() {
    const SERIES: &str = "wg:{account}:count:5:sends:local";
    const ALL_BUT_THE_MARK: &str = "for _, key in ipairs(redis.call('KEYS', '*')) do \
         if key ~= 'wg:{account}:mark' then redis.call('DEL', key) end end";
    let redis = RedisServer::start();
    let (here, there) = (
        shared(&redis.url()).ledger("account"),
        shared(&redis.url()).ledger("account"),
    );
    assert!(passes(&here) && passes(&there));
    for lost in [
        &["EVAL", ALL_BUT_THE_MARK, "0"][..],
        &["DEL", SERIES],
        &["DEL", "wg:{account}:index"],
    ] {
        redis.command(lost);
        assert_eq!(code(&here), "ledger-replaced", "{lost:?}");
        assert_eq!(code(&there), "ledger-replaced", "{lost:?}");
        assert!(wait(there.glance(Vec::new(), None)).is_err());
        assert!(wait(there.misses_state()).unwrap());
        wait(here.accept_new_state()).unwrap();
        assert!(passes(&here) && passes(&there), "{lost:?}");
    }
    // A server that only reads notices what has vanished as a whole.
    redis.command(&["EVAL", ALL_BUT_THE_MARK, "0"]);
    assert!(wait(there.misses_state()).unwrap());
    let error = wait(there.glance(Vec::new(), None)).unwrap_err();
    assert_eq!(error.code(), "ledger-replaced");
    wait(there.accept_new_state()).unwrap();
    // What was given back or set to zero has not vanished.
    for _ in 0..2 {
        let admitted = wait(here.admit(request(1, HOUR, HOUR))).unwrap();
        let Admission::Counted(receipt) = admitted else {
            panic!("{admitted:?}");
        };
        wait(there.undo(&receipt)).unwrap();
    }
    assert!(passes(&here));
    assert_eq!(wait(there.reset("sends")).unwrap(), 1);
    assert!(passes(&here) && passes(&there));
}

#[test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
fn a_report_costs_the_same_for_one_line_and_for_thousands() {
    let redis = RedisServer::start();
    let ledger = shared(&redis.url()).ledger("account");
    for _ in 0..20 {
        assert!(passes(&ledger));
    }
    let sent = || {
        let info = redis.command(&["INFO", "stats"]);
        let bytes = info
            .lines()
            .find_map(|line| line.strip_prefix("total_net_output_bytes:"));
        bytes.unwrap().trim().parse::<u64>().unwrap()
    };
    let report = || {
        let before = sent();
        let usages = wait(ledger.usages(Vec::new())).unwrap();
        (usages[0].used(24 * HOUR), sent() - before)
    };
    let (used, few) = report();
    assert_eq!(used, 20);
    let now = redis.command(&[
        "ZREVRANGE",
        "wg:{account}:count:5:sends:local",
        "0",
        "0",
        "WITHSCORES",
    ]);
    let now: u64 = now.lines().nth(4).unwrap().parse().unwrap();
    let fill = "for i = 21, 3020 do redis.call('ZADD', KEYS[1], ARGV[1], string.format('%016.0f:1:%.0f', i, i)) end";
    let series = "wg:{account}:count:5:sends:local";
    redis.command(&["EVAL", fill, "1", series, &now.to_string()]);
    let (used, many) = report();
    assert_eq!(used, 3020);
    assert!(many < few + 2000, "{few} {many}");
    // Lines are kept for the longest window that looks at them.
    let age = (now - 2 * 3_600_000_000).to_string();
    redis.command(&["ZADD", series, &age, "0000000000000000:1:0"]);
    assert!(passes(&ledger));
    assert_eq!(redis.command(&["ZCOUNT", series, "-inf", &age]), ":0\r\n");
    redis.command(&["ZADD", series, &age, "0000000000000000:1:0"]);
    wait(ledger.admit(request(9000, HOUR, 3 * HOUR))).unwrap();
    assert!(passes(&ledger), "of another server, with shorter windows");
    assert_eq!(redis.command(&["ZCOUNT", series, "-inf", &age]), ":1\r\n");
}

#[test]
fn only_a_person_accepts_a_state() {
    let (mut command, _home) = program();
    let url = "redis://127.0.0.1:1/0";
    let ran = command
        .args(["limits", "accept-new-state", "--state", url])
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let ran = run(&["limits", "accept-new-state"], &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("only a state in Redis"), "{}", ran.err);
}
