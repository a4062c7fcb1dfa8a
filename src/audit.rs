//! One line for each call, written before the answer is given.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    clock::Clock,
    metrics::Metrics,
    op::{BackendError, Facts, Risk, Untrusted},
    policy::{Code, RuleLocation},
    state_dir,
    toolset::Answer,
};

/// Less free space than this and nothing is done that would have to be written down.
#[cfg(unix)]
const SPARE: u64 = 256 * 1024;

/// The file that calls are written to. It is opened when it is first needed.
#[derive(Debug)]
pub struct Audit {
    path: Option<PathBuf>,
    file: Mutex<Option<File>>,
    clock: Clock,
    metrics: Metrics,
}

/// Who called, as the audit tells it.
#[derive(Debug, Clone, Serialize)]
struct Line {
    time: Timestamp,
    caller: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Untrusted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<Risk>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadowed: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    outcome: &'static str,
    ms: u64,
}

/// The line of a call that is under way. Dropped unfinished, it says so.
#[derive(Debug)]
pub struct Entry {
    audit: Arc<Audit>,
    started: Duration,
    let_through: Option<Duration>,
    line: Line,
    open: bool,
}

impl Audit {
    /// Writes to `path`, or below the XDG state directory.
    pub fn new(path: Option<PathBuf>, clock: Clock) -> Self {
        Self {
            path: path.or_else(default_path),
            file: Mutex::new(None),
            clock,
            metrics: Metrics::new(),
        }
    }

    /// Where it is written; `None` when there is no home directory.
    pub fn path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    /// Where the time is read.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is counted of the calls besides.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether a line can be written, as far as can be known before writing it.
    ///
    /// # Errors
    /// When the file cannot be opened or its disk is full.
    pub fn ready(&self) -> io::Result<()> {
        let mut file = self.lock();
        let file = self.opened(&mut file)?;
        if !file.metadata()?.is_file() {
            // A device tells by refusing a write; an empty line harms no reader.
            return file.write_all(b"\n");
        }
        #[cfg(unix)]
        {
            let disk = rustix::fs::fstatvfs(&*file)?;
            if disk.f_bavail.saturating_mul(disk.f_frsize) < SPARE {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        Ok(())
    }

    /// Begins the line of a call.
    pub fn begin(self: &Arc<Self>, caller: &str, client: Option<Untrusted>) -> Entry {
        Entry {
            audit: self.clone(),
            started: self.clock.elapsed(),
            let_through: None,
            line: Line {
                time: milliseconds(self.clock.timestamp()),
                caller: caller.to_owned(),
                client,
                account: None,
                // What an agent calls an unknown tool may be anything.
                tool: "unknown",
                risk: None,
                verdict: "none",
                code: None,
                rule: None,
                shadowed: None,
                digest: None,
                outcome: "abandoned",
                ms: 0,
            },
            open: true,
        }
    }

    fn write(&self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = self.lock();
        let written = self.opened(&mut file)?.write_all(&text);
        if written.is_err() {
            *file = None;
        }
        written
    }

    fn opened<'a>(&self, slot: &'a mut Option<File>) -> io::Result<&'a mut File> {
        if let Some(file) = slot {
            return Ok(file);
        }
        let path = self.path.as_ref().ok_or_else(|| {
            io::Error::other("there is no home directory; name a file with --audit")
        })?;
        if let Some(folder) = path.parent() {
            state_dir::create(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(slot.insert(options.open(path)?))
    }

    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// The call is understood.
    pub fn about(&mut self, facts: &Facts) {
        self.line.tool = facts.tool;
        self.line.risk = Some(facts.risk);
        self.line.digest = Some(facts.digest.to_string());
    }

    /// The call goes to one of several accounts.
    pub fn on(&mut self, account: Option<&str>) {
        self.line.account = account.map(str::to_owned);
    }

    /// The call is about a tool that is known, but cannot be understood.
    pub fn names(&mut self, tool: &'static str) {
        self.line.tool = tool;
    }

    /// The gate let the call through; `code` says how, and `shadowed` what an enforced
    /// policy would have said.
    pub fn allowed(&mut self, code: &'static str, shadowed: Option<Code>) {
        (self.line.verdict, self.line.code) = ("allowed", Some(code));
        self.line.shadowed = shadowed;
        self.let_through = Some(self.audit.clock.elapsed());
        if code == "confirmed" {
            self.questioned("given");
        }
    }

    /// A person is asked.
    pub fn questions(&self) {
        self.questioned("asked");
    }

    /// A person is asked, and the answer comes with another call.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn asked(mut self) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("asked", Some("confirm"));
        self.end("none")
    }

    /// The call cannot be understood.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn bad(mut self, code: &'static str) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("refused", Some(code));
        self.end("none")
    }

    /// The gate refused, by the rule at `rule` where there is one.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn refused(mut self, code: Code, rule: Option<&RuleLocation>) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("refused", Some(code.name()));
        self.line.rule = rule.cloned();
        match code {
            Code::Declined => self.questioned("declined"),
            Code::AnswerUnreadable => self.questioned("unreadable"),
            Code::ApprovalExpired => self.questioned("expired"),
            _ => {}
        }
        self.end("none")
    }

    /// The caller took the call back while a person was asked.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn taken_back(mut self) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("asked", Some("confirm"));
        self.end("cancelled")
    }

    /// The call was run.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn ran(mut self, outcome: &Result<Answer, BackendError>) -> io::Result<()> {
        let outcome = match outcome {
            Ok(answer) if answer.failed => "failed",
            Ok(_) => "ok",
            Err(fault) => fault.code(),
        };
        self.end(outcome)
    }

    fn questioned(&self, answer: &'static str) {
        let account = self.line.account.as_deref();
        self.audit.metrics.question(account, answer);
    }

    fn end(&mut self, outcome: &'static str) -> io::Result<()> {
        self.open = false;
        self.line.outcome = outcome;
        let time = self.audit.clock.elapsed().saturating_sub(self.started);
        self.line.ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (line, metrics) = (&self.line, &self.audit.metrics);
        let account = line.account.as_deref();
        metrics.call(
            account,
            line.tool,
            line.verdict,
            line.code.unwrap_or("none"),
        );
        if let Some(since) = self.let_through {
            let time = self.audit.clock.elapsed().saturating_sub(since);
            metrics.sent(account, line.tool, outcome, time);
        }
        let written = self.audit.write(&self.line);
        if let Err(error) = &written {
            tracing::error!(%error, "the audit cannot be written");
        }
        written
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.open {
            // Whoever dropped it has nobody left to tell; the log has it.
            let _ = self.end("abandoned");
        }
    }
}

/// Finer than a millisecond is noise.
fn milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// `audit.jsonl` in the state directory.
fn default_path() -> Option<PathBuf> {
    state_dir::directory().map(|state| state.join("audit.jsonl"))
}
