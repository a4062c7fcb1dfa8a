//! The part of a file that says what may be done, for everybody or for one caller.

use std::collections::{HashMap, HashSet};

use super::{
    examples::Example,
    reader::{Fields, Reader},
    rule::Rule,
};
use crate::{
    op::{self, Entry, Risk, Topic},
    policy::{
        Code, Effect, Reason, RuleLocation,
        layer::{Action, Layer, ToolRules},
        raw::{Node, Raw, Span},
    },
    text::nearest,
};

/// A sheet with the examples that have to come out right under the whole policy.
#[derive(Default)]
pub(super) struct Drafted {
    pub(super) layer: Layer,
    /// Where it names single tools, with what it does with their calls.
    pub(super) named: Vec<Named>,
    pub(super) examples: Vec<Example>,
}

/// What a sheet says of tools by name.
pub(super) struct Named {
    pub(super) tools: HashSet<&'static str>,
    pub(super) action: Action,
    pub(super) counts: bool,
    pub(super) span: Span,
}

impl Reader<'_> {
    /// Reads a sheet. Where it says nothing of a tool, `unsaid` holds; a switch that
    /// offers what cannot be undone is a rule that admits it.
    pub(super) fn layer(
        &mut self,
        fields: &Fields<'_>,
        unsaid: Option<Action>,
        offers: Option<&RuleLocation>,
    ) -> Drafted {
        let default = match fields.get("default") {
            Some((key, node)) => self
                .action(node)
                .map(|action| (action, Some(self.place(&key.span, "default")))),
            None => unsaid.map(|action| (action, None)),
        };
        let hidden = fields
            .get("hide")
            .map(|(_, node)| self.hide(node))
            .unwrap_or_default();
        let toolsets = fields
            .get("toolsets")
            .and_then(|(key, node)| self.toolsets(&key.span, node));
        let mut rules = fields
            .get("risk")
            .map(|(_, node)| self.classes(node))
            .unwrap_or_default();
        let classes = rules.len();
        if let Some((_, node)) = fields.get("tools") {
            rules.extend(self.tools(node));
        }
        let mut tool_rules: HashMap<&'static str, ToolRules> = HashMap::new();
        for entry in op::catalogue() {
            let ruling = tool_rules.entry(entry.name).or_default();
            for rule in rules.iter().filter(|rule| rule.tools.contains(entry.name)) {
                ruling.add(rule);
            }
            let hiding = hidden.get(entry.name).or(match &toolsets {
                Some((chosen, place)) if !chosen.contains(&entry.topic) => Some(place),
                _ => None,
            });
            if let Some(place) = hiding {
                let effect = Effect::Hidden(Reason::new(Code::Hidden, Some(place.clone())));
                ruling.plain.push((effect, Some(place.clone())));
            }
            if let Some(place) = offers.filter(|_| entry.risk == Risk::Destructive) {
                let because = Reason::new(Code::CannotAsk, Some(place.clone()));
                let effect = Effect::Confirm(because);
                ruling.plain.push((effect, Some(place.clone())));
            }
        }
        self.vain(rules.get(classes..).unwrap_or_default(), &tool_rules);
        self.at_odds(&rules);
        self.loose(&rules, classes);
        tool_rules.retain(|_, ruling| !ruling.is_empty());
        let layer = Layer {
            tool_rules,
            default: default.map(|(action, place)| (unnamed(action, place.as_ref()), place)),
            recipients: fields
                .get("recipients")
                .and_then(|(key, node)| self.recipients(&key.span, node)),
            hours: fields
                .get("hours")
                .and_then(|(key, node)| self.hours(&key.span, node)),
            flow: fields.get("flow").and_then(|(_, node)| self.flow(node)),
            ..Layer::default()
        };
        let (reading, budget) = match fields.get("read") {
            Some((_, node)) => self.reading(node),
            None => (None, None),
        };
        Drafted {
            layer: Layer {
                reading,
                budget,
                ..layer
            },
            named: rules
                .iter()
                .skip(classes)
                .map(|rule| Named {
                    tools: rule.tools.clone(),
                    action: rule.action,
                    counts: !rule.limits.is_empty(),
                    span: rule.span.clone(),
                })
                .collect(),
            examples: rules.into_iter().flat_map(|rule| rule.examples).collect(),
        }
    }

    /// The tools that are hidden, each with the place that says so.
    fn hide(&mut self, node: &Node) -> HashMap<&'static str, RuleLocation> {
        let mut hidden = HashMap::new();
        for node in self.list(node, "a list of tool names") {
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
    fn toolsets(&mut self, span: &Span, node: &Node) -> Option<(Vec<Topic>, RuleLocation)> {
        let Raw::List(names) = &node.value else {
            self.kind(node, "a list of toolsets");
            return None;
        };
        let mut chosen = Vec::new();
        for node in names {
            let word = self.word(node, &Topic::ALL.map(Topic::name));
            chosen.extend(
                Topic::ALL
                    .into_iter()
                    .find(|topic| Some(topic.name()) == word),
            );
        }
        Some((chosen, self.place(span, "toolsets")))
    }

    fn classes(&mut self, node: &Node) -> Vec<Rule> {
        let names = Risk::ALL.map(Risk::name);
        let Some(fields) = self.table(node, "`risk`", &names) else {
            return Vec::new();
        };
        let of = |risk| {
            let members = op::catalogue().iter().filter(move |tool| tool.risk == risk);
            members.map(|entry| entry.name).collect::<HashSet<_>>()
        };
        let mut rules = Vec::new();
        for risk in Risk::ALL {
            if let Some((key, node)) = fields.get(risk.name()) {
                rules.extend(self.rule(key, node, &format!("risk.{risk}"), of(risk)));
            }
        }
        rules
    }

    fn tools(&mut self, node: &Node) -> Vec<Rule> {
        let Raw::Table(entries) = &node.value else {
            self.kind(node, "a table of tools");
            return Vec::new();
        };
        let mut rules = Vec::new();
        for (key, node) in entries {
            let names = self.named(&key.name, &key.span);
            let path = format!("tools.{}", key.name);
            match &node.value {
                // Several rules for one tool.
                Raw::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        let path = format!("{path}[{index}]");
                        rules.extend(self.rule(key, item, &path, names.clone()));
                    }
                }
                _ => rules.extend(self.rule(key, node, &path, names)),
            }
        }
        rules
    }

    /// The tools that a name stands for; `*` is every tool.
    pub(super) fn named(&mut self, name: &str, span: &Span) -> HashSet<&'static str> {
        let names = |entries: &mut dyn Iterator<Item = &'static Entry>| {
            entries.map(|entry| entry.name).collect::<HashSet<_>>()
        };
        if name == "*" {
            return names(&mut op::catalogue().iter());
        }
        let found = names(&mut op::named(name).into_iter());
        if found.is_empty() {
            let known = op::catalogue()
                .iter()
                .flat_map(|entry| entry.known_as.iter().copied().chain([entry.name]));
            let hint = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`whatsapp-guard tools` lists the tools".to_owned(),
            };
            let message = format!("there is no tool `{name}`");
            self.wrong(span, "unknown-tool", &message, &hint);
        }
        found
    }
}

/// What holds of a tool that no rule speaks of.
fn unnamed(action: Action, place: Option<&RuleLocation>) -> Effect {
    let because = |code| Reason::new(code, place.cloned());
    match action {
        Action::Allow => Effect::Allow,
        Action::Confirm => Effect::Confirm(because(Code::CannotAsk)),
        Action::Deny => Effect::Deny(because(Code::NotAdmitted)),
    }
}

impl ToolRules {
    fn add(&mut self, rule: &Rule) {
        match rule.conditional() {
            Some(conditional) => self.conditional.push(conditional),
            None => self.plain.push((rule.effect(), Some(rule.place.clone()))),
        }
        self.limits
            .extend(rule.limits.iter().map(|(limit, _)| *limit));
        self.paces.extend(rule.pace.clone());
    }

    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.conditional.is_empty()
    }
}
