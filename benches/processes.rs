//! Whole processes: the guard and a bare MCP server in turns, so that noise of the
//! machine affects both.
//!
//! `cargo bench --bench processes`, with `-- --json` for JSON output. `PROGRAM` names
//! an installed binary to measure instead.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark fails by panicking and prints its results"
)]

mod bare;
mod measure;
mod program;
mod report;
mod stub;

use std::{array, env, fs, process::Command, time::Duration};

use measure::ServerProcess;
use report::{Memory, Pair, Report, Round};

const SPAWNS: usize = 40;
const WARM_UP: usize = 200;
const ROUNDS: usize = 10;
const TIMED: usize = 2_000;
const FURTHER: usize = 5_000;
const TOGETHER: usize = 10;

/// Allows reads, with a limit that is never reached.
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
        println!("this benchmark needs Linux");
        return;
    }
    let report = measure();
    if has("--json") {
        println!("{:#}", report.json());
    } else {
        println!("{report}");
    }
}

/// Runs as the bare server.
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
    for _ in 0..SPAWNS {
        for (index, command) in [guard(), bare()].into_iter().enumerate() {
            let (mut running, took) = ServerProcess::start(command);
            start[index].push(took);
            first_call[index].push(running.call());
        }
    }

    // Where the kernel places a process affects its times: each round starts new ones.
    let start_both = || {
        [
            ServerProcess::start(guard()).0,
            ServerProcess::start(bare()).0,
        ]
    };
    let mut both = start_both();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        both = start_both();
        call(&mut both, WARM_UP);
        let before = both.each_ref().map(ServerProcess::cpu_time);
        let calls = call(&mut both, TIMED);
        let after = both.each_ref().map(ServerProcess::cpu_time);
        let processor = array::from_fn(|index| (after[index] - before[index]) / TIMED as u32);
        rounds.push(Round { calls, processor });
    }
    let private_early = both.each_ref().map(ServerProcess::private);
    call(&mut both, FURTHER);
    let private_late = both.each_ref().map(ServerProcess::private);
    drop(both);
    Report {
        start,
        first_call,
        rounds,
        together: [together(guard), together(bare)],
        private_early,
        private_late,
        size: fs::metadata(program::path()).unwrap().len(),
    }
}

/// Several servers of one kind at once, each after one call.
fn together(command: impl Fn() -> Command) -> Vec<Memory> {
    let mut servers: Vec<_> = (0..TOGETHER)
        .map(|_| ServerProcess::start(command()).0)
        .collect();
    for server in &mut servers {
        server.call();
    }
    servers.iter().map(ServerProcess::memory).collect()
}

/// Calls both in turns; returns the duration of each call.
fn call(both: &mut Pair<ServerProcess>, times: usize) -> Pair<Vec<Duration>> {
    let mut took = Pair::<Vec<Duration>>::default();
    for _ in 0..times {
        for (index, running) in both.iter_mut().enumerate() {
            took[index].push(running.call());
        }
    }
    took
}
