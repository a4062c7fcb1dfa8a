//! The policy in force, and a change of its files that could not be loaded.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::Gate;
use crate::{
    op::Untrusted,
    policy::{Diagnostics, Policy},
};

/// The most problems of a file that are shown.
const MAX_PROBLEMS: usize = 3;

/// The policy in force, with the last change that is not.
pub(super) struct PolicyInForce(Mutex<(Arc<Policy>, Option<Rejected>)>);

/// A change of the policy's files that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    at: Timestamp,
    problems: Vec<String>,
    more: usize,
}

impl PolicyInForce {
    pub(super) fn new(policy: Arc<Policy>) -> Self {
        Self(Mutex::new((policy, None)))
    }

    fn lock(&self) -> MutexGuard<'_, (Arc<Policy>, Option<Rejected>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.lock().0.clone()
    }

    /// Whether a policy is still in force.
    pub(super) fn is_in_force(&self, policy: &Arc<Policy>) -> bool {
        Arc::ptr_eq(&self.policy.lock().0, policy)
    }

    /// Puts another policy in force, without waiting for calls. What was counted stays
    /// counted; a call that is being decided, or that a person was asked about, is decided
    /// by the new one.
    pub fn replace(&self, policy: impl Into<Arc<Policy>>) {
        let policy = policy.into();
        // Held to the end: nobody finds one policy in force and the limits of another.
        let mut in_force = self.policy.lock();
        self.quotas.replace(&policy);
        self.approvals.replace(&policy);
        *in_force = (policy, None);
    }

    /// Records that the policy's files have changed and cannot be used.
    pub fn reject(&self, wrong: &Diagnostics) {
        self.policy.lock().1 = Some(Rejected::new(self.clock.timestamp(), wrong));
    }

    /// Records that the policy's files are again what is in force.
    pub fn settle(&self) {
        self.policy.lock().1 = None;
    }

    /// The change of the policy's files that is not in force, if there is one.
    pub fn rejected(&self) -> Option<Rejected> {
        self.policy.lock().1.clone()
    }
}

impl Rejected {
    fn new(at: Timestamp, wrong: &Diagnostics) -> Self {
        let short = |problem: String| Untrusted::long(&problem).to_string();
        let mut errors = wrong.errors().map(|error| error.to_string());
        let problems = errors.by_ref().take(MAX_PROBLEMS).map(short).collect();
        let more = errors.count();
        Self { at, problems, more }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let problems = self.problems.join("; ");
        write!(
            f,
            "The policy files were changed at {at}, but the change has errors and is not in \
             force: {problems}"
        )?;
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        f.write_str(". The previous policy stays in force.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_that_are_not_shown_are_counted() {
        for (more, shown) in [
            (0, "force: one; two. The"),
            (1, "force: one; two; and 1 more. The"),
            (2, "force: one; two; and 2 more. The"),
        ] {
            let rejected = Rejected {
                at: Timestamp::UNIX_EPOCH,
                problems: vec!["one".to_owned(), "two".to_owned()],
                more,
            };
            let text = rejected.to_string();
            assert!(text.contains(shown), "{text}");
        }
    }
}
