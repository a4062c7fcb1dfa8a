//! From the tree to a draft, and to the list of what is not in it.

use std::collections::{HashMap, HashSet};

use super::{
    NotCarried, Unreadable,
    draft::{Action, Draft, Limit, Rule},
    shown,
    tree::{Key, Kind, Node, Place},
};
use crate::{op, text::nearest, toolset::Toolset};

/// The most limits and conditions that may hold for all tools: each of them may have to
/// be written for each tool.
const MOST_FOR_ALL: usize = 500;

/// How many unknown names get a hint; looking for one takes time.
const HINTS: usize = 200;

/// Reads a policy and collects what cannot be carried over.
pub(super) struct Reader<'a> {
    pub(super) tools: &'a Toolset,
    pub(super) counters: HashMap<String, Limit>,
    lost: Vec<(Place, NotCarried)>,
    said: HashSet<(Place, String)>,
    /// Names that are unknown, so far.
    strange: usize,
}

pub(super) fn policy(
    root: &Node,
    json: bool,
    tools: &Toolset,
) -> Result<(Draft, Vec<NotCarried>), Unreadable> {
    let mut reader = Reader {
        tools,
        counters: HashMap::new(),
        lost: Vec::new(),
        said: HashSet::new(),
        strange: 0,
    };
    let draft = reader.policy(root, json)?;
    reader.lost.sort_by_key(|(at, _)| *at);
    let lost = reader.lost.into_iter().map(|(_, lost)| lost).collect();
    Ok((draft, lost))
}

impl Reader<'_> {
    fn policy(&mut self, root: &Node, json: bool) -> Result<Draft, Unreadable> {
        let known = ["version", "default", "hide", "tools", "all_tools"];
        let ours = ["toolsets", "risk", "confirmation"];
        if let Some(key) = ours.iter().find(|key| root.get(key).is_some()) {
            let message = format!("`{key}` is ours: this policy can be used as it is");
            return Err(root.at.wrong(message));
        }
        let fields = match root.fields() {
            Some(fields) if known.iter().any(|key| root.get(key).is_some()) => fields,
            _ => {
                let message = "this is no policy of PolicyLayer or Intercept: it has none of \
                               `version`, `default`, `hide` and `tools`";
                return Err(root.at.wrong(message));
            }
        };
        let mut draft = Draft {
            // What each of them takes for granted.
            default: if json { Action::Deny } else { Action::Allow },
            ..Draft::default()
        };
        let mut everyone: Option<Rule> = None;
        let mut named = None;
        for (key, node) in fields {
            match key.name.as_str() {
                "version" => version(node)?,
                "description" => draft.about = node.text().map(str::to_owned),
                "default" => draft.default = self.default(node),
                "hide" => self.hide(node, &mut draft),
                "tools" => named = Some(node),
                "all_tools" => {
                    let rule = self.rule(key, node, "all_tools", "_global");
                    join(&mut everyone, rule);
                }
                _ => self.lose(key.at, &key.name, "neither format has this key"),
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
                let why = "only `allow` and `deny` are known here; it is `deny` now";
                self.lose(node.at, "default", why);
                Action::Deny
            }
        }
    }

    fn hide(&mut self, node: &Node, draft: &mut Draft) {
        let Some(items) = node.items() else {
            return self.hide_all(node, "hide", draft);
        };
        for (index, item) in items.iter().enumerate() {
            let path = format!("hide[{index}]");
            let Some(name) = item.text() else {
                self.hide_all(item, &path, draft);
                continue;
            };
            let from = format!("{}: {name}", item.at);
            let ours: Vec<_> = match name {
                "*" => vec!["*"],
                _ => self.named(name, item.at, &path),
            };
            for tool in ours {
                draft.hide(tool, &from);
            }
        }
    }

    /// For names that cannot be read.
    fn hide_all(&mut self, node: &Node, path: &str, draft: &mut Draft) {
        let why = format!("this is {}; everything is hidden now", node.kind.name());
        self.lose(node.at, path, why);
        draft.hide("*", "instead of what is not carried over");
    }

    fn tools(
        &mut self,
        node: &Node,
        draft: &mut Draft,
        everyone: &mut Option<Rule>,
    ) -> Result<(), Unreadable> {
        let entries = match &node.kind {
            Kind::Table(entries) => entries,
            Kind::Null => return Ok(()),
            other => {
                let message = format!("`tools` is {}, and has to be a table", other.name());
                return Err(node.at.wrong(message));
            }
        };
        for (key, node) in entries {
            if key.name == "*" {
                let rule = self.rule(key, node, "tools.*", "_global");
                join(everyone, rule);
                continue;
            }
            let path = format!("tools.{}", key.name);
            let ours = self.named(&key.name, key.at, &path);
            if ours.is_empty() {
                continue;
            }
            let mut rule = self.rule(key, node, &path, &key.name);
            if ours.len() > 1 {
                count_together(&mut rule, &key.name);
            }
            for tool in ours {
                let fitted = self.fit(tool, rule.clone());
                match draft.tools.iter_mut().find(|(known, _)| *known == tool) {
                    Some((_, known)) => known.join(fitted),
                    None => draft.tools.push((tool, fitted)),
                }
            }
        }
        Ok(())
    }

    /// Our tools of this name; says so when there is none.
    fn named(&mut self, name: &str, at: Place, path: &str) -> Vec<&'static str> {
        let found: Vec<_> = op::named(name)
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        if found.is_empty() {
            let known = op::catalogue()
                .iter()
                .flat_map(|entry| entry.known_as.iter().copied().chain([entry.name]));
            self.strange += 1;
            let near = (self.strange <= HINTS)
                .then(|| nearest(name, known))
                .flatten();
            let why = match near {
                _ if name.contains('*') => {
                    "patterns are not carried, only `*` alone; name the tools".to_owned()
                }
                Some(near) => format!(
                    "there is no tool `{}`; the nearest is `{near}`",
                    shown(name)
                ),
                None => format!("there is no tool `{}`", shown(name)),
            };
            self.lose(at, path, why);
        }
        found
    }

    /// What holds for all tools: a rule of its own where all are allowed, else a part of
    /// each rule, since a rule for all would admit all.
    fn everyone(
        &mut self,
        mut rule: Rule,
        draft: &mut Draft,
        root: &Node,
    ) -> Result<(), Unreadable> {
        if rule.limits.len() + rule.when.len() > MOST_FOR_ALL {
            let message = format!("more than {MOST_FOR_ALL} limits and conditions for all tools");
            return Err(root.at.wrong(message));
        }
        count_together(&mut rule, "all tools");
        if draft.default == Action::Allow {
            for when in std::mem::take(&mut rule.when) {
                let why = "the tools have different arguments, so it has to be said of each";
                self.refuse(&mut rule, when.at, &when.key, why);
            }
            draft.everyone = Some(rule);
            return Ok(());
        }
        for (tool, own) in &mut draft.tools {
            if own.action != Action::Deny {
                own.join(self.fit(tool, rule.clone()));
            }
        }
        Ok(())
    }

    /// Notes what is not carried over.
    pub(super) fn lose(&mut self, at: Place, key: &str, why: impl Into<String>) {
        let why = why.into();
        // A name that stands for several tools would say it for each.
        if self.said.insert((at, why.clone())) {
            let lost = NotCarried {
                line: at.line,
                column: at.column,
                key: key.to_owned(),
                why,
            };
            self.lost.push((at, lost));
        }
    }

    /// Notes what is not carried over, and refuses what it was said of.
    pub(super) fn refuse(&mut self, rule: &mut Rule, at: Place, key: &str, why: &str) {
        self.lose(
            at,
            key,
            format!("{why}; until it is written by hand, the call is refused"),
        );
        let reason = format!("{at} of the imported policy could not be carried over");
        rule.tighten(Action::Deny, Some(reason));
    }
}

fn version(node: &Node) -> Result<(), Unreadable> {
    match &node.kind {
        Kind::Integer(1) => Ok(()),
        Kind::Text(version) if version == "1" => Ok(()),
        _ => Err(node
            .at
            .wrong("only version \"1\" of these formats is known")),
    }
}

fn join(kept: &mut Option<Rule>, next: Rule) {
    match kept {
        Some(kept) => kept.join(next),
        None => *kept = Some(next),
    }
}

/// Limits of several tools count all of them.
fn count_together(rule: &mut Rule, name: &str) {
    for (index, limit) in rule.limits.iter_mut().enumerate() {
        let place = limit.at;
        limit
            .counter
            .get_or_insert_with(|| format!("{name}, {place}, {}", index + 1));
    }
}

/// The path of a field.
pub(super) fn below(path: &str, key: &Key) -> String {
    format!("{path}.{}", key.name)
}
