//! The audit: one JSON line for each call, written before its answer is returned.

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

/// With less free disk space than this, calls that have to be audited are refused.
#[cfg(unix)]
const MIN_FREE_BYTES: u64 = 256 * 1024;

/// The file that calls are recorded in. It is opened at the first use.
#[derive(Debug)]
pub struct Audit {
    path: Option<PathBuf>,
    file: Mutex<Option<File>>,
    clock: Clock,
    metrics: Metrics,
}

/// What the audit records of a call.
#[derive(Debug, Clone, Serialize)]
struct AuditLine {
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

/// The line of a call that has not ended. Dropped without an end, it is written as
/// `abandoned`.
#[derive(Debug)]
pub struct AuditEntry {
    audit: Arc<Audit>,
    started: Duration,
    permitted_at: Option<Duration>,
    line: AuditLine,
    open: bool,
}

impl Audit {
    /// An audit in the file at `path`, by default `audit.jsonl` in the XDG state directory.
    pub fn new(path: Option<PathBuf>, clock: Clock) -> Self {
        Self {
            path: path.or_else(default_path),
            file: Mutex::new(None),
            clock,
            metrics: Metrics::new(),
        }
    }

    /// The file; `None` if there is no home directory.
    pub fn path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    /// The clock that times are read from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The metrics of the calls.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Checks that a line can be written, as far as that is known before writing one.
    ///
    /// # Errors
    /// When the file cannot be opened or its disk is full.
    pub fn ready(&self) -> io::Result<()> {
        let mut file = self.lock();
        let file = self.opened(&mut file)?;
        if !file.metadata()?.is_file() {
            // Only a write shows whether a device accepts one; readers skip an empty line.
            return file.write_all(b"\n");
        }
        #[cfg(unix)]
        {
            let disk = rustix::fs::fstatvfs(&*file)?;
            if disk.f_bavail.saturating_mul(disk.f_frsize) < MIN_FREE_BYTES {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        Ok(())
    }

    /// Begins the line of a call by a caller, from a client of this name and version.
    pub fn begin(self: &Arc<Self>, caller: &str, client: Option<Untrusted>) -> AuditEntry {
        AuditEntry {
            audit: self.clone(),
            started: self.clock.elapsed(),
            permitted_at: None,
            line: AuditLine {
                time: milliseconds(self.clock.timestamp()),
                caller: caller.to_owned(),
                client,
                account: None,
                // The name of an unknown tool is any text of an agent's.
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

    fn write(&self, line: &AuditLine) -> io::Result<()> {
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

impl AuditEntry {
    /// Records what is called.
    pub fn parsed(&mut self, facts: &Facts) {
        self.line.tool = facts.tool;
        self.line.risk = Some(facts.risk);
        self.line.digest = Some(facts.digest.to_string());
    }

    /// Records for which of several accounts the call is.
    pub fn on(&mut self, account: Option<&str>) {
        self.line.account = account.map(str::to_owned);
    }

    /// Records the tool of a call whose arguments are wrong.
    pub fn tool(&mut self, tool: &'static str) {
        self.line.tool = tool;
    }

    /// Records that the call may be run: on which basis, and with which code an enforced
    /// policy would have stopped it.
    pub fn permitted(&mut self, code: &'static str, shadowed: Option<Code>) {
        (self.line.verdict, self.line.code) = ("allowed", Some(code));
        self.line.shadowed = shadowed;
        self.permitted_at = Some(self.audit.clock.elapsed());
        if code == "confirmed" {
            self.count_question("given");
        }
    }

    /// Counts that a person is asked.
    pub fn question(&self) {
        self.count_question("asked");
    }

    /// Ends the line: a person is asked, and the answer comes with another call.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn pending(mut self) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("asked", Some("confirm"));
        self.end("none")
    }

    /// Ends the line: the call names no tool, or its arguments are wrong.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn bad(mut self, code: &'static str) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("refused", Some(code));
        self.end("none")
    }

    /// Ends the line: the call was refused, by the rule at `rule` if it was a rule.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn refused(mut self, code: Code, rule: Option<&RuleLocation>) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("refused", Some(code.name()));
        self.line.rule = rule.cloned();
        match code {
            Code::Declined => self.count_question("declined"),
            Code::AnswerUnreadable => self.count_question("unreadable"),
            Code::ApprovalExpired => self.count_question("expired"),
            _ => {}
        }
        self.end("none")
    }

    /// Ends the line: the client cancelled the call while a person was asked.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn cancelled(mut self) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("asked", Some("confirm"));
        self.end("cancelled")
    }

    /// Ends the line: the call was run, or answered again.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn completed(mut self, outcome: &Result<Answer, BackendError>) -> io::Result<()> {
        let outcome = match outcome {
            Ok(answer) if answer.failed => "failed",
            Ok(_) => "ok",
            Err(fault) => fault.code(),
        };
        self.end(outcome)
    }

    fn count_question(&self, answer: &'static str) {
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
        if let Some(since) = self.permitted_at {
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

impl Drop for AuditEntry {
    fn drop(&mut self) {
        if self.open {
            // Nobody is left to handle an error; the log has it.
            let _ = self.end("abandoned");
        }
    }
}

/// The time in whole milliseconds.
fn milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// `audit.jsonl` in the state directory.
fn default_path() -> Option<PathBuf> {
    state_dir::directory().map(|state| state.join("audit.jsonl"))
}
