//! What a policy says of a tool, in words.

use super::Gate;
use crate::{
    op::Risk,
    policy::{Because, Standing},
};

impl Gate {
    /// One line: the tool, whether it may be called, how often, and by which rule.
    pub fn terms(&self, tool: &str, risk: Risk) -> String {
        let ruling = self.policy.ruling(tool);
        let mut line = format!("{tool} ({risk}): ");
        line.push_str(match ruling.standing {
            Standing::Allow => "allowed",
            Standing::Confirm(_) => "a person is asked each time",
            Standing::Deny(_) => "refused",
            Standing::Hidden(_) => "hidden",
        });
        if let Some(because) = ruling.standing.because() {
            push(&mut line, because);
        }
        // A limit on what is refused anyway says nothing.
        if matches!(ruling.standing, Standing::Allow | Standing::Confirm(_)) {
            for limit in ruling
                .limits
                .iter()
                .filter_map(|at| self.policy.limits.get(*at))
            {
                line.push_str(&format!("; at most {limit} [{}]", limit.rule));
            }
        }
        line
    }
}

fn push(line: &mut String, because: &Because) {
    if let Some(reason) = &because.reason {
        line.push_str(": ");
        line.push_str(reason);
    }
    if let Some(rule) = &because.rule {
        line.push_str(&format!(" [{rule}]"));
    }
}
