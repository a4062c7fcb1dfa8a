//! Duplicate suppression over all servers that share a ledger: a call claims its content in
//! the script that counts it, and tells the others its end.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    Caller, Refusal, Verdict,
    dedup::{CallResult, DEDUP_WINDOW},
};
use crate::{
    ledger::{Claim, ClaimState, HeldClaim, Ledger},
    op::{BackendError, Facts, GUARD, Reading},
    policy::Code,
    text::hex,
    toolset::Answer,
};

/// How many of the longest requests fit into the lease of a claim.
const REQUESTS_PER_LEASE: u32 = 2;

/// A lease is renewed once this part of the longest request has passed.
const RENEWAL_PART: u32 = 4;

/// The longest end of a call that other servers are told, in bytes.
const MAX_END_BYTES: usize = 16 * 1024;

/// The claim of a call's content, held over all servers until its end is told. Dropped
/// without an end it lapses: the call is one in flight until its lease is over, and then
/// one of unknown outcome for [`DEDUP_WINDOW`].
pub(super) struct CallClaim {
    ledger: Ledger,
    held: HeldClaim,
    lease: Duration,
    longest_request: Duration,
    /// When the lease is over, at the earliest.
    until: Mutex<Instant>,
}

/// The end of a call as other servers are told it.
#[derive(Serialize, Deserialize)]
struct SharedAnswer {
    structured: Value,
    text: String,
    failed: bool,
}

/// The claim of a call, whose request may take so long; `None` where equal calls do no harm.
pub(super) fn claim(facts: &Facts, caller: &Caller, longest_request: Duration) -> Option<Claim> {
    let mut name = Sha256::new();
    name.update(facts.content?.as_bytes());
    name.update(&caller.grant);
    Some(Claim {
        name: hex(&name.finalize()),
        lease: lease(longest_request),
        memory: DEDUP_WINDOW,
    })
}

fn lease(longest_request: Duration) -> Duration {
    longest_request.saturating_mul(REQUESTS_PER_LEASE)
}

/// The verdict on a call whose content another server has claimed.
pub(super) fn duplicate(state: ClaimState) -> Verdict {
    match state {
        ClaimState::InFlight => {
            let reason = "Another server of this account is sending the same content to the same chat at this moment.";
            Refusal::new(Code::UnderWay, reason).into()
        }
        ClaimState::Lapsed => Verdict::Replay(Box::new(unknown())),
        ClaimState::Settled(end) => Verdict::Replay(Box::new(shared_end(&end))),
    }
}

impl CallClaim {
    /// A claim that was asked for at `began`.
    pub(super) fn new(
        ledger: &Ledger,
        held: HeldClaim,
        began: Instant,
        longest_request: Duration,
    ) -> Self {
        let lease = lease(longest_request);
        Self {
            ledger: ledger.clone(),
            held,
            lease,
            longest_request,
            until: Mutex::new(began + lease),
        }
    }

    /// Renews the lease if a good part of it has passed, so that there is always enough for
    /// what comes before the next request, and for the request.
    pub(super) async fn renew_if_due(&self) -> Result<(), Refusal> {
        let passed = self.lease.saturating_sub(self.left());
        if passed < self.longest_request / RENEWAL_PART {
            return Ok(());
        }
        let began = Instant::now();
        let renewed = self.ledger.renew(&self.held).await;
        match renewed.map_err(|error| Refusal::ledger_unavailable(&error))? {
            true => {
                *self.lock() = began + self.lease;
                Ok(())
            }
            false => Err(lapsed()),
        }
    }

    /// Refuses a request that could outlast the lease: another server could send the same.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self.left() >= self.longest_request {
            true => Ok(()),
            false => Err(lapsed()),
        }
    }

    /// Ends the claim with the outcome of the call, or with `None` so that the call may be
    /// made again at once. If the ledger cannot be written, the claim lapses.
    pub(super) async fn settle(&self, outcome: Option<&CallResult>) {
        let end = outcome.map(encoded);
        if let Err(error) = self.ledger.settle(&self.held, end.as_deref()).await {
            tracing::error!(%error, "other servers cannot be told the end of a call");
        }
    }

    fn left(&self) -> Duration {
        self.lock().saturating_duration_since(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lapsed() -> Refusal {
    let reason = "The call waited so long that another server could be sending the same.";
    Refusal::new(Code::Busy, reason)
}

/// An outcome as other servers are told it; empty if nobody knows it, or if it is too long
/// or has attachments.
fn encoded(outcome: &CallResult) -> String {
    let Ok(answer) = outcome else {
        return String::new();
    };
    if !answer.attachments.is_empty() {
        return String::new();
    }
    let shared = SharedAnswer {
        structured: answer.structured.clone(),
        text: answer.text.clone(),
        failed: answer.failed,
    };
    let end = serde_json::to_string(&shared).unwrap_or_default();
    match end.len() <= MAX_END_BYTES {
        true => end,
        false => String::new(),
    }
}

/// The outcome that another server told of a call.
fn shared_end(end: &str) -> CallResult {
    let shared: SharedAnswer = serde_json::from_str(end).map_err(|_| unknown_outcome())?;
    Ok(Answer {
        structured: shared.structured,
        text: shared.text,
        attachments: Vec::new(),
        failed: shared.failed,
        // The server that made the call has counted it.
        lost: false,
        reading: Reading::default(),
        account_state: None,
    })
}

fn unknown() -> CallResult {
    Err(unknown_outcome())
}

fn unknown_outcome() -> BackendError {
    BackendError::OutcomeUnknown {
        api: GUARD,
        why: "another server made the call, and no outcome of it is known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(text: &str) -> CallResult {
        Ok(Answer {
            structured: json!({ "message": "3EB0" }),
            text: text.to_owned(),
            attachments: Vec::new(),
            failed: false,
            lost: false,
            reading: Reading::default(),
            account_state: None,
        })
    }

    #[test]
    fn an_answer_is_told_as_a_whole_or_not_at_all() {
        let told = |outcome: &CallResult| shared_end(&encoded(outcome));
        let short = told(&answer("sent")).unwrap();
        assert_eq!(short.structured, json!({ "message": "3EB0" }));
        assert_eq!((&*short.text, short.failed), ("sent", false));
        let long = "x".repeat(MAX_END_BYTES);
        for outcome in [answer(&long), Err(BackendError::Internal(String::new()))] {
            assert_eq!(told(&outcome).unwrap_err(), unknown_outcome());
        }
    }
}
