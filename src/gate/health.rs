//! Pausing an account that is in danger of being blocked.

use std::time::Duration;

use super::Refusal;
use crate::{
    ledger::{Count, Ledger, LedgerError, Pause, Request},
    op::{BackendError, Facts, Risk, Topic},
    policy::{Code, FAILURES_COUNTER, Policy},
    text::for_people,
    toolset::Answer,
};

/// Whether a call must not be made while the account is paused. Reading and what brings a
/// session back stay possible.
pub(crate) fn signals_danger(facts: &Facts) -> bool {
    facts.risk != Risk::Read && facts.topic != Topic::Session
}

/// Refuses changes while the account is paused, or if it is not known whether it is.
pub(super) fn check_health(
    policy: &Policy,
    facts: &Facts,
    pause: &Result<Option<Pause>, LedgerError>,
) -> Result<(), Refusal> {
    let pause = pause.as_ref().map_err(Refusal::ledger_unavailable)?;
    match (policy.health.first(), pause) {
        (Some(health), Some(pause)) if signals_danger(facts) => Err(Refusal::new(
            Code::AccountPaused,
            format!("The account is paused for {}.", pause_in_words(pause)),
        )
        .by(&health.rule)
        .after(pause.remaining)),
        _ => Ok(()),
    }
}

/// How long a pause still takes, and why.
pub(super) fn pause_in_words(pause: &Pause) -> String {
    format!("another {}: {}", for_people(pause.remaining), pause.why)
}

/// Watches the health of an account, and pauses it in the ledger.
pub(super) struct AccountHealth(pub(super) Ledger);

impl AccountHealth {
    /// The pause that is in force, if the policy pauses accounts.
    pub(super) async fn pause(&self, policy: &Policy) -> Result<Option<Pause>, LedgerError> {
        match policy.health.is_empty() {
            true => Ok(None),
            false => self.0.paused().await,
        }
    }

    /// Pauses the account if the policy pauses it on this state.
    pub(super) async fn apply_state(&self, policy: &Policy, state: &str) {
        for health in policy
            .health
            .iter()
            .filter(|health| health.pauses_on(state))
        {
            let why = format!("its state is {state}");
            self.begin_pause(health.cooldown, &why).await;
        }
    }

    /// Records the outcome of a call: the state that it reports, and its failure if
    /// `signals_danger`. Pauses the account after too many failures.
    pub(super) async fn record(
        &self,
        policy: &Policy,
        signals_danger: bool,
        outcome: &Result<Answer, BackendError>,
    ) {
        let failed = match outcome {
            Ok(answer) => {
                if let Some(state) = &answer.account_state {
                    self.apply_state(policy, state).await;
                }
                answer.lost
            }
            Err(error) => error.signals_danger(),
        };
        if !signals_danger || !failed {
            return;
        }
        for (index, health) in policy.health.iter().enumerate() {
            let Some((max, window)) = health.failures else {
                continue;
            };
            let count = Count {
                counter: FAILURES_COUNTER.to_owned(),
                // Each file of the policy counts for itself.
                key: match index {
                    0 => "account".to_owned(),
                    file => format!("account, include {file}"),
                },
                amount: 1,
                max: max.get(),
                window,
                longest_window: window,
            };
            match self.count_failure(count).await {
                Ok(false) => {}
                Ok(true) => {
                    let why = format!("{max} calls failed within {}", for_people(window));
                    self.begin_pause(health.cooldown, &why).await;
                }
                Err(error) => tracing::error!(%error, "the ledger cannot be written"),
            }
        }
    }

    /// Counts a failure; whether the limit has no room for another one.
    async fn count_failure(&self, count: Count) -> Result<bool, LedgerError> {
        let request = Request {
            counts: vec![count],
            ..Request::default()
        };
        self.0.admit(request.clone()).await?;
        Ok(self.0.probe(request).await?.is_some())
    }

    async fn begin_pause(&self, time: Duration, why: &str) {
        tracing::warn!(why, "the account is paused");
        if let Err(error) = self.0.pause(time, why).await {
            tracing::error!(%error, "the ledger cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{clock::Clock, op};

    fn policy() -> Policy {
        let text = "version = \"1\"\n[health]\npause_on = [\"FAILED\"]\ncooldown = \"10m\"\n\
                    failures = { max = 2, window = \"10m\" }\n";
        Policy::from_toml(crate::backend::specs(), "policy.toml", text).unwrap()
    }

    async fn code(
        health: &AccountHealth,
        tool: &str,
        arguments: serde_json::Value,
    ) -> Option<Code> {
        let facts = op::call(tool, arguments).unwrap();
        let refusal = check_health(&policy(), &facts, &health.pause(&policy()).await).err();
        refusal.map(|refusal| refusal.code)
    }

    async fn code_of_send(health: &AccountHealth) -> Option<Code> {
        let send = json!({ "chat": "15552223333@c.us", "text": "hi" });
        code(health, "send_message", send).await
    }

    #[tokio::test]
    async fn a_state_pauses_changes_but_not_reads_or_sessions() {
        let (clock, hand) = Clock::manual();
        let health = AccountHealth(Ledger::in_memory(clock));
        health.apply_state(&policy(), "WORKING").await;
        assert_eq!(code_of_send(&health).await, None);
        health.apply_state(&policy(), "FAILED").await;
        assert_eq!(code_of_send(&health).await, Some(Code::AccountPaused));
        assert_eq!(code(&health, "list_chats", json!({})).await, None);
        assert_eq!(code(&health, "open_session", json!({})).await, None);
        hand.advance(Duration::from_secs(600));
        assert_eq!(code_of_send(&health).await, None);
    }

    #[tokio::test]
    async fn failures_of_the_account_pause_it() {
        let (clock, _hand) = Clock::manual();
        let health = AccountHealth(Ledger::in_memory(clock));
        let lost = Err(BackendError::OutcomeUnknown {
            api: "WAHA",
            why: "no answer came".to_owned(),
        });
        let unsent = Err(BackendError::Unreachable {
            api: "WAHA",
            address: "http://localhost".to_owned(),
            why: "connection refused".to_owned(),
        });
        let cancelled = Err(BackendError::Cancelled);
        for outcome in [&cancelled, &unsent, &unsent, &lost] {
            health.record(&policy(), true, outcome).await;
        }
        assert_eq!(code_of_send(&health).await, None);
        health.record(&policy(), false, &lost).await;
        assert_eq!(code_of_send(&health).await, None);
        health.record(&policy(), true, &lost).await;
        assert_eq!(code_of_send(&health).await, Some(Code::AccountPaused));
    }
}
