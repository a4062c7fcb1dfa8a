//! Another policy in the place of the one that is in force, or one that cannot take it.

use std::{
    fmt,
    sync::{Arc, PoisonError},
};

use jiff::Timestamp;

use super::Gate;
use crate::{
    op::Untrusted,
    policy::{Diagnostics, Policy},
};

/// The most problems that are told.
const MOST: usize = 3;

/// A change of the policy's files that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    at: Timestamp,
    problems: Vec<String>,
    more: usize,
}

impl Gate {
    /// Puts another policy in force. What was counted stays counted; what a person was
    /// asked under the old one is judged by the new one when the answer comes.
    pub fn replace(&self, policy: impl Into<Arc<Policy>>) {
        let policy = policy.into();
        let _turn = self.turn.write().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.lock();
        state.limiter.replace(&policy);
        state.approvals.replace(&policy);
        state.known.forget_groups();
        state.policy = policy;
        state.rejected = None;
    }

    /// Takes note that what the policy's files say now is not in force.
    pub fn reject(&self, wrong: &Diagnostics) {
        self.lock().rejected = Some(Rejected::new(self.clock.timestamp(), wrong));
    }

    /// Takes note that the policy's files say again what is in force.
    pub fn settle(&self) {
        self.lock().rejected = None;
    }

    /// What the policy's files say that is not in force.
    pub fn rejected(&self) -> Option<Rejected> {
        self.lock().rejected.clone()
    }
}

impl Rejected {
    fn new(at: Timestamp, wrong: &Diagnostics) -> Self {
        let short = |problem: String| Untrusted::long(&problem).to_string();
        let mut errors = wrong.errors().map(|error| error.to_string());
        let problems = errors.by_ref().take(MOST).map(short).collect();
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
            "The policy's files were changed at {at}. That is not in force, because it cannot be \
             used: {problems}"
        )?;
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        f.write_str(". What was in force before stays in force.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_no_more_is_counted() {
        for (more, told) in [
            (0, "used: one; two. What"),
            (1, "used: one; two; and 1 more. What"),
            (2, "used: one; two; and 2 more. What"),
        ] {
            let rejected = Rejected {
                at: Timestamp::UNIX_EPOCH,
                problems: vec!["one".to_owned(), "two".to_owned()],
                more,
            };
            let said = rejected.to_string();
            assert!(said.contains(told), "{said}");
        }
    }
}
