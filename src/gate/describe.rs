//! What a caller may do, in words.

use super::{Gate, health::pause_in_words};
use crate::{
    ledger::SwitchState,
    op::Risk,
    policy::{Effect, Reason},
};

impl Gate {
    /// What holds for all tools of a caller now, a line each.
    pub fn describe_account(&self, grant: &str) -> Vec<String> {
        let mut lines = Vec::new();
        match self.stopped() {
            SwitchState::Off => {}
            SwitchState::ReadsOnly => {
                lines.push("Stopped by the operator: only reading is allowed.".to_owned());
            }
            SwitchState::Everything => {
                lines.push("Stopped by the operator: nothing is allowed.".to_owned());
            }
        }
        let policy = self.policy();
        match self.health.pause(&policy) {
            Ok(None) => {}
            Ok(Some(pause)) => lines.push(format!(
                "The account is paused for {}. Only reading and session tools are allowed.",
                pause_in_words(&pause)
            )),
            Err(_) => lines.push(
                "Calls that have to be counted are refused: the ledger cannot be read.".to_owned(),
            ),
        }
        lines.extend(policy.general(grant, self.clock.timestamp()));
        lines
    }

    /// A tool in one line: whether the caller may call it, how often, and by which rule.
    pub fn describe_tool(&self, tool: &str, risk: Risk, grant: &str) -> String {
        let policy = self.policy();
        let effect = policy.effect(tool, risk, grant);
        let mut line = format!("{tool} ({risk}): ");
        line.push_str(match effect {
            Effect::Allow => "allowed",
            Effect::Confirm(_) => "a person is asked each time",
            Effect::Deny(_) => "denied",
            Effect::Hidden(_) => "hidden",
        });
        if let Some(because) = effect.because() {
            push_reason(&mut line, because);
        }
        // Limits of a denied tool are of no interest.
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

fn push_reason(line: &mut String, because: &Reason) {
    if let Some(reason) = &because.reason {
        line.push_str(": ");
        line.push_str(reason);
    }
    if let Some(rule) = &because.rule {
        line.push_str(&format!(" [{rule}]"));
    }
}
