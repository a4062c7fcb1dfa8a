//! Leaving an account alone that is in danger.

use std::time::Duration;

use super::{Gate, Refusal};
use crate::{
    ledger::{Count, Glance, LedgerError, Pause, Request},
    op::{BackendError, Facts, GUARD, Risk, Topic},
    policy::{Code, FAILURES_COUNTER, Policy},
    toolset::Answer,
};

/// A call whose outcome says something of the account's health.
pub(super) struct Watched;

/// Whether a call is one that an account in danger must not make. What brings a
/// session back stays possible, and so does looking.
pub(crate) fn signals_danger(facts: &Facts) -> bool {
    facts.risk != Risk::Read && facts.topic != Topic::Session
}

impl Watched {
    pub(super) fn of(policy: &Policy, facts: &Facts) -> Option<Self> {
        (!policy.health.is_empty() && signals_danger(facts)).then_some(Self)
    }
}

impl Gate {
    /// Refuses while the account is left alone.
    pub(super) fn healthy(
        &self,
        policy: &Policy,
        facts: &Facts,
        seen: Option<&Glance>,
    ) -> Result<(), Refusal> {
        let Some(health) = policy.health.first().filter(|_| signals_danger(facts)) else {
            return Ok(());
        };
        let pause = match seen {
            Some(seen) => Ok(seen.pause.clone()),
            None => self.pause(policy),
        };
        let pause = pause.map_err(|error| Refusal::uncounted(&error))?;
        pause.map_or(Ok(()), |pause| {
            let reason = format!(
                "the account is left alone for another {}: {}",
                in_words(pause.remaining),
                pause.why
            );
            Err(Refusal::new(Code::AccountPaused, reason)
                .by(&health.rule)
                .after(pause.remaining))
        })
    }

    /// The pause that runs, where the policy asks for pauses.
    pub(super) fn pause(&self, policy: &Policy) -> Result<Option<Pause>, LedgerError> {
        match policy.health.is_empty() {
            true => Ok(None),
            false => self.ledger.paused(),
        }
    }

    /// Takes note of a state of the account.
    pub(super) fn notice(&self, policy: &Policy, word: &str) {
        for health in policy.health.iter().filter(|health| health.pauses_on(word)) {
            let why = format!("its state is {word}");
            self.leave_alone(health.cooldown, &why);
        }
    }

    /// Takes note of what a call came to.
    pub(super) fn watch(
        &self,
        policy: &Policy,
        watched: Option<Watched>,
        outcome: &Result<Answer, BackendError>,
    ) {
        if let Ok(answer) = outcome
            && let Some(word) = &answer.account_state
        {
            self.notice(policy, word);
        }
        let failed = match outcome {
            Ok(answer) => answer.failed,
            Err(fault) => !is_ours(fault),
        };
        if watched.is_none() || !failed {
            return;
        }
        for (index, health) in policy.health.iter().enumerate() {
            let Some((max, window)) = health.failures else {
                continue;
            };
            let count = Count {
                counter: FAILURES_COUNTER,
                // Each file counts by itself.
                key: &match index {
                    0 => "account".to_owned(),
                    file => format!("account, include {file}"),
                },
                amount: 1,
                max: max.get(),
                window,
            };
            match self.is_one_too_many(count) {
                Ok(false) => {}
                Ok(true) => {
                    let why = format!("{max} calls failed in a short time");
                    self.leave_alone(health.cooldown, &why);
                }
                Err(error) => tracing::error!(%error, "the ledger cannot be used"),
            }
        }
    }

    /// Counts a failure; whether there is no room for another one.
    fn is_one_too_many(&self, count: Count<'_>) -> Result<bool, LedgerError> {
        let request = Request {
            counts: &[count],
            ..Request::default()
        };
        self.ledger.admit(&request)?;
        Ok(self.ledger.probe(&request)?.is_some())
    }

    fn leave_alone(&self, time: Duration, why: &str) {
        tracing::warn!(why, "the account is left alone");
        if let Err(error) = self.ledger.pause(time, why) {
            tracing::error!(%error, "the ledger cannot be used");
        }
    }
}

/// Whether it says nothing of the account: the API was not asked, or has done it.
fn is_ours(fault: &BackendError) -> bool {
    matches!(
        fault,
        BackendError::Cancelled
            | BackendError::Internal(_)
            | BackendError::TooLarge(_)
            | BackendError::Refused { api: GUARD, .. }
    )
}

/// A time in whole seconds, as people read it.
pub(super) fn in_words(time: Duration) -> String {
    let whole = Duration::from_secs(time.as_secs());
    let whole = jiff::SignedDuration::try_from(whole).unwrap_or_default();
    format!("{whole:#}")
}
