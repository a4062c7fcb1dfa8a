//! Under random delays, failures, signals and restarts of the back end:
//!
//! 1. no content is sent twice,
//! 2. nothing is sent after `panic` returned,
//! 3. each request has its line in the audit, and each line before a request one end.
//!
//! Without a Redis the first one holds for one life of a server: for 30 seconds after the end
//! of a call, longer than a life here, and only a refusal of the API, or a request that
//! certainly did not leave, frees the content. What a server sent before it was killed is
//! not known to the next one. The other two hold over all lives.
//!
//! `PROPTEST_CASES` is the number of seeds, and `MODEL_SEED` names a single one. The seed
//! decides what is called, answered and signalled, not how the threads are scheduled.
#![cfg(unix)]

mod answers;
mod back_end;
mod calls;
mod connection;
mod life;
mod random;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    env,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tokio::{
    task::{JoinSet, block_in_place},
    time::sleep,
};

use self::{
    answers::Choice,
    back_end::{Arrival, BackEnd},
    life::Life,
    random::Random,
};
use crate::{
    app::gate::cases,
    app::{BOTH, OPEN, audit_lines},
    audit::assert_one_end_each,
};

const CHAT: &str = "15552223333@c.us";

/// A run that waits longer than this fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many servers a run has, one after the other. The last one is stopped by `panic`.
const LIVES: usize = 3;

/// How long the calls of a server run before something happens to it, in milliseconds.
const MAX_QUIET_MS: u64 = 80;

/// How many runs go on at the same time.
const RUNS_AT_ONCE: usize = 4;

/// With it, calls wait for each other.
const PACE: &str = "[tools.send_message]\npace = { min = \"1s\", max = \"1s\" }\n";

/// If something has not happened by then, no run is made any more.
const MAX_FURTHER_SEED: u64 = 112;

/// What came of a run, so that a test in which nothing happens is noticed.
#[derive(Debug, Default)]
struct Seen {
    accepted: usize,
    repeatable: usize,
    withdrawn: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_twice_nothing_after_panic_and_everything_in_the_audit() {
    let seeds: Vec<u64> = match env::var("MODEL_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..u64::from(cases(4).cases)).collect(),
    };
    let mut seen = Seen::default();
    for seeds in seeds.chunks(RUNS_AT_ONCE) {
        seen.add(seeds).await;
    }
    // What happens depends on the machine as well.
    for seed in 100..MAX_FURTHER_SEED {
        if !seen.is_whole() {
            seen.add(&[seed]).await;
        }
    }
    assert!(seen.is_whole(), "{seen:?}");
}

impl Seen {
    /// Runs these seeds at once.
    async fn add(&mut self, seeds: &[u64]) {
        let mut runs = JoinSet::new();
        for seed in seeds.iter().copied() {
            runs.spawn(async move {
                let run = tokio::spawn(run(seed)).await;
                run.unwrap_or_else(|error| panic!("MODEL_SEED={seed}: {error}"))
            });
        }
        for run in runs.join_all().await {
            self.accepted += run.accepted;
            self.repeatable += run.repeatable;
            self.withdrawn += run.withdrawn;
        }
    }

    /// Whether everything has happened.
    fn is_whole(&self) -> bool {
        self.accepted > 0 && self.repeatable > 0 && self.withdrawn > 0
    }
}

async fn run(seed: u64) -> Seen {
    let mut random = Random::of(seed);
    let (back_end, home) = (BackEnd::start(seed), tempfile::tempdir().unwrap());
    for number in 1..LIVES {
        let (key, era) = (format!("key-{number}"), BOTH[random.below(2) as usize]);
        let mut life = block_in_place(|| Life::start(home.path(), &back_end, &key, era));
        let clients = life.clients(&mut random);
        life.burst(&mut random);
        sleep(random.up_to_ms(MAX_QUIET_MS)).await;
        match random.one_in(2) {
            true => block_in_place(|| life.terminate()),
            false => block_in_place(|| life.kill()),
        }
        clients.join_all().await;
    }
    let (stopped, withdrawn) = last_life(home.path(), &back_end, &mut random).await;
    block_in_place(|| mark_open_calls(home.path(), &back_end));
    let arrivals = back_end.arrivals();
    let (accepted, repeatable) = assert_nothing_twice(&arrivals);
    assert_nothing_after(&arrivals, stopped);
    assert_all_in_the_audit(&arrivals, &state(home.path()).join("audit.jsonl"));
    Seen {
        accepted,
        repeatable,
        withdrawn,
    }
}

/// A server that is stopped by `panic`; the round of the back end in which everything has
/// arrived that was sent before, and how many calls were stopped.
async fn last_life(home: &Path, back_end: &BackEnd, random: &mut Random) -> (u64, usize) {
    let era = BOTH[random.below(2) as usize];
    let mut life = block_in_place(|| Life::start(home, back_end, "last-key", era));
    let clients = life.clients(random);
    life.burst(random);
    sleep(random.up_to_ms(MAX_QUIET_MS)).await;
    if random.one_in(2) {
        block_in_place(|| life.reload(home, &format!("{OPEN}{PACE}")));
        life.burst(random);
        sleep(random.up_to_ms(MAX_QUIET_MS)).await;
    }
    block_in_place(|| panic_all(home));
    let stopped = back_end.next_round();
    life.burst(random);
    let mut codes = clients.join_all().await.concat();
    codes.extend(block_in_place(|| life.answers()));
    life.kill();
    (
        stopped,
        codes.iter().filter(|code| *code == "panic").count(),
    )
}

/// Runs `panic --all` until it says that it is done.
fn panic_all(home: &Path) {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut command = Command::new(env!("CARGO_BIN_EXE_whatsapp-guard"));
        let output = command
            .env_clear()
            .args(["panic", "--all", "--state"])
            .arg(state(home))
            .output()
            .unwrap();
        if output.status.success() {
            return;
        }
        assert!(Instant::now() < until, "{output:?}");
    }
}

/// Starts and ends a server, which marks the calls that have no end.
fn mark_open_calls(home: &Path, back_end: &BackEnd) {
    let life = Life::start(home, back_end, "key", BOTH[1]);
    let until = Instant::now() + PATIENCE;
    let runs = || {
        let entries = std::fs::read_dir(state(home)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.to_string_lossy().contains(".run-"))
            .count()
    };
    // A run that makes no call has no file.
    while runs() > 0 {
        assert!(Instant::now() < until, "{} runs", runs());
        std::thread::sleep(Duration::from_millis(1));
    }
    life.terminate();
}

fn state(home: &Path) -> PathBuf {
    home.join("whatsapp-guard")
}

/// How many contents were accepted, and how many could be sent once more.
fn assert_nothing_twice(arrivals: &[Arrival]) -> (usize, usize) {
    let (mut sent, mut refused) = (HashSet::new(), 0);
    for arrival in arrivals {
        let Some(received) = &arrival.received else {
            continue;
        };
        let Some(text) = &received.text else { continue };
        if calls::may_be_repeated(text) {
            continue;
        }
        let content = (&received.key, text);
        assert!(
            !sent.contains(&content),
            "{content:?} was sent twice: {arrivals:#?}"
        );
        match arrival.choice {
            Some(Choice::Refuse) => refused += 1,
            _ => {
                sent.insert(content);
            }
        }
    }
    (sent.len(), refused)
}

fn assert_nothing_after(arrivals: &[Arrival], stopped: u64) {
    let late = |arrival: &&Arrival| arrival.is_change && arrival.round > stopped;
    let late: Vec<_> = arrivals.iter().filter(late).collect();
    assert!(late.is_empty(), "sent after round {stopped}: {late:#?}");
}

fn assert_all_in_the_audit(arrivals: &[Arrival], audit: &Path) {
    let lines = audit_lines(audit);
    assert_one_end_each(&lines);
    let mut admitted = BTreeMap::<String, HashSet<String>>::new();
    for line in &lines {
        if line["event"] == "admitted" && line["verdict"] == "allowed" {
            let call = format!("{} {}", line["tool"], line["digest"]);
            let ids = admitted.entry(call).or_default();
            ids.insert(line["id"].to_string());
        }
    }
    let mut requests = HashMap::<String, usize>::new();
    for received in arrivals
        .iter()
        .filter_map(|arrival| arrival.received.as_ref())
    {
        let call = calls::behind(&received.path, received.text.as_deref());
        let digest = calls::digest(&call);
        let name = format!("{:?} {digest:?}", call.tool);
        *requests.entry(name).or_default() += 1;
    }
    for (call, count) in requests {
        let ids = admitted.get(&call).map_or(0, HashSet::len);
        // A read whose connection is lost is requested once more, a change never.
        let requests_each = if call.contains("list_messages") { 2 } else { 1 };
        let why = format!("{call}: {count} requests, {ids} lines");
        assert!(ids * requests_each >= count, "{why}");
    }
}
