//! The lines of the audit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    op::{Risk, Untrusted},
    policy::{Code, RuleLocation},
};

/// What a line says of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    /// A request of it may leave from now on.
    Admitted,
    /// It has ended.
    Ended,
}

/// What is recorded of a call.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AuditLine {
    pub(super) time: Timestamp,
    pub(super) event: Event,
    pub(super) id: String,
    pub(super) caller: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<Untrusted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<String>,
    pub(super) tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) risk: Option<Risk>,
    pub(super) verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<RuleLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shadowed: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    /// Only of an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<&'static str>,
    /// From the beginning of the call to its end, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ms: Option<u64>,
}

/// The line `admitted` of a call whose server ended before it, so that nobody knows its
/// outcome: read back to be marked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpenCall {
    time: Timestamp,
    event: String,
    id: String,
    caller: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    tool: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<String>,
    verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadowed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
}

impl OpenCall {
    /// Reads a line `admitted`; `None` if it is none.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let call: Self = serde_json::from_slice(line).ok()?;
        (call.event == "admitted").then_some(call)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Its line `unknown`, written at `now`.
    pub(super) fn unknown(mut self, now: Timestamp) -> serde_json::Result<Vec<u8>> {
        self.time = milliseconds(now);
        "unknown".clone_into(&mut self.event);
        self.outcome = Some("unknown".to_owned());
        text(&self)
    }
}

/// What a whole line of an audit says of which call.
#[derive(Debug, Deserialize)]
pub(super) struct CallEvent {
    event: String,
    id: String,
}

impl CallEvent {
    /// The call whose end or mark a line is; `None` for another line, and for a torn one.
    pub(super) fn closed(line: &[u8]) -> Option<String> {
        let read: Self = serde_json::from_slice(line).ok()?;
        matches!(read.event.as_str(), "ended" | "unknown").then_some(read.id)
    }
}

/// A line with its newline.
pub(super) fn text(line: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}

/// The time in whole milliseconds.
pub(super) fn milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
