//! The policy enforcement point: every call of an account is decided here.
//!
//! The gate owns the [`Authority`] over a toolset, so nothing is
//! sent without a permit of the gate. [`authorize`](Gate::authorize) has the steps of a
//! decision; each step is in a file of its own:
//!
//! | step | file |
//! |---|---|
//! | look-ups that a decision depends on | `lookups`, `lookup_limits`, `flight`, `attributes`, `incoming`, `snapshot` |
//! | caller, kill switch, rules, health | `caller`, `kill_switch`, `effect`, `health` |
//! | duplicates | `dedup`; over several servers `call_claim` |
//! | limits and pace | `quota`, `quota_request`, `short_limits`, `rate_limiter`, `pacing` |
//! | a person's approval | `question`, `question_text`, `approval`, `ticket` |
//! | the permit, and what has to be settled at the end of a call | `permit`, `obligations` |
//! | right before each request: whether the permit still holds | `clearance`, `lookup_clearance`, `closing` |

mod approval;
mod approval_key;
mod attributes;
mod authorize;
mod call_claim;
mod caller;
mod clearance;
mod closing;
mod concealment;
mod dedup;
mod describe;
mod effect;
mod flight;
mod health;
mod incoming;
mod kill_switch;
mod limit_keys;
mod lookup_clearance;
mod lookup_limits;
mod lookups;
mod monitoring;
mod obligations;
mod pacing;
mod permit;
mod policy_in_force;
mod question;
mod question_text;
mod quota;
mod quota_request;
mod rate_limiter;
mod read_filter;
mod read_history;
mod refusal;
mod short_limits;
mod snapshot;
mod ticket;
mod verdict;

use std::{sync::Arc, time::Duration};

pub use approval::Reply;
pub use approval_key::ApprovalKey;
pub(crate) use authorize::{Course, Evaluation, evaluate};
pub use caller::Caller;
pub use flight::Flight;
pub(crate) use health::signals_danger;
pub(crate) use limit_keys::{ledger_key, limit_cost, limit_keys, limit_windows};
pub use lookups::PendingLookups;
pub use obligations::Obligations;
pub use permit::{Permit, Started};
pub(crate) use permit::{PermitBasis, in_shadow};
pub use policy_in_force::Rejected;
pub use question::Question;
pub use question_text::QuestionText;
pub use read_history::ReadHistory;
pub use refusal::Refusal;
pub(crate) use snapshot::Snapshot;
pub use verdict::Verdict;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{
    audit::Audit,
    clock::Clock,
    kill_switch::Switch,
    ledger::{Ledger, SwitchState},
    op::{Facts, Risk},
    policy::{Effect, Policy},
    toolset::Authority,
};
use approval::Approvals;
use attributes::AttributeCache;
use dedup::Dedup;
use health::AccountHealth;
use kill_switch::KillSwitch;
use lookup_limits::LookupLimits;
use policy_in_force::PolicyInForce;
use quota::Quotas;

/// Decides the calls of one account by a policy.
pub struct Gate {
    authority: Authority,
    /// The account's name if the server has several.
    account: Option<String>,
    clock: Clock,
    audit: Arc<Audit>,
    ledger: Ledger,
    policy: PolicyInForce,
    kill_switch: KillSwitch,
    attributes: AttributeCache,
    lookup_limits: LookupLimits,
    read_history: ReadHistory,
    health: AccountHealth,
    dedup: Arc<Dedup>,
    quotas: Quotas,
    approvals: Approvals,
    /// Cancelled when the server is being stopped.
    closed: CancellationToken,
}

impl Gate {
    /// The gate of a toolset, with an approval key and short counters of its own.
    ///
    /// # Errors
    /// When the system gives no random bytes for the approval key.
    pub fn new(
        authority: Authority,
        policy: impl Into<Arc<Policy>>,
        clock: &Clock,
        audit: Arc<Audit>,
        ledger: Ledger,
    ) -> Result<Self, getrandom::Error> {
        let policy = policy.into();
        Ok(Self {
            authority,
            account: None,
            clock: clock.clone(),
            audit,
            kill_switch: KillSwitch::default(),
            attributes: AttributeCache::default(),
            lookup_limits: LookupLimits::new(clock),
            read_history: ReadHistory::default(),
            health: AccountHealth(ledger.clone()),
            dedup: Dedup::new(clock.clone()),
            quotas: Quotas::new(&policy, clock, &ledger),
            approvals: Approvals::new(clock.clone(), &policy)?,
            policy: PolicyInForce::new(policy),
            closed: CancellationToken::new(),
            ledger,
        })
    }

    /// The same gate, for one of several accounts: only callers that may use it pass.
    #[must_use]
    pub fn of_account(mut self, name: &str) -> Self {
        self.account = Some(name.to_owned());
        self
    }

    /// The same gate, which a person can stop with a kill switch.
    #[must_use]
    pub fn stopped_by(mut self, switch: Switch) -> Self {
        self.kill_switch = KillSwitch::new(switch);
        self
    }

    /// The same gate, whose approvals are valid at all servers with this key.
    #[must_use]
    pub fn sealing_with(mut self, key: ApprovalKey) -> Self {
        self.approvals.share(key);
        self
    }

    /// The same gate, whose requests take at most this long with the verification of their
    /// effects; otherwise the default timeouts hold.
    #[must_use]
    pub fn with_longest_request(mut self, time: Duration) -> Self {
        self.quotas.set_longest_request(time);
        self
    }

    /// The same gate, for which what a caller has read through others with this history
    /// counts too.
    #[must_use]
    pub fn knowing(mut self, history: ReadHistory) -> Self {
        self.read_history = history;
        self
    }

    /// The account's name if the server has several.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.clock.timestamp()
    }

    /// What the kill switch stops now.
    pub async fn stopped(&self) -> SwitchState {
        self.kill_switch.read().await.state
    }

    /// Whether a tool is listed for a caller: some arguments may be permitted, or would be if
    /// limits and the hours did not stand against it.
    pub fn lists(&self, tool: &str, risk: Risk, caller: &Caller) -> bool {
        let policy = self.policy();
        match policy.effect(tool, risk, &caller.grant) {
            Effect::Allow => true,
            Effect::Confirm(_) if caller.can_ask => true,
            Effect::Confirm(_) | Effect::Deny(_) => policy.passes_in_shadow(risk),
            Effect::Hidden(_) => false,
        }
    }

    /// Whether a caller may know of a tool: it is listed, or always refused but not hidden.
    pub fn admits_knowing(&self, tool: &str, risk: Risk, caller: &Caller) -> bool {
        let effect = self.policy().effect(tool, risk, &caller.grant);
        matches!(effect, Effect::Deny(_)) || self.lists(tool, risk, caller)
    }

    /// Refuses changes that cannot be audited; reading goes on without the audit.
    async fn check_audit(&self, facts: &Facts) -> Result<(), Refusal> {
        match facts.risk {
            Risk::Read => Ok(()),
            _ => self
                .audit
                .ready()
                .await
                .map_err(|error| Refusal::audit_unavailable(&error)),
        }
    }

    /// The same refusal; it names the account if the server has several.
    fn naming_account(&self, mut refusal: Refusal) -> Refusal {
        if let Some(account) = &self.account {
            refusal.reason = format!("Account `{account}`: {}", refusal.reason);
        }
        refusal
    }
}
