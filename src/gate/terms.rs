//! What a policy says of a tool, in words.

use super::Gate;
use crate::{
    op::Risk,
    panic_switch::State,
    policy::{Because, Standing},
};

impl Gate {
    /// What holds of all tools now, a line each.
    pub fn circumstances(&self) -> Vec<String> {
        let stopped = |what| format!("stopped by the operator: {what} is allowed until it is over");
        match self.stopped() {
            State::Off => Vec::new(),
            State::ReadsOnly => vec![stopped("nothing but reading")],
            State::Everything => vec![stopped("nothing")],
        }
    }

    /// One line: the tool, whether it may be called, how often, and by which rule.
    pub fn terms(&self, tool: &str, risk: Risk, grant: &str) -> String {
        let policy = self.policy();
        let standing = policy.standing(tool, risk, grant);
        let mut line = format!("{tool} ({risk}): ");
        line.push_str(match standing {
            Standing::Allow => "allowed",
            Standing::Confirm(_) => "a person is asked each time",
            Standing::Deny(_) => "refused",
            Standing::Hidden(_) => "hidden",
        });
        if let Some(because) = standing.because() {
            push(&mut line, because);
        }
        // A limit on what is refused anyway says nothing.
        if standing.admits() {
            for limit in policy.limits_of(tool, grant) {
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
