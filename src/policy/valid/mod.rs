//! From a policy as written to a policy that can be used, or to all that is wrong with it.

mod reader;
mod rule;

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
    time::Duration,
};

use sha2::{Digest, Sha256};

use super::{
    Confirmation, Diagnostic, Diagnostics, Policy,
    decide::{Because, Ruling, Rulings, Standing},
    raw::{Node, Raw, Span},
};
use crate::{
    gate::Code,
    op::{self, Entry, Risk, Topic},
    toolset::nearest,
};
use reader::{Action, Fields, LONG, Reader};
use rule::Rule;

const TOP: [&str; 7] = [
    "version",
    "default",
    "hide",
    "toolsets",
    "risk",
    "tools",
    "confirmation",
];
const CONFIRMATION: [&str; 3] = ["enabled", "expires", "prompts"];

pub(super) fn check(
    origin: &str,
    text: &str,
    parsed: Result<Node, Vec<Diagnostic>>,
) -> Result<Policy, Diagnostics> {
    let mut reader = Reader {
        origin,
        text,
        errors: Vec::new(),
        limits: Vec::new(),
    };
    let policy = match parsed {
        Ok(root) => reader.policy(&root),
        Err(errors) => {
            reader.errors = errors;
            None
        }
    };
    match policy {
        Some(policy) if reader.errors.is_empty() => Ok(policy),
        _ => Err(Diagnostics::new(origin, text, reader.errors)),
    }
}

impl Reader<'_> {
    fn policy(&mut self, root: &Node) -> Option<Policy> {
        let top = self.table(root, "a policy", &TOP)?;
        self.version(&top, root);
        let default = top
            .get("default")
            .map_or(Some(Action::Deny), |(_, node)| self.action(node));
        let default_place = top
            .get("default")
            .map(|(key, _)| self.place(&key.span, "default"));
        let hidden = top
            .get("hide")
            .map(|(_, node)| self.hide(node))
            .unwrap_or_default();
        let toolsets = top
            .get("toolsets")
            .and_then(|(key, node)| self.toolsets(&key.span, node));
        let classes = top
            .get("risk")
            .map(|(_, node)| self.classes(node))
            .unwrap_or_default();
        let tools = top
            .get("tools")
            .map(|(_, node)| self.tools(node))
            .unwrap_or_default();
        let (confirmation, enabled_at) =
            self.confirmation(top.get("confirmation").map(|(_, node)| *node));
        let compile = |entry: &Entry| {
            let rules: Vec<&Rule> = tools
                .iter()
                .filter(|(names, _)| names.contains(entry.name))
                .map(|(_, rule)| rule)
                .chain(classes.get(&entry.risk))
                .collect();
            let mut standings: Vec<Standing> = rules.iter().map(|rule| rule.standing()).collect();
            if let Some(place) = hidden.get(entry.name) {
                standings.push(Standing::Hidden(because(Code::Hidden, Some(place.clone()))));
            }
            if let Some((chosen, place)) = &toolsets
                && !chosen.contains(&entry.topic)
            {
                standings.push(Standing::Hidden(because(Code::Hidden, Some(place.clone()))));
            }
            if entry.risk == Risk::Destructive {
                // The floor: no rule lowers it.
                standings.push(if confirmation.enabled {
                    Standing::Confirm(because(Code::CannotAsk, enabled_at.clone()))
                } else {
                    Standing::Hidden(because(Code::ConfirmationOff, enabled_at.clone()))
                });
            }
            let unnamed = match default {
                Some(Action::Allow) => Standing::Allow,
                Some(Action::Confirm) => {
                    Standing::Confirm(because(Code::CannotAsk, default_place.clone()))
                }
                Some(Action::Deny) | None => {
                    Standing::Deny(because(Code::NotAdmitted, default_place.clone()))
                }
            };
            let ruling = Ruling {
                standing: Standing::strictest(standings).unwrap_or(unnamed),
                limits: rules
                    .iter()
                    .flat_map(|rule| rule.limits.iter().copied())
                    .collect(),
            };
            (entry.name, ruling)
        };
        let rulings = Rulings::new(op::catalogue().iter().map(compile).collect());
        Some(Policy {
            origin: self.origin.to_owned(),
            version: Sha256::digest(self.text.as_bytes())
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            confirmation,
            limits: std::mem::take(&mut self.limits),
            rulings,
        })
    }

    fn version(&mut self, top: &Fields<'_>, root: &Node) {
        match top
            .get("version")
            .map(|(_, node)| (&node.value, &node.span))
        {
            Some((Raw::Integer(1), _)) => {}
            Some((Raw::Text(version), _)) if version == "1" => {}
            Some((_, span)) => self.wrong(
                span,
                "unknown-version",
                "this version of the policy format is not known",
                "write version = \"1\"",
            ),
            None => self.wrong(
                &(root.span.start..root.span.start),
                "missing-key",
                "`version` is missing",
                "write version = \"1\"",
            ),
        }
    }

    /// The tools that are hidden, each with the place that says so.
    fn hide(&mut self, node: &Node) -> HashMap<&'static str, String> {
        let mut hidden = HashMap::new();
        let Raw::List(names) = &node.value else {
            self.kind(node, "a list of tool names");
            return hidden;
        };
        for node in names {
            let Raw::Text(name) = &node.value else {
                self.kind(node, "the name of a tool");
                continue;
            };
            let place = self.place(&node.span, "hide");
            for tool in self.named(name, &node.span) {
                hidden.entry(tool).or_insert_with(|| place.clone());
            }
        }
        hidden
    }

    /// The topics whose tools are offered, and the place that says so.
    fn toolsets(&mut self, span: &Span, node: &Node) -> Option<(Vec<Topic>, String)> {
        let Raw::List(names) = &node.value else {
            self.kind(node, "a list of toolsets");
            return None;
        };
        let mut chosen = Vec::new();
        for node in names {
            let word = self.text(node)?;
            match Topic::ALL.into_iter().find(|topic| topic.name() == word) {
                Some(topic) => chosen.push(topic),
                None => self.one_of(node, &word, &Topic::ALL.map(Topic::name)),
            }
        }
        Some((chosen, self.place(span, "toolsets")))
    }

    fn classes(&mut self, node: &Node) -> HashMap<Risk, Rule> {
        let names = Risk::ALL.map(Risk::name);
        let Some(fields) = self.table(node, "`risk`", &names) else {
            return HashMap::new();
        };
        Risk::ALL
            .into_iter()
            .filter_map(|risk| {
                let (key, node) = fields.get(risk.name())?;
                let path = format!("risk.{risk}");
                Some((risk, self.rule(key, node, &path)?))
            })
            .collect()
    }

    fn tools(&mut self, node: &Node) -> Vec<(HashSet<&'static str>, Rule)> {
        let Raw::Table(entries) = &node.value else {
            self.kind(node, "a table of tools");
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|(key, node)| {
                let names = self.named(&key.name, &key.span);
                let path = format!("tools.{}", key.name);
                let rule = self.rule(key, node, &path)?;
                Some((names, rule))
            })
            .collect()
    }

    /// The tools that a name stands for; `*` is every tool.
    fn named(&mut self, name: &str, span: &Span) -> HashSet<&'static str> {
        if name == "*" {
            return op::catalogue().iter().map(|entry| entry.name).collect();
        }
        let found: HashSet<_> = op::named(name)
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        if found.is_empty() {
            let known = op::catalogue()
                .iter()
                .flat_map(|entry| entry.known_as.iter().copied().chain([entry.name]));
            let hint = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`whatsapp-guard tools` lists the tools".to_owned(),
            };
            self.wrong(
                span,
                "unknown-tool",
                &format!("there is no tool `{name}`"),
                &hint,
            );
        }
        found
    }

    fn confirmation(&mut self, node: Option<&Node>) -> (Confirmation, Option<String>) {
        let mut terms = Confirmation {
            enabled: false,
            expires: Duration::from_secs(300),
            prompt_max: NonZeroU32::MIN.saturating_add(19),
            prompt_window: LONG,
            prompt_rule: "confirmation.prompts".into(),
        };
        let Some(node) = node else {
            return (terms, None);
        };
        let Some(fields) = self.table(node, "`confirmation`", &CONFIRMATION) else {
            return (terms, None);
        };
        let mut place = None;
        if let Some((key, node)) = fields.get("enabled") {
            place = Some(self.place(&key.span, "confirmation.enabled"));
            match node.value {
                Raw::Boolean(enabled) => terms.enabled = enabled,
                _ => self.kind(node, "true or false"),
            }
        }
        if let Some((_, node)) = fields.get("expires")
            && let Some(expires) = self.duration(node)
        {
            if expires > LONG {
                self.wrong(
                    &node.span,
                    "bad-value",
                    "an approval that lives longer than an hour",
                    "the default is \"5m\"",
                );
            }
            terms.expires = expires;
        }
        if let Some((key, node)) = fields.get("prompts") {
            terms.prompt_rule = self.place(&key.span, "confirmation.prompts");
            if let Some(fields) = self.table(node, "`confirmation.prompts`", &["max", "window"]) {
                let max = self
                    .required(&fields, node, "max")
                    .and_then(|node| self.count(node));
                let window = self
                    .required(&fields, node, "window")
                    .and_then(|node| self.duration(node));
                if let (Some(max), Some(window)) = (max, window) {
                    (terms.prompt_max, terms.prompt_window) = (max, window);
                }
            }
        }
        (terms, place)
    }
}

fn because(code: Code, rule: Option<String>) -> Because {
    Because {
        code,
        rule,
        reason: None,
    }
}
