//! What a policy says of a tool, in words.

use super::{Gate, health::in_words};
use crate::{ledger::SwitchState, op::Risk, policy::Reason};

impl Gate {
    /// What holds of all tools for a caller now, a line each.
    pub fn circumstances(&self, grant: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let stopped = |what| format!("stopped by the operator: {what} is allowed until it is over");
        match self.stopped() {
            SwitchState::Off => {}
            SwitchState::ReadsOnly => lines.push(stopped("nothing but reading")),
            SwitchState::Everything => lines.push(stopped("nothing")),
        }
        let policy = self.policy();
        match self.pause(&policy) {
            Ok(None) => {}
            Ok(Some(pause)) => lines.push(format!(
                "the account is left alone for another {}: {}; only reading and sessions are allowed",
                in_words(pause.remaining),
                pause.why
            )),
            Err(_) => lines.push("what has to be counted is refused: it cannot be counted".to_owned()),
        }
        let rules = policy.describe(grant, Some(self.clock.timestamp()));
        lines.extend(rules.iter().map(ToString::to_string));
        lines
    }

    /// One line: the tool, whether it may be called, how often, and by which rule.
    pub fn terms(&self, tool: &str, risk: Risk, grant: &str) -> String {
        let policy = self.policy();
        let effect = policy.effect(tool, risk, grant);
        let mut line = format!("{tool} ({risk}): {}", effect.in_words());
        if let Some(because) = effect.reason() {
            push(&mut line, because);
        }
        // A limit on what is refused anyway says nothing.
        if effect.admits() {
            for term in policy.describe_tool(tool, grant) {
                line.push_str(&format!("; {term}"));
            }
            for limit in policy.limits_of(tool, grant) {
                line.push_str(&format!("; at most {limit} [{}]", limit.rule));
            }
        }
        line
    }
}

fn push(line: &mut String, because: &Reason) {
    if let Some(reason) = &because.detail {
        line.push_str(": ");
        line.push_str(reason);
    }
    if let Some(rule) = &because.rule {
        line.push_str(&format!(" [{rule}]"));
    }
}
