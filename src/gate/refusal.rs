//! Why a call was refused, for people and models.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    ledger::LedgerError,
    policy::{Code, Counted, Limit, Reason, RuleLocation},
};

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The kind of refusal.
    pub code: Code,
    /// What happened and what was looked at.
    pub reason: String,
    /// Where the rule stands, as `file:line:column (key)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleLocation>,
    /// What to do next.
    pub next: &'static str,
    /// Whole seconds until a call can succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

impl Refusal {
    /// A refusal of this kind.
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            rule: None,
            next: code.next(),
            retry_after_s: None,
        }
    }

    /// Where the rule stands.
    #[must_use]
    pub(super) fn by(mut self, rule: &RuleLocation) -> Self {
        self.rule = Some(rule.clone());
        self
    }

    /// When a call can succeed.
    #[must_use]
    pub(super) fn after(mut self, wait: Duration) -> Self {
        self.retry_after_s = Some(whole_seconds(wait));
        self
    }

    /// A caller that the policy does not know.
    pub(crate) fn unknown(grant: &str) -> Self {
        let reason = format!("the policy has no `[grants.{grant}]`, which this caller goes by");
        Self::new(Code::UnknownGrant, reason)
    }

    /// A caller that may use no account that is there.
    pub(crate) fn no_account(grant: &str) -> Self {
        let reason = format!("`[grants.{grant}]` is tied to other accounts than are served here");
        Self::new(Code::AccountNotAllowed, reason)
    }

    /// A call that could not be counted.
    pub(super) fn uncounted(error: &LedgerError) -> Self {
        // The path is the operator's, the kind is enough for an agent.
        tracing::error!(%error, "the ledger cannot be used");
        Self::new(
            Code::LedgerUnavailable,
            format!(
                "calls are refused that could not be counted ({})",
                error.code()
            ),
        )
    }

    /// A call that could not be written down.
    pub fn unrecorded(error: &std::io::Error) -> Self {
        // The path is the operator's, the error number is enough for an agent.
        tracing::error!(%error, "the audit cannot be written");
        Self::new(
            Code::AuditUnavailable,
            format!(
                "calls are refused that could not be written to the audit ({})",
                error.kind()
            ),
        )
    }

    pub(super) fn by_rule(tool: &str, because: &Reason, now: Timestamp) -> Self {
        let what = match because.code {
            Code::Hidden => "is hidden by the policy",
            Code::NotAdmitted => "is admitted by no rule of the policy",
            Code::ConfirmationOff => "cannot be undone, and confirmation is off",
            Code::ReadOnly => "does more than read, and the policy allows reading alone",
            _ => "is denied by the policy",
        };
        let given = because.detail.as_deref();
        let given = given
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        let refusal = Self {
            rule: because.rule.clone(),
            ..Self::new(because.code, format!("`{tool}` {what}{given}"))
        };
        match because
            .until
            .map(|until| Duration::try_from(until.duration_since(now)))
        {
            Some(Ok(wait)) => refusal.after(wait),
            _ => refusal,
        }
    }

    pub(super) fn cannot_ask(tool: &str, because: &Reason) -> Self {
        Self {
            rule: because.rule.clone(),
            ..Self::new(
                Code::CannotAsk,
                match &because.detail {
                    Some(reason) => format!(
                        "`{tool}` needs a person's yes ({reason}), and this client did not say that it can ask one"
                    ),
                    None => format!(
                        "`{tool}` needs a person's yes, and this client did not say that it can ask one"
                    ),
                },
            )
        }
    }

    pub(super) fn limited(tool: &str, limit: &Limit, wait: Duration) -> Self {
        let reason = format!(
            "`{tool}` is limited to {limit}; the next call can be made in {} s",
            whole_seconds(wait)
        );
        Self::new(Code::RateLimited, reason)
            .by(&limit.rule)
            .after(wait)
    }

    /// A limit that has less left than the call takes.
    pub(super) fn full(tool: &str, limit: &Limit, left: u32, wait: Option<Duration>) -> Self {
        let (what, next) = match limit.of {
            Counted::Calls => return Self::limited(tool, limit, wait.unwrap_or(limit.window)),
            Counted::Messages => ("messages", "ask for no more than is left, or wait"),
            Counted::Newcomers => (
                "new recipients",
                "wait, or write to whom was written before",
            ),
        };
        let reason = format!("`{tool}` is limited to {limit}; {left} {what} are left now");
        let refusal = Self {
            next,
            ..Self::new(Code::RateLimited, reason).by(&limit.rule)
        };
        match wait {
            Some(wait) => refusal.after(wait),
            None => refusal,
        }
    }

    pub(super) fn prompts(rule: &RuleLocation, wait: Duration) -> Self {
        Self {
            rule: Some(rule.clone()),
            retry_after_s: Some(whole_seconds(wait)),
            ..Self::new(
                Code::PromptsExhausted,
                format!(
                    "too many questions were asked; the next can be asked in {} s",
                    whole_seconds(wait)
                ),
            )
        }
    }
}

/// Seconds, rounded up so that waiting them is enough.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused ({}): {}; {}", self.code, self.reason, self.next)?;
        if let Some(rule) = &self.rule {
            write!(f, " [{rule}]")?;
        }
        Ok(())
    }
}
