//! What a caller may do, in words.

use super::{Gate, health::pause_in_words};
use crate::{ledger::SwitchState, op::Risk, policy::Reason};

impl Gate {
    /// What holds for all tools of a caller now, a line each.
    pub async fn describe_account(&self, grant: &str) -> Vec<String> {
        let mut lines = Vec::new();
        match self.stopped().await {
            SwitchState::Off => {}
            SwitchState::ReadsOnly => {
                lines.push("Stopped by the operator: only reading is allowed.".to_owned());
            }
            SwitchState::Everything => {
                lines.push("Stopped by the operator: nothing is allowed.".to_owned());
            }
        }
        let policy = self.policy();
        match self.health.pause(&policy).await {
            Ok(None) => {}
            Ok(Some(pause)) => lines.push(format!(
                "The account is paused for {}. Only reading and session tools are allowed.",
                pause_in_words(&pause)
            )),
            Err(_) => lines.push(
                "Calls that have to be counted are refused: the ledger cannot be read.".to_owned(),
            ),
        }
        let rules = policy.describe(grant, Some(self.clock.timestamp()));
        lines.extend(rules.iter().map(ToString::to_string));
        lines
    }

    /// A tool in one line: whether the caller may call it, how often, and by which rule.
    pub fn describe_tool(&self, tool: &str, risk: Risk, grant: &str) -> String {
        let policy = self.policy();
        let effect = policy.effect(tool, risk, grant);
        let mut line = format!("{tool} ({risk}): {}", effect.in_words());
        if let Some(because) = effect.reason() {
            push_reason(&mut line, because);
        }
        // Limits of a denied tool are of no interest.
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

fn push_reason(line: &mut String, because: &Reason) {
    if let Some(reason) = &because.detail {
        line.push_str(": ");
        line.push_str(reason);
    }
    if let Some(rule) = &because.rule {
        line.push_str(&format!(" [{rule}]"));
    }
}
