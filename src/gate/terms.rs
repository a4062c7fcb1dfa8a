//! What a policy says of a tool, in words.

use super::{Gate, health::in_words};
use crate::{
    ledger::SwitchState,
    op::Risk,
    policy::{Effect, Reason},
};

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
        lines.extend(policy.general(grant, self.clock.timestamp()));
        lines
    }

    /// One line: the tool, whether it may be called, how often, and by which rule.
    pub fn terms(&self, tool: &str, risk: Risk, grant: &str) -> String {
        let policy = self.policy();
        let effect = policy.effect(tool, risk, grant);
        let mut line = format!("{tool} ({risk}): ");
        line.push_str(match effect {
            Effect::Allow => "allowed",
            Effect::Confirm(_) => "a person is asked each time",
            Effect::Deny(_) => "refused",
            Effect::Hidden(_) => "hidden",
        });
        if let Some(because) = effect.because() {
            push(&mut line, because);
        }
        // A limit on what is refused anyway says nothing.
        if effect.admits() {
            for demand in policy.demands(tool, grant) {
                line.push_str(&format!("; {demand}"));
            }
            for limit in policy.limits_of(tool, grant) {
                line.push_str(&format!("; at most {limit} [{}]", limit.rule));
            }
        }
        line
    }
}

fn push(line: &mut String, because: &Reason) {
    if let Some(reason) = &because.reason {
        line.push_str(": ");
        line.push_str(reason);
    }
    if let Some(rule) = &because.rule {
        line.push_str(&format!(" [{rule}]"));
    }
}
