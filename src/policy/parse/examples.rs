//! `examples` of rules: calls that the whole policy has to allow, confirm or refuse.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{
    keys::{EXAMPLES, Key},
    reader::Reader,
};
use crate::{
    op::{self, Facts, LastIncoming},
    policy::{
        Context, Diagnostic, Effect, KnownNames, Policy,
        document::{Node, Span},
    },
};

/// A call of each tool of a rule, and the expected result.
#[derive(Debug, Clone)]
pub(super) struct Example {
    span: Span,
    grant: String,
    /// A key of `EXAMPLES`.
    expected: &'static str,
    calls: Vec<Facts>,
}

impl Example {
    /// The call, once for each tool of the rule.
    pub(super) fn calls(&self) -> &[Facts] {
        &self.calls
    }

    /// The same, made by one caller.
    pub(super) fn for_grant(self, grant: &str) -> Self {
        Self {
            grant: grant.to_owned(),
            ..self
        }
    }
}

impl Reader<'_> {
    /// `{ allows = [ { … } ], confirms = [ … ], refuses = [ … ] }`.
    pub(super) fn examples(&mut self, node: &Node, tools: &HashSet<&'static str>) -> Vec<Example> {
        let Some(fields) = self.table(node, &EXAMPLES) else {
            return Vec::new();
        };
        let mut examples = Vec::new();
        for Key { name: expected, .. } in EXAMPLES {
            let Some(node) = fields.get(expected) else {
                continue;
            };
            for item in self.list(node, "a list of tables with arguments") {
                if item.fields().is_none() {
                    self.invalid::<()>(item, "a table of arguments, such as { chat = \"+1555…\" }");
                    continue;
                }
                examples.push(Example {
                    span: item.span.clone(),
                    grant: String::new(),
                    expected,
                    calls: self.calls(item, tools),
                });
            }
        }
        examples
    }

    /// The call of each tool; none, and an error, if one does not accept the arguments.
    fn calls(&mut self, item: &Node, tools: &HashSet<&'static str>) -> Vec<Facts> {
        let entries = op::catalogue().iter();
        let entries = entries.filter(|entry| tools.contains(entry.name));
        let calls: Result<_, _> = entries.map(|entry| (entry.facts)(item.json())).collect();
        calls.unwrap_or_else(|problem| {
            let hint = "write arguments that the tool accepts";
            self.wrong(&item.span, "bad-example", &problem.to_string(), hint);
            Vec::new()
        })
    }
}

impl Policy {
    /// Errors about the examples with another result, each with the index of its file.
    pub(super) fn failing(&self, examples: &[(usize, Example)]) -> Vec<(usize, Diagnostic)> {
        let groups = KnownNames::default();
        let incoming = LastIncoming::default().assuming(Timestamp::UNIX_EPOCH);
        let mut wrong = Vec::new();
        for (file, example) in examples {
            let context = Context {
                grant: &example.grant,
                now: None,
                groups: &groups,
                newcomers: &[],
                has_read: &[],
                incoming: &incoming,
            };
            let [allows, confirms, refuses] = EXAMPLES.map(|key| key.name);
            for facts in &example.calls {
                let decision = self.decide(facts, &context);
                let effect = decision.effect();
                let result = match effect {
                    Effect::Allow => allows,
                    Effect::Confirm(_) => confirms,
                    Effect::Deny(_) | Effect::Hidden(_) => refuses,
                };
                if result == example.expected {
                    continue;
                }
                let message = format!(
                    "the policy {result} `{}` with these arguments, which `{}` lists",
                    facts.tool, example.expected
                );
                let mut findings = decision.findings.iter();
                let decides = findings.find(|finding| *finding.effect == *effect);
                let rule = decides.and_then(|finding| finding.rule);
                let hint = format!("decided by {}", rule.map_or("the default", |rule| rule));
                let problem = Diagnostic::error("example-fails", example.span.clone(), message);
                wrong.push((*file, problem.hint(hint)));
            }
        }
        wrong
    }
}
