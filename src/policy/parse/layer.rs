//! The rules of a file, or of one grant in it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    examples::Example,
    keys::{Key, RULE, RULES},
    reader::{Fields, Reader},
    rule::Rule,
    selection::Selection,
};
use crate::{
    op::{self, Risk, Topic},
    policy::{
        Action, Code, Effect, Reason, RuleLocation,
        document::{Node, NodeValue, Span},
        layer::Layer,
        tool_rules::{ToolRules, Unconditional},
    },
};

/// A layer with what is checked once the whole policy is known.
#[derive(Default)]
pub(super) struct ParsedLayer {
    pub(super) layer: Layer,
    /// The rules beside those of classes, in short.
    pub(super) named: Vec<NamedRule>,
    pub(super) examples: Vec<Example>,
}

/// What a rule for tools that it names, or whose names are like a pattern, does.
pub(super) struct NamedRule {
    pub(super) tools: HashSet<&'static str>,
    pub(super) action: Action,
    pub(super) admits: bool,
    pub(super) has_limits: bool,
    pub(super) span: Span,
}

impl Reader<'_> {
    /// Reads a layer. `unsaid` is the default action if the layer has none; `offers` is the
    /// rule that enables confirmation, which admits all irreversible tools.
    pub(super) fn layer(
        &mut self,
        fields: &Fields<'_>,
        unsaid: Option<Action>,
        offers: Option<&RuleLocation>,
    ) -> ParsedLayer {
        let default = match fields.get("default") {
            Some(node) => self
                .action(node)
                .map(|action| (action, Some(self.place(&node.key_span, "default")))),
            None => unsaid.map(|action| (action, None)),
        };
        let hidden = fields.get("hide").map(|node| self.hide(node));
        let hidden = hidden.unwrap_or_default();
        let toolsets = fields.get("toolsets").and_then(|node| self.toolsets(node));
        let mut rules = fields
            .get("risk")
            .map(|node| self.classes(node))
            .unwrap_or_default();
        let classes = rules.len();
        if let Some(node) = fields.get("tools") {
            rules.extend(self.tools(node));
        }
        if let Some(node) = fields.get("rules") {
            rules.extend(self.listed_rules(node));
        }
        let mut tool_rules: HashMap<&'static str, ToolRules> = HashMap::new();
        for entry in op::catalogue() {
            let of_tool = tool_rules.entry(entry.name).or_default();
            for rule in rules.iter().filter(|rule| rule.tools.contains(entry.name)) {
                of_tool.add(rule);
            }
            let hiding = hidden.get(entry.name).or(match &toolsets {
                Some((chosen, place)) if !chosen.contains(&entry.topic) => Some(place),
                _ => None,
            });
            let hiding = hiding.map(|place| Unconditional {
                effect: Effect::Hidden(reason(Code::Hidden, Some(place))),
                place: place.clone(),
                admits: false,
            });
            let offers = offers.filter(|_| entry.risk == Risk::Destructive);
            let offers = offers.map(|place| Unconditional {
                effect: Effect::Confirm(reason(Code::CannotAsk, Some(place))),
                place: place.clone(),
                admits: true,
            });
            of_tool.plain.extend(hiding.into_iter().chain(offers));
        }
        let named = rules.get(classes..).unwrap_or_default();
        self.lint_overruled(named, &tool_rules);
        self.lint_conflicting_rules(&rules);
        self.lint_loose_limits(&rules, classes);
        let named = named.iter().map(|rule| NamedRule {
            tools: rule.tools.clone(),
            action: rule.action,
            admits: rule.admits(),
            has_limits: !rule.limits.is_empty(),
            span: rule.span.clone(),
        });
        let named = named.collect();
        tool_rules.retain(|_, rules| !rules.is_empty());
        let recipients = fields
            .get("recipients")
            .and_then(|node| self.recipients(node));
        let hours = fields.get("hours").map(|node| self.all_hours(node));
        let flow = fields.get("flow").and_then(|node| self.flow(node));
        let media = fields.get("media").and_then(|node| self.media(node));
        let read = fields.get("read").map(|node| self.reading(node));
        let read = read.unwrap_or_default();
        let layer = Layer {
            tool_rules,
            default: default.map(|(action, place)| (unnamed(action, place.as_ref()), place)),
            recipients,
            reading: read.chats,
            hidden: read.hidden,
            hides_others: read.hides_others,
            budget: read.budget,
            hours: hours.unwrap_or_default(),
            flow,
            media,
        };
        self.lint_admitting_nothing(&rules, &layer);
        ParsedLayer {
            layer,
            named,
            examples: rules.into_iter().flat_map(|rule| rule.examples).collect(),
        }
    }

    /// The tools that are hidden, each with the rule that hides it.
    fn hide(&mut self, node: &Node) -> HashMap<&'static str, RuleLocation> {
        let mut hidden = HashMap::new();
        for (name, span) in self.tool_names(node) {
            let place = self.place(span, "hide");
            for tool in self.selected(name, span) {
                hidden.entry(tool).or_insert_with(|| place.clone());
            }
        }
        hidden
    }

    /// The topics whose tools are offered, and the rule.
    fn toolsets(&mut self, node: &Node) -> Option<(Vec<Topic>, RuleLocation)> {
        let NodeValue::List(names) = &node.value else {
            return self.invalid(node, "a list of toolsets");
        };
        let topics = Topic::ALL.map(|topic| (topic.name(), topic));
        let chosen = names.iter().filter_map(|node| self.choice(node, topics));
        Some((chosen.collect(), self.place(&node.key_span, "toolsets")))
    }

    fn classes(&mut self, node: &Node) -> Vec<Rule> {
        let Some(fields) = self.table(node, &Risk::ALL.map(Risk::name)) else {
            return Vec::new();
        };
        let classes = Risk::ALL.into_iter();
        let nodes = classes.filter_map(|risk| Some((risk, *fields.get(risk.name())?)));
        let rules = nodes.flat_map(|(risk, node)| {
            let selection = Selection::class(risk);
            self.rules(node, &format!("risk.{risk}"), &RULE, |_, _| {
                Some(selection.clone())
            })
        });
        rules.collect()
    }

    fn tools(&mut self, node: &Node) -> Vec<Rule> {
        let nodes = self.entries(node, "a table of tools").iter();
        let rules = nodes.flat_map(|node| {
            let selection = self.selection([(&*node.key, &node.key_span)]);
            self.rules(node, &format!("tools.{}", node.key), &RULE, |_, _| {
                Some(selection.clone())
            })
        });
        rules.collect()
    }

    /// `[[rules]]`: each says which tools it is for.
    fn listed_rules(&mut self, node: &Node) -> Vec<Rule> {
        let keys: Vec<Key> = RULES.into_iter().chain(RULE).collect();
        self.rules(node, "rules", &keys, |reader, item| {
            let fields = item.fields()?.iter().map(|field| (&*field.key, field));
            let list = reader.required(&fields.collect(), item, "tools")?;
            let names = reader.tool_names(list);
            if list.json() == Value::Array(Vec::new()) {
                let (message, hint) = (
                    "this rule is for no tool",
                    "name a tool, or remove the rule",
                );
                reader.warn(&list.key_span, "rule-without-effect", message, hint);
            }
            Some(reader.selection(names))
        })
    }

    /// One rule, or several: `[tools.NAME]`, `[[tools.NAME]]`. `select` names the tools of
    /// each.
    fn rules(
        &mut self,
        node: &Node,
        path: &str,
        keys: &[Key],
        select: impl Fn(&mut Self, &Node) -> Option<Selection>,
    ) -> Vec<Rule> {
        let mut rule = |item: &Node, path: &str| {
            let fields = self.table(item, keys)?;
            let selection = select(self, item)?;
            self.rule(&fields, &node.key_span, path, selection)
        };
        match &node.value {
            NodeValue::List(items) => {
                let items = items.iter().enumerate();
                items
                    .filter_map(|(index, item)| rule(item, &format!("{path}[{index}]")))
                    .collect()
            }
            _ => rule(node, path).into_iter().collect(),
        }
    }
}

fn reason(code: Code, place: Option<&RuleLocation>) -> Reason {
    Reason::new(code, place.cloned())
}

/// The effect for tools without a rule.
fn unnamed(action: Action, place: Option<&RuleLocation>) -> Effect {
    match action {
        Action::Allow => Effect::Allow,
        Action::Confirm => Effect::Confirm(reason(Code::CannotAsk, place)),
        Action::Deny => Effect::Deny(reason(Code::NotAdmitted, place)),
    }
}

impl ToolRules {
    fn add(&mut self, rule: &Rule) {
        match rule.conditional() {
            Some(conditional) => self.conditional.push(conditional),
            None if rule.only_restricts() => {}
            None => self.plain.push(Unconditional {
                effect: rule.effect(),
                place: rule.place.clone(),
                admits: rule.admits(),
            }),
        }
        self.limits
            .extend(rule.limits.iter().map(|(limit, _)| *limit));
        self.paces.extend(rule.pace.clone());
    }

    fn is_empty(&self) -> bool {
        let decides = !self.plain.is_empty() || !self.conditional.is_empty();
        !decides && self.limits.is_empty() && self.paces.is_empty()
    }
}
