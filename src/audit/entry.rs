//! The record of one call, from its beginning to its end.

use std::{io, sync::Arc, time::Duration};

use super::{
    Audit, WriteAhead,
    line::{AuditLine, Event, milliseconds, text},
    log::Log,
    writer::Unawaited,
};
use crate::{
    op::{BackendError, Facts, Untrusted},
    policy::{Code, RuleLocation},
    toolset::Answer,
};

/// The record of a call that has not ended. Dropped without an end, its line says that it
/// was `abandoned`.
#[derive(Debug)]
pub struct AuditEntry {
    audit: Arc<Audit>,
    started: Duration,
    permitted_at: Option<Duration>,
    line: AuditLine,
    open: bool,
}

impl AuditEntry {
    pub(super) fn begin(audit: &Arc<Audit>, caller: &str, client: Option<Untrusted>) -> Self {
        Self {
            audit: audit.clone(),
            started: audit.clock.elapsed(),
            permitted_at: None,
            line: AuditLine {
                time: milliseconds(audit.clock.timestamp()),
                event: Event::Ended,
                id: audit.ids.next(),
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
                outcome: None,
                ms: None,
            },
            open: true,
        }
    }

    /// What has to be written before a request of the call leaves.
    pub fn write_ahead(&self) -> WriteAhead {
        WriteAhead::new(&self.audit, &self.line)
    }

    /// Records that the call is not decided yet, and that a request for its decision or its
    /// question may leave. Reading goes on without the audit.
    pub async fn admit_lookup(&self) {
        // The error is in the log.
        let _ = self.write_ahead().write().await;
    }

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
    pub async fn pending(mut self) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("asked", Some("confirm"));
        self.end("none").await
    }

    /// Ends the line: the call names no tool, or its arguments are wrong.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub async fn bad(mut self, code: &'static str) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("refused", Some(code));
        self.end("none").await
    }

    /// Ends the line: the call was refused, by the rule at `rule` if it was a rule.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub async fn refused(mut self, code: Code, rule: Option<&RuleLocation>) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("refused", Some(code.name()));
        self.line.rule = rule.cloned();
        match code {
            Code::Declined => self.count_question("declined"),
            Code::TooFast => self.count_question("too-fast"),
            Code::Dismissed => self.count_question("dismissed"),
            Code::AnswerUnreadable => self.count_question("unreadable"),
            Code::ApprovalExpired => self.count_question("expired"),
            _ => {}
        }
        self.end("none").await
    }

    /// Ends the line: the client cancelled the call while a person was asked.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub async fn cancelled(mut self) -> io::Result<()> {
        (self.line.verdict, self.line.code) = ("asked", Some("confirm"));
        self.end("cancelled").await
    }

    /// Ends the line: the call was run, or answered again.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub async fn completed(mut self, outcome: &Result<Answer, BackendError>) -> io::Result<()> {
        let outcome = match outcome {
            Ok(answer) if answer.failed => "failed",
            Ok(_) => "ok",
            Err(fault) => fault.code(),
        };
        self.end(outcome).await
    }

    fn count_question(&self, answer: &'static str) {
        let account = self.line.account.as_deref();
        self.audit.metrics.question(account, answer);
    }

    async fn end(&mut self, outcome: &'static str) -> io::Result<()> {
        let text = self.ended(outcome)?;
        let id = self.line.id.clone();
        let write = move |log: &mut Log| log.end(&id, &text);
        let written = self.audit.run(Unawaited::Write, write).await;
        if let Err(error) = &written {
            tracing::error!(%error, "the audit cannot be written");
        }
        written
    }

    /// Counts the call; returns its line.
    fn ended(&mut self, outcome: &'static str) -> serde_json::Result<Vec<u8>> {
        self.open = false;
        let time = self.audit.clock.elapsed().saturating_sub(self.started);
        self.line.ms = Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self.line.outcome = Some(outcome);
        self.line.time = milliseconds(self.audit.clock.timestamp());
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
        text(line)
    }
}

impl Drop for AuditEntry {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // Nobody is left to handle an error; the log has it.
        if let Ok(text) = self.ended("abandoned") {
            let id = self.line.id.clone();
            self.audit.submit(move |log| {
                if let Err(error) = log.end(&id, &text) {
                    tracing::error!(%error, "the audit cannot be written");
                }
            });
        }
    }
}
