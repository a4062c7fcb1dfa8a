//! The ledger between processes: many at once, killed in the middle, without room.

use std::{
    collections::HashMap,
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use whatsapp_guard::{
    clock::Clock,
    ledger::{Admission, Count, DAY, Ledger, LedgerError, Request},
};

use crate::app::wait;

/// Where the ledger of a child process is, and its limit.
const PATH: &str = "LEDGER_OF_CHILD";
const LIMIT: &str = "LIMIT_OF_CHILD";
const MAX: u32 = 400;
const NEW: u32 = 25;
const HOUR: Duration = Duration::from_secs(3600);

fn account(max: u32) -> Count {
    Count {
        counter: "sends".to_owned(),
        key: "account".to_owned(),
        amount: 1,
        max,
        window: HOUR,
        longest_window: HOUR,
    }
}

/// Who was new, if the call passed.
fn ask(ledger: &Ledger, max: u32, person: &str) -> Result<Option<Vec<String>>, LedgerError> {
    let newcomers = Count {
        counter: "new".to_owned(),
        ..account(NEW)
    };
    let request = Request {
        counts: vec![account(max)],
        people: vec![person.to_owned()],
        newcomers: vec![newcomers],
        claim: None,
        turn: None,
    };
    Ok(match wait(ledger.admit(request))? {
        Admission::Counted(receipt) => Some(receipt.newcomers),
        Admission::Refused(_) => None,
    })
}

/// Not a test: what a child process does. It says a line for each call.
#[test]
#[ignore = "run by the other tests as a process of its own"]
fn child() {
    let Some(path) = env::var_os(PATH) else {
        return;
    };
    let max: u32 = env::var(LIMIT).unwrap().parse().unwrap();
    let ledger = Ledger::at(PathBuf::from(path), Clock::real());
    let mut errors = 0;
    for number in 0..3 * max {
        if errors == 50 {
            break;
        }
        // Thirty people, of whom twenty-five may be new.
        match ask(&ledger, max, &format!("person {}", number % 30)) {
            Ok(Some(new)) => eprintln!("passed {}", new.join(",")),
            Ok(None) => eprintln!("full"),
            Err(error) => {
                eprintln!("error {}", error.code());
                errors += 1;
            }
        }
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state/ledger")
    }

    fn command(&self, max: u32, before: &[&str]) -> Command {
        let own = env::current_exe().unwrap();
        let own = own.to_str().unwrap();
        let child = "ledger::processes::child";
        let test = [own, "--ignored", "--exact", child, "--nocapture"];
        let mut words = before.iter().copied().chain(test);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .env(PATH, self.path())
            .env(LIMIT, max.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// What the ledger holds. Opening it looks whether the file is whole.
    fn used(&self) -> HashMap<String, u64> {
        let ledger = Ledger::at(self.path(), Clock::real());
        let usages = wait(ledger.usages(Vec::new())).unwrap();
        usages
            .iter()
            .map(|usage| (usage.counter.clone(), usage.used(DAY)))
            .collect()
    }
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let told = BufReader::new(child.stderr.take().unwrap());
    told.lines().map_while(Result::ok)
}

fn newcomers(lines: &[String]) -> Vec<&str> {
    let passed = lines.iter().filter_map(|line| line.strip_prefix("passed "));
    passed.filter(|names| !names.is_empty()).collect()
}

#[test]
fn processes_share_one_limit_to_the_last_call() {
    let folder = Folder::new();
    let run = || {
        let mut child = folder.command(MAX, &[]).spawn().unwrap();
        thread::spawn(move || {
            let lines: Vec<_> = lines(&mut child).collect();
            assert!(child.wait().unwrap().success(), "{lines:?}");
            lines
        })
    };
    let children = [run(), run(), run()];
    let lines: Vec<String> = children
        .into_iter()
        .flat_map(|child| child.join().unwrap())
        .collect();
    let passed = lines.iter().filter(|line| line.starts_with("passed"));
    assert_eq!(passed.count(), MAX as usize);
    let mut new = newcomers(&lines);
    assert_eq!(new.len(), NEW as usize);
    new.sort_unstable();
    new.dedup();
    assert_eq!(new.len(), NEW as usize);
    let used = folder.used();
    assert_eq!(
        (used["sends"], used["new"]),
        (u64::from(MAX), u64::from(NEW))
    );
}

#[test]
fn processes_killed_in_the_middle_leave_a_whole_ledger() {
    let folder = Folder::new();
    // More than the first rounds reach, and less than all of them.
    let max = 1000;
    let mut passed = 0;
    let mut told: Vec<String> = Vec::new();
    for round in 0..12 {
        let mut children: Vec<Child> = (0..2)
            .map(|_| folder.command(max, &[]).spawn().unwrap())
            .collect();
        let readers: Vec<_> = children
            .iter_mut()
            .map(|child| {
                let lines = lines(child);
                thread::spawn(move || lines.collect::<Vec<_>>())
            })
            .collect();
        thread::sleep(Duration::from_millis(25 + 9 * round));
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        for reader in readers {
            told.extend(reader.join().unwrap());
        }
        passed = told
            .iter()
            .filter(|line| line.starts_with("passed"))
            .count();
        let used = folder.used();
        let sends = used.get("sends").copied().unwrap_or(0);
        assert!(sends <= u64::from(max));
        assert!(told.iter().all(|line| !line.starts_with("error")));
        // A call that was counted and not told of is one too many, never one too few.
        assert!(sends >= passed as u64, "{sends} counted, {passed} told");
        assert!(used.get("new").copied().unwrap_or(0) <= u64::from(NEW));
    }
    assert!(passed > 0, "no process came so far");
    assert!(newcomers(&told).len() <= NEW as usize);
}

/// A limit of the system on how long a file may become is a disk without room.
#[cfg(target_os = "linux")]
#[test]
fn without_room_nothing_passes() {
    let folder = Folder::new();
    fs::create_dir(folder.path().parent().unwrap()).unwrap();
    let shell = "trap '' XFSZ; ulimit -f 160; exec \"$@\"";
    let mut child = folder
        .command(20_000, &["sh", "-c", shell, "sh"])
        .spawn()
        .unwrap();
    let lines: Vec<_> = lines(&mut child).collect();
    child.wait().unwrap();
    let number = |word| lines.iter().filter(|line| line.starts_with(word)).count();
    let (passed, errors) = (number("passed"), number("error"));
    assert!(passed > 0 && errors > 0 && number("full") == 0);
    // What passed is counted, and what is counted was let pass but for the last.
    let sends = folder.used()["sends"];
    assert!(sends >= passed as u64);
    let known = ["error ledger-disk-full", "error ledger-unavailable"];
    let other = lines.iter().filter(|line| line.starts_with("error"));
    let other: Vec<_> = other
        .filter(|line| !known.contains(&line.as_str()))
        .collect();
    assert!(other.is_empty(), "{other:?}");
}

#[test]
fn many_ledgers_of_one_process_share_the_file() {
    let folder = Folder::new();
    let path: &Path = &folder.path();
    let began = Instant::now();
    let passed: usize = thread::scope(|scope| {
        let run = || {
            let ledger = Ledger::at(path, Clock::real());
            (0..60)
                .filter(|_| ask(&ledger, MAX, "Ann").unwrap().is_some())
                .count()
        };
        let threads = [0; 8].map(|_| scope.spawn(run));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(passed, MAX as usize);
    assert!(began.elapsed() < HOUR);
}
