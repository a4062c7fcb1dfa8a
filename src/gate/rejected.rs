//! A change of the policy's files that is not in force.

use std::fmt;

use jiff::Timestamp;

use crate::{op::Foreign, policy::Diagnostics};

/// The most problems that are told.
const MOST: usize = 3;

/// A change of the policy's files that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    at: Timestamp,
    problems: Vec<String>,
    more: usize,
}

impl Rejected {
    pub(super) fn new(at: Timestamp, wrong: &Diagnostics) -> Self {
        let short = |problem: String| Foreign::long(&problem).to_string();
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
