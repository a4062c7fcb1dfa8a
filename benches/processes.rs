//! Whole processes: the guard beside a bare MCP server, by turns, so that the
//! machine's noise meets both.
//!
//! `cargo bench --bench processes`, with `-- --json` for other programs to read. With
//! `PROGRAM` it measures the program as it is installed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a measurement fails by panicking and says what it found"
)]

mod bare;
mod measure;
mod program;
mod report;
mod stub;

use std::{array, env, fs, process::Command, time::Duration};

use measure::Running;
use report::{Pair, Report, Round};

const SPAWNS: usize = 40;
const WARM_UP: usize = 200;
const ROUNDS: usize = 10;
const TIMED: usize = 2_000;
const FURTHER: usize = 5_000;

/// Reads pass without a limit that these calls would reach.
const POLICY: &str = r#"
version = "1"
default = "deny"
[risk.read]
action = "allow"
limits = [{ max = 1000000000, window = "minute" }]
"#;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--bare") {
        return serve_bare();
    }
    // `cargo test --all-targets` runs this file too, without `--bench`.
    if !has("--bench") {
        return;
    }
    if !cfg!(target_os = "linux") {
        println!("processes are measured on Linux only");
        return;
    }
    let report = measure();
    if has("--json") {
        println!("{:#}", report.json());
    } else {
        println!("{report}");
    }
}

/// What this file does when it is started as the bare server.
fn serve_bare() {
    use rmcp::{ServiceExt, transport::stdio_pipes};

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = bare::Bare::new(env::var("BARE_URL").unwrap());
    runtime.block_on(async {
        let running = server.serve(stdio_pipes()).await.unwrap();
        running.waiting().await.unwrap();
    });
}

fn measure() -> Report {
    let folder = tempfile::tempdir().unwrap();
    let url = stub::start();
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, POLICY).unwrap();
    let guard = || {
        let mut command = Command::new(program::path());
        command
            .env_clear()
            .env("HOME", folder.path())
            .env("WAHA_BASE_URL", &url)
            .env("WAHA_API_KEY", "bench")
            .env("WAHA_SESSION", "default")
            .args(["serve", "--policy"])
            .arg(&policy)
            .arg("--audit")
            .arg(folder.path().join("audit.jsonl"));
        command
    };
    let bare = || {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .env_clear()
            .env("BARE_URL", format!("{url}{}", stub::SESSION))
            .arg("--bare");
        command
    };

    let mut start = Pair::<Vec<Duration>>::default();
    let mut first_call = Pair::<Vec<Duration>>::default();
    let mut resident = Pair::<Vec<u64>>::default();
    for _ in 0..SPAWNS {
        for (index, command) in [guard(), bare()].into_iter().enumerate() {
            let (mut running, took) = Running::start(command);
            start[index].push(took);
            resident[index].push(running.resident());
            first_call[index].push(running.call());
        }
    }

    // Where the kernel puts a process shows in its times: each round has new ones.
    let start_both = || [Running::start(guard()).0, Running::start(bare()).0];
    let mut both = start_both();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        both = start_both();
        call(&mut both, WARM_UP);
        let before = both.each_ref().map(Running::processor_time);
        let calls = call(&mut both, TIMED);
        let after = both.each_ref().map(Running::processor_time);
        let processor = array::from_fn(|index| (after[index] - before[index]) / TIMED as u32);
        rounds.push(Round { calls, processor });
    }
    let resident_early = both.each_ref().map(Running::resident);
    call(&mut both, FURTHER);
    Report {
        start,
        first_call,
        rounds,
        resident,
        resident_early,
        resident_late: both.each_ref().map(Running::resident),
        size: fs::metadata(program::path()).unwrap().len(),
    }
}

/// Calls both by turns; how long each call took.
fn call(both: &mut Pair<Running>, times: usize) -> Pair<Vec<Duration>> {
    let mut took = Pair::<Vec<Duration>>::default();
    for _ in 0..times {
        for (index, running) in both.iter_mut().enumerate() {
            took[index].push(running.call());
        }
    }
    took
}
