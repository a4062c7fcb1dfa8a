//! From the document to a draft, and the list of what the draft lacks.

use std::collections::{HashMap, HashSet};

use super::{
    Fatal, NotCarried,
    draft::{Draft, ImportedLimit, ImportedRule},
    names::{EVERY_TOOL, is_pattern, is_plain_pattern, means_the_same},
};
use crate::{
    policy::{
        Action,
        document::{Node, NodeValue, Positions},
    },
    toolset::Toolset,
};

/// The most limits and conditions for all tools, since each may be written for each tool.
const MAX_FOR_ALL: usize = 500;

/// The most patterns, since each may be written for each tool.
const MAX_PATTERNS: usize = 200;

/// Converts a policy and collects what cannot be converted.
pub(super) struct Importer<'a> {
    pub(super) tools: &'a Toolset,
    pub(super) positions: &'a Positions<'a>,
    /// The first limit of each counter that the source names.
    pub(super) counters: HashMap<String, ImportedLimit>,
    /// What is lost, each with its byte in the source.
    lost: Vec<(usize, NotCarried)>,
    reported: HashSet<(usize, String)>,
    /// The number of unknown names so far.
    pub(super) unknown_names: usize,
}

pub(super) fn policy(
    root: &Node,
    json: bool,
    tools: &Toolset,
    positions: &Positions<'_>,
) -> Result<(Draft, Vec<NotCarried>), Fatal> {
    let mut importer = Importer {
        tools,
        positions,
        counters: HashMap::new(),
        lost: Vec::new(),
        reported: HashSet::new(),
        unknown_names: 0,
    };
    let draft = importer.policy(root, json)?;
    importer.lost.sort_by_key(|(start, _)| *start);
    let lost = importer.lost.into_iter().map(|(_, lost)| lost).collect();
    Ok((draft, lost))
}

impl<'n> Importer<'_> {
    fn policy(&mut self, root: &Node, json: bool) -> Result<Draft, Fatal> {
        let known = ["version", "default", "hide", "tools", "all_tools"];
        let ours = ["toolsets", "risk", "confirmation"];
        if let Some(key) = ours.iter().find(|key| root.get(key).is_some()) {
            let message = format!("`{key}` is a key of our own format: use this policy as it is");
            return Err(Fatal::at(root.span.start, message));
        }
        let fields = match root.fields() {
            Some(fields) if known.iter().any(|key| root.get(key).is_some()) => fields,
            _ => {
                let message = "this is no policy of PolicyLayer or Intercept: it has none of \
                               `version`, `default`, `hide` and `tools`";
                return Err(Fatal::at(root.span.start, message));
            }
        };
        let mut draft = Draft {
            // The defaults of the two formats.
            default: if json { Action::Deny } else { Action::Allow },
            ..Draft::default()
        };
        let mut everyone: Option<ImportedRule> = None;
        let mut named = None;
        for node in fields {
            match &*node.key {
                "version" => version(node)?,
                "description" => draft.about = node.text().map(str::to_owned),
                "default" => draft.default = self.default(node),
                "hide" => self.hide(node, &mut draft),
                "tools" => named = Some(node),
                "all_tools" => {
                    let rule = self.rule(node, "all_tools", "_global");
                    join(&mut everyone, rule);
                }
                key => self.lose(node.key_span.start, key, "neither format has this key"),
            }
        }
        if let Some(node) = named {
            self.tools(node, &mut draft, &mut everyone)?;
        }
        if let Some(everyone) = everyone {
            self.everyone(everyone, &mut draft, root)?;
        }
        Ok(draft)
    }

    fn default(&mut self, node: &Node) -> Action {
        match node.text() {
            Some("allow") => Action::Allow,
            Some("deny") => Action::Deny,
            _ => {
                let why = "the default must be `allow` or `deny`; it is `deny` now";
                self.lose(node.span.start, "default", why);
                Action::Deny
            }
        }
    }

    fn hide(&mut self, node: &Node, draft: &mut Draft) {
        let Some(items) = items(node) else {
            return self.hide_all(node, "hide", draft);
        };
        for (index, item) in items.iter().enumerate() {
            let path = format!("hide[{index}]");
            let Some(name) = item.text() else {
                self.hide_all(item, &path, draft);
                continue;
            };
            let from = format!("{}: {name}", self.line_of(item.span.start));
            let ours: Vec<_> = match name {
                EVERY_TOOL => vec![EVERY_TOOL],
                _ => self.named(name, item.span.start, &path),
            };
            for tool in ours {
                draft.hide(tool, &from);
            }
        }
    }

    /// Hides every tool, where a name is not text.
    fn hide_all(&mut self, node: &Node, path: &str, draft: &mut Draft) {
        let kind = node.value.kind();
        let why = format!("a name of a tool must be text, got {kind}; everything is hidden now");
        self.lose(node.span.start, path, why);
        draft.hide(EVERY_TOOL, "instead of what could not be converted");
    }

    fn tools(
        &mut self,
        node: &Node,
        draft: &mut Draft,
        everyone: &mut Option<ImportedRule>,
    ) -> Result<(), Fatal> {
        let entries = match &node.value {
            NodeValue::Table(entries) => entries,
            NodeValue::Null => return Ok(()),
            other => {
                let message = format!("`tools` must be a table, got {}", other.kind());
                return Err(Fatal::at(node.span.start, message));
            }
        };
        let (patterns, entries): (Vec<_>, Vec<_>) =
            entries.iter().partition(|node| is_pattern(&node.key));
        if let Some(node) = patterns.get(MAX_PATTERNS) {
            let message = format!("more than {MAX_PATTERNS} patterns");
            return Err(Fatal::at(node.key_span.start, message));
        }
        for node in entries {
            if &*node.key == EVERY_TOOL {
                let rule = self.rule(node, "tools.*", "_global");
                join(everyone, rule);
                continue;
            }
            let path = format!("tools.{}", node.key);
            let ours = self.named(&node.key, node.key_span.start, &path);
            if ours.is_empty() {
                continue;
            }
            let mut rule = self.rule(node, &path, &node.key);
            if ours.len() > 1 {
                count_together(&mut rule, &node.key);
            }
            for tool in ours {
                let fitted = self.fit(tool, rule.clone());
                match draft.tools.iter_mut().find(|(known, _)| *known == tool) {
                    Some((_, known)) => known.join(fitted),
                    None => draft.tools.push((tool, fitted)),
                }
            }
        }
        let allowed = |rule: &ImportedRule| rule.says_action && rule.action == Action::Allow;
        let anyway = draft.default == Action::Allow || everyone.as_ref().is_some_and(allowed);
        for node in patterns {
            self.pattern(node, draft, anyway)?;
        }
        Ok(())
    }

    /// Adds a rule for all tools whose names are like a pattern: to the rules of those that
    /// have one, and to all if they are allowed anyway. It allows no tool.
    fn pattern(&mut self, node: &Node, draft: &mut Draft, anyway: bool) -> Result<(), Fatal> {
        let (name, start) = (&*node.key, node.key_span.start);
        let path = format!("tools.{name}");
        let tools = self.named(name, start, &path);
        let mut rule = self.rule(node, &path, name);
        self.check_size(&rule, node)?;
        if !is_plain_pattern(name) {
            let why = "patterns can only have `*`";
            self.refuse(&mut rule, start, &path, why);
        }
        count_together(&mut rule, name);
        let (mut left, refuses) = (false, rule.action == Action::Deny);
        // Tools have different arguments, so conditions are written for each.
        let exact = rule.when.is_empty() && means_the_same(name, &tools);
        for tool in tools {
            let known = draft.tools.iter_mut().find(|(known, _)| *known == tool);
            match known {
                None if !anyway => left = true,
                _ if exact => {}
                None => draft.tools.push((tool, self.fit(tool, rule.clone()))),
                Some((_, known)) => known.join(self.fit(tool, rule.clone())),
            }
        }
        if exact && (!rule.limits.is_empty() || rule.action != Action::Allow) {
            draft.patterns.push((name.to_owned(), rule));
        }
        if left && !refuses {
            let why = "a pattern allows no tool here; tools that only it names are refused";
            self.lose(start, &path, why);
        }
        Ok(())
    }

    /// Adds the rule for all tools. Its conditions go to the rule of each tool, since tools
    /// have different arguments.
    fn everyone(
        &mut self,
        mut rule: ImportedRule,
        draft: &mut Draft,
        root: &Node,
    ) -> Result<(), Fatal> {
        self.check_size(&rule, root)?;
        count_together(&mut rule, "all tools");
        let requirements = rule.take_requirements();
        match requirements {
            Some(requirements) if draft.default == Action::Allow => {
                for when in requirements.when {
                    let why =
                        "tools have different arguments, so each tool needs its own condition";
                    self.refuse(&mut rule, when.start, &when.key, why);
                }
            }
            Some(requirements) => {
                if rule.says_action && rule.action == Action::Allow {
                    let why = "a rule for all tools that allows cannot have conditions";
                    self.refuse(&mut rule, root.span.start, "tools.*", why);
                }
                for (tool, own) in &mut draft.tools {
                    if own.action != Action::Deny {
                        own.join(self.fit(tool, requirements.clone()));
                    }
                }
            }
            None => {}
        }
        let says_nothing = rule.limits.is_empty() && !rule.says_action;
        if !says_nothing || rule.action != Action::Allow {
            draft.everyone = Some(rule);
        }
        Ok(())
    }

    /// Refuses a rule for many tools that has so much that writing it for each takes long.
    fn check_size(&self, rule: &ImportedRule, node: &Node) -> Result<(), Fatal> {
        if rule.limits.len() + rule.when.len() <= MAX_FOR_ALL {
            return Ok(());
        }
        let message = format!("more than {MAX_FOR_ALL} limits and conditions for many tools");
        Err(Fatal::at(node.span.start, message))
    }

    /// Reports what cannot be converted.
    pub(super) fn lose(&mut self, start: usize, key: &str, why: impl Into<String>) {
        let why = why.into();
        // A name that stands for several tools would be reported for each.
        if self.reported.insert((start, why.clone())) {
            let (line, column) = self.positions.of(start);
            let lost = NotCarried {
                line,
                column,
                key: key.to_owned(),
                why,
            };
            self.lost.push((start, lost));
        }
    }

    /// Reports what cannot be converted, and refuses the calls that it is about.
    pub(super) fn refuse(&mut self, rule: &mut ImportedRule, start: usize, key: &str, why: &str) {
        let consequence = "the call is refused until you write the rule manually";
        self.lose(start, key, format!("{why}; {consequence}"));
        let line = self.line_of(start);
        let reason = format!("{line} of the imported policy could not be converted");
        rule.tighten(Action::Deny, Some(reason));
    }

    /// The entries of a list; if it is none, the rule refuses.
    pub(super) fn items(
        &mut self,
        node: &'n Node,
        path: &str,
        rule: &mut ImportedRule,
    ) -> &'n [Node] {
        items(node).unwrap_or_else(|| {
            self.refuse(rule, node.span.start, path, "this must be a list");
            &[]
        })
    }

    /// `line 5`, for a byte of the source.
    pub(super) fn line_of(&self, start: usize) -> String {
        format!("line {}", self.positions.of(start).0)
    }
}

fn version(node: &Node) -> Result<(), Fatal> {
    match &node.value {
        NodeValue::Integer(1) => Ok(()),
        NodeValue::Text(version) if version == "1" => Ok(()),
        _ => {
            let message = "only version \"1\" of these formats is supported";
            Err(Fatal::at(node.span.start, message))
        }
    }
}

/// The entries of a list; an empty value is an empty list.
fn items(node: &Node) -> Option<&[Node]> {
    match &node.value {
        NodeValue::List(items) => Some(items),
        NodeValue::Null => Some(&[]),
        _ => None,
    }
}

fn join(kept: &mut Option<ImportedRule>, next: ImportedRule) {
    match kept {
        Some(kept) => kept.join(next),
        None => *kept = Some(next),
    }
}

/// Gives the limits a counter name, so that they count several tools together.
fn count_together(rule: &mut ImportedRule, name: &str) {
    for (index, limit) in rule.limits.iter_mut().enumerate() {
        let line = limit.line;
        limit
            .counter
            .get_or_insert_with(|| format!("{name}, line {line}, {}", index + 1));
    }
}

/// The path of a field.
pub(super) fn below(path: &str, field: &Node) -> String {
    format!("{path}.{}", field.key)
}
