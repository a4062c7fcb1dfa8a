//! Calls that a rule is said to allow or refuse, tried when the policy is loaded.

use std::collections::HashSet;

use serde_json::Value;

use super::{keys::EXAMPLES, reader::Reader};
use crate::{
    op::{self, Facts},
    policy::{
        Context, Diagnostic, Effect, GroupNames, Policy,
        raw::{Node, Raw, Span},
    },
};

/// A call, and what should come of it.
#[derive(Debug, Clone)]
pub(super) struct Example {
    span: Span,
    grant: String,
    wanted: &'static str,
    calls: Vec<Facts>,
}

impl Example {
    /// The call, of each tool that it is for.
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
    pub(super) fn examples(
        &mut self,
        node: &Node,
        path: &str,
        tools: &HashSet<&'static str>,
    ) -> Vec<Example> {
        let Some(fields) = self.table(node, &format!("`{path}.examples`"), &EXAMPLES) else {
            return Vec::new();
        };
        let mut examples = Vec::new();
        for wanted in EXAMPLES {
            let Some((_, node)) = fields.get(wanted) else {
                continue;
            };
            for item in self.list(node, "a list of arguments") {
                if !matches!(item.value, Raw::Table(_)) {
                    self.kind(
                        item,
                        "the arguments of a call, such as { chat = \"+1555…\" }",
                    );
                    continue;
                }
                let calls = self.calls(item, tools);
                examples.push(Example {
                    span: item.span.clone(),
                    grant: String::new(),
                    wanted,
                    calls,
                });
            }
        }
        examples
    }

    /// The call of each tool that the rule stands for.
    fn calls(&mut self, item: &Node, tools: &HashSet<&'static str>) -> Vec<Facts> {
        let arguments: Value = item.json();
        let mut calls = Vec::new();
        for entry in op::catalogue() {
            if !tools.contains(entry.name) {
                continue;
            }
            match (entry.facts)(arguments.clone()) {
                Ok(facts) => calls.push(facts),
                Err(problem) => {
                    let hint = "write an example that the tool would take";
                    self.wrong(&item.span, "bad-example", &problem.to_string(), hint);
                    return Vec::new();
                }
            }
        }
        calls
    }
}

impl Policy {
    /// The examples that come out otherwise, with the files that they stand in.
    pub(super) fn tried(&self, examples: &[(usize, Example)]) -> Vec<(usize, Diagnostic)> {
        let groups = GroupNames::default();
        let mut wrong = Vec::new();
        for (file, example) in examples {
            let context = Context {
                grant: &example.grant,
                now: None,
                groups: &groups,
                newcomers: &[],
                has_read: &[],
            };
            for facts in &example.calls {
                let decision = self.decide(facts, &context);
                let comes = match decision.effect() {
                    Effect::Allow => "allows",
                    Effect::Confirm(_) => "confirms",
                    Effect::Deny(_) | Effect::Hidden(_) => "refuses",
                };
                if comes == example.wanted {
                    continue;
                }
                let message = format!(
                    "`{}` with these arguments is under `{}`, and the policy {comes} it",
                    facts.tool, example.wanted
                );
                let effect = decision.effect();
                let mut findings = decision.findings.iter();
                let decides = findings.find(|finding| *finding.effect == *effect);
                let hint = match decides.and_then(|finding| finding.rule) {
                    Some(rule) => format!("what decides is {rule}"),
                    None => "what decides is the default".to_owned(),
                };
                let problem = Diagnostic::error("example-fails", example.span.clone(), message);
                wrong.push((*file, problem.hint(hint)));
            }
        }
        wrong
    }
}
