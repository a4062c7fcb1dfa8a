//! What `doctor` finds out about a back end, for the person at the terminal.

use std::iter;

use serde::Serialize;

use crate::{
    op::{BackendError, Output, SessionReport, SessionState},
    text::Secrets,
};

/// The result of one check of a back end.
#[derive(Debug, Clone, Serialize)]
pub struct CheckResult {
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was checked, and what was found.
    pub found: String,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl CheckResult {
    /// Something is as it should be.
    pub fn fine(found: impl Into<String>) -> Self {
        Self {
            ok: true,
            found: found.into(),
            next: None,
        }
    }

    /// Something works, and is probably not what was intended.
    pub fn warning(found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            ok: true,
            ..Self::wrong(found, next)
        }
    }

    /// Something is wrong.
    pub fn wrong(found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            ok: false,
            found: found.into(),
            next: Some(next.into()),
        }
    }

    /// The same results without secrets.
    pub(super) fn redacted(mut results: Vec<Self>, secrets: &Secrets) -> Vec<Self> {
        let texts = results.iter_mut();
        for text in texts.flat_map(|result| iter::once(&mut result.found).chain(&mut result.next)) {
            if let Some(redacted) = secrets.redact(text) {
                *text = redacted;
            }
        }
        results
    }

    /// The state of a session.
    pub(super) fn session(mut report: SessionReport) -> Self {
        let next = report.next.take();
        let found = report.text();
        match remedy(report.state) {
            None => Self::fine(found),
            // A remedy of this report alone is more exact than that of its state.
            Some(remedy) if next == report.state.next() => Self::wrong(found, remedy),
            Some(remedy) => Self::wrong(found, next.unwrap_or(remedy)),
        }
    }
}

impl From<BackendError> for CheckResult {
    fn from(error: BackendError) -> Self {
        Self::wrong(error.to_string(), error.remedy())
    }
}

/// What a person can do about a state. A session report says what an agent can do.
const fn remedy(state: SessionState) -> Option<&'static str> {
    match state {
        SessionState::Working => None,
        SessionState::NeedsLinking => Some(
            "link the account: have an agent open the session, then scan the QR code on the phone under Linked devices",
        ),
        SessionState::Starting => Some("wait some seconds, then run `whatsapp-guard doctor` again"),
        SessionState::Stopped | SessionState::Missing => {
            Some("have an agent open the session, or start it in the API's own console")
        }
        SessionState::Failed => Some(
            "restart the session in the API's own console; if it fails again, log out there and link the account anew",
        ),
        SessionState::Restricted => Some(
            "stop sending, and open WhatsApp on the phone: it says why the account is restricted",
        ),
        SessionState::Unknown => Some("check the session in the API's own console"),
    }
}
