//! Every counter of a policy and of a ledger, with what is left.

use std::time::Duration;

use serde::Serialize;

use super::AccountRecord;
use crate::{
    ledger::{CounterUsage, DAY},
    policy::{
        Confirmation, FAILURES_COUNTER, Health, Limit, PROMPTS_COUNTER, Policy, RuleLocation,
    },
    text::for_people,
};

/// One counter, of one caller, connection, chat or account.
#[derive(Debug, Clone, Serialize)]
pub struct Counter {
    /// Its name.
    pub counter: String,
    /// The limit in words; none where the policy has none of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Whose it is, as `scope:key`; none where nothing was counted yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How much was counted within the window; none where a running server counts in
    /// its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// How much fits into a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// How much more fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// Seconds until the first of what was counted comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comes_back_s: Option<u64>,
    /// Seconds until all of it has come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_back_s: Option<u64>,
    /// Where the limit stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleLocation>,
}

impl Counter {
    /// All of them: those of the policy in its order, then those that only the ledger knows.
    pub fn all(policy: &Policy, account: &AccountRecord) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for limit in &policy.limits {
            all.extend(Self::of_limit(limit, account));
        }
        for health in &policy.health {
            all.extend(Self::of_failures(health, account));
        }
        all.extend(Self::of_questions(&policy.confirmation, account));
        let known = |counter: &str| all.iter().any(|one| one.counter == counter);
        let strays: Vec<Self> = account
            .counters()
            .into_iter()
            .filter(|usage| !known(&usage.counter))
            .map(Self::stray)
            .collect();
        all.extend(strays);
        all
    }

    fn of_limit(limit: &Limit, account: &AccountRecord) -> Vec<Self> {
        let counts = account.counts(limit);
        let empty = Self {
            counter: limit.counter.clone(),
            limit: Some(limit.to_string()),
            key: None,
            used: counts.then_some(0),
            max: Some(limit.max.get()),
            left: counts.then_some(limit.max.get().into()),
            comes_back_s: None,
            all_back_s: None,
            rule: Some(limit.rule.clone()),
        };
        let scope = format!("{}:", limit.scope.name());
        let found = account.counters().into_iter().filter(|usage| {
            counts
                && usage.counter == limit.counter
                && usage.key.starts_with(&scope)
                && usage.used(limit.window) > 0
        });
        let found: Vec<Self> = found
            .map(|usage| empty.holding(usage, limit.window))
            .collect();
        if found.is_empty() { vec![empty] } else { found }
    }

    fn of_failures(health: &Health, account: &AccountRecord) -> Option<Self> {
        let (max, window) = health.failures?;
        let empty = Self {
            counter: FAILURES_COUNTER.to_owned(),
            limit: Some(format!(
                "{max} calls that fail in {}, then a pause",
                for_people(window)
            )),
            key: None,
            used: Some(0),
            max: Some(max.get()),
            left: Some(max.get().into()),
            comes_back_s: None,
            all_back_s: None,
            rule: Some(health.rule.clone()),
        };
        let mut found = account.counters().into_iter();
        let found = found.find(|usage| usage.counter == FAILURES_COUNTER);
        Some(found.map_or(empty.clone(), |usage| empty.holding(usage, window)))
    }

    /// The questions of each caller, which only servers that share a ledger count there.
    fn of_questions(confirmation: &Confirmation, account: &AccountRecord) -> Vec<Self> {
        let (max, window) = (confirmation.prompt_max, confirmation.prompt_window);
        let empty = Self {
            counter: PROMPTS_COUNTER.to_owned(),
            limit: Some(format!("{max} questions in {}", for_people(window))),
            key: None,
            used: Some(0),
            max: Some(max.get()),
            left: Some(max.get().into()),
            comes_back_s: None,
            all_back_s: None,
            rule: Some(confirmation.prompt_rule.clone()),
        };
        let counters = account.counters().into_iter();
        let questions = counters.filter(|usage| usage.counter == PROMPTS_COUNTER);
        questions
            .map(|usage| empty.holding(usage, window))
            .collect()
    }

    /// What was counted for a policy that is no longer in force.
    fn stray(usage: &CounterUsage) -> Self {
        let none = Self {
            counter: usage.counter.clone(),
            limit: None,
            key: None,
            used: None,
            max: None,
            left: None,
            comes_back_s: None,
            all_back_s: None,
            rule: None,
        };
        none.holding(usage, DAY)
    }

    fn holding(&self, usage: &CounterUsage, window: Duration) -> Self {
        let used = usage.used(window);
        let within = usage.within(window);
        let seconds = |wait: Duration| wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            key: Some(usage.key.clone()),
            used: Some(used),
            left: self.max.map(|max| u64::from(max).saturating_sub(used)),
            comes_back_s: within.map(|one| seconds(one.first_back)),
            all_back_s: within.map(|one| seconds(one.all_back)),
            ..self.clone()
        }
    }
}
