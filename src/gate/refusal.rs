//! Why a call was refused, for people and models.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    ledger::LedgerError,
    op::{BackendError, Withdrawal},
    policy::{Code, Counted, Limit, Reason, RuleLocation},
};

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The kind of refusal.
    pub code: Code,
    /// What was refused and why, a sentence.
    pub reason: String,
    /// Where the rule stands, as `file:line:column (key)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleLocation>,
    /// What to do next, a sentence.
    pub next: &'static str,
    /// Whole seconds until a call can succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// The error that the caller gets instead, who must not learn of the refusal.
    #[serde(skip)]
    pub(crate) shown_as: Option<Box<BackendError>>,
}

impl Refusal {
    /// A refusal of this kind, with what was refused and why in a sentence.
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            rule: None,
            next: code.next(),
            retry_after_s: None,
            shown_as: None,
        }
    }

    /// The same refusal, by a rule.
    #[must_use]
    pub(super) fn by(mut self, rule: &RuleLocation) -> Self {
        self.rule = Some(rule.clone());
        self
    }

    /// The same refusal, with the time after which a call can succeed.
    #[must_use]
    pub(super) fn after(mut self, wait: Duration) -> Self {
        self.retry_after_s = Some(whole_seconds(wait));
        self
    }

    /// The error of a request that is no longer permitted.
    pub(super) fn withdrawal(&self) -> BackendError {
        BackendError::Withdrawn(Box::new(Withdrawal {
            code: self.code.name(),
            reason: self.reason.clone(),
            next: self.next,
        }))
    }

    /// A caller that the policy does not know.
    pub(crate) fn unknown_grant(grant: &str) -> Self {
        let reason = format!("The policy has no `[grants.{grant}]`, the grant of this caller.");
        Self::new(Code::UnknownGrant, reason)
    }

    /// A caller that may not use any account of this server.
    pub(crate) fn no_account(grant: &str) -> Self {
        let reason = format!("The policy gives `{grant}` no account that this server has.");
        Self::new(Code::AccountNotAllowed, reason)
    }

    /// A call that cannot be counted.
    pub(super) fn ledger_unavailable(error: &LedgerError) -> Self {
        // The path is for the operator; the kind is enough for an agent.
        tracing::error!(%error, "the ledger cannot be used");
        let reason = format!(
            "The ledger that counts calls cannot be used ({}).",
            error.code()
        );
        Self::new(Code::LedgerUnavailable, reason)
    }

    /// A call that cannot be audited.
    pub fn audit_unavailable(error: &std::io::Error) -> Self {
        // The path is for the operator; the kind is enough for an agent.
        tracing::error!(%error, "the audit cannot be written");
        let reason = format!("The audit cannot be written ({}).", error.kind());
        Self::new(Code::AuditUnavailable, reason)
    }

    /// A call that depends on more look-ups than could be made in its time.
    pub fn unfinished_lookups() -> Self {
        let reason = "What the decision on this call depends on is still being looked up.";
        Self::new(Code::RateLimited, reason).after(Duration::from_secs(1))
    }

    /// A call that a rule denies.
    pub(super) fn by_rule(tool: &str, because: &Reason, now: Timestamp) -> Self {
        let what = match because.code {
            Code::Hidden => format!("The policy hides `{tool}`"),
            Code::NotAdmitted => format!("The policy does not allow `{tool}`"),
            Code::ConfirmationOff => {
                format!("`{tool}` is irreversible, and confirmation by a person is off")
            }
            Code::ReadOnly => format!("The policy allows only reading, and `{tool}` does more"),
            _ => format!("The policy denies this call of `{tool}`"),
        };
        let refusal = Self {
            rule: because.rule.clone(),
            ..Self::new(because.code, sentence(what, because))
        };
        let wait = because.until.map(|until| until.duration_since(now));
        match wait.map(Duration::try_from) {
            Some(Ok(wait)) => refusal.after(wait),
            _ => refusal,
        }
    }

    /// A call that needs a person's approval, from a client that cannot ask.
    pub(super) fn cannot_ask(tool: &str, because: &Reason) -> Self {
        let what = format!(
            "`{tool}` needs a person's approval, and this client did not say that it can ask for it"
        );
        Self {
            rule: because.rule.clone(),
            ..Self::new(Code::CannotAsk, sentence(what, because))
        }
    }

    /// A call beyond a limit that counts calls.
    pub(crate) fn rate_limited(tool: &str, limit: &Limit, wait: Duration) -> Self {
        let reason = format!(
            "`{tool}` is limited to {limit}; the next call is possible in {} s.",
            whole_seconds(wait)
        );
        Self::new(Code::RateLimited, reason)
            .by(&limit.rule)
            .after(wait)
    }

    /// A call that takes more than a limit has left. `wait` is `None` if waiting does not
    /// help.
    pub(crate) fn no_room(tool: &str, limit: &Limit, left: u32, wait: Option<Duration>) -> Self {
        let (what, next) = match limit.of {
            Counted::Calls => return Self::rate_limited(tool, limit, wait.unwrap_or(limit.window)),
            Counted::Messages => ("messages", "Ask for no more than that, or wait."),
            Counted::Newcomers => (
                "new recipients",
                "Wait, or write to recipients that the account has written to before.",
            ),
        };
        let reason = format!("`{tool}` is limited to {limit}; {left} {what} are left now.");
        let refusal = Self {
            next,
            ..Self::new(Code::RateLimited, reason).by(&limit.rule)
        };
        match wait {
            Some(wait) => refusal.after(wait),
            None => refusal,
        }
    }

    /// Of two refusals of limits, the one that holds for longer; without a time it holds
    /// until the call is another one.
    pub(super) fn longer(self, other: Self) -> Self {
        let time = |refusal: &Self| refusal.retry_after_s.unwrap_or(u64::MAX);
        match time(&other) > time(&self) {
            true => other,
            false => self,
        }
    }

    /// A call that a person would have to be asked about, after too many questions.
    pub(super) fn prompts(rule: &RuleLocation, wait: Duration) -> Self {
        let reason = format!(
            "The person was asked too many questions; the next one is possible in {} s.",
            whole_seconds(wait)
        );
        Self::new(Code::PromptsExhausted, reason)
            .by(rule)
            .after(wait)
    }
}

/// A sentence of what was refused, and of the operator's or the rule's reason.
fn sentence(what: String, because: &Reason) -> String {
    match &because.detail {
        Some(reason) => format!("{what}: {}.", reason.trim_end_matches('.')),
        None => what + ".",
    }
}

/// Seconds, rounded up so that waiting that long is enough.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refused ({}): {} {}", self.code, self.reason, self.next)
    }
}
