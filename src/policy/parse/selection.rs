//! Which tools a rule is for.

use std::collections::{BTreeSet, HashSet};

use super::reader::Reader;
use crate::{
    op::{self, Entry, Risk},
    policy::document::{Node, Span, shorten},
    text::nearest,
};

/// What a rule is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// Tools by their names, or by names that other servers have for them.
    Named,
    /// A class of tools, or a pattern of names.
    Many,
}

/// The tools that a rule is for.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) tools: HashSet<&'static str>,
    pub(super) breadth: Breadth,
    /// What a counter without a name is known by. Counters outlive changes of the files, so
    /// neither the place of the rule nor a name of another server is part of it.
    pub(super) counted_as: String,
}

impl Selection {
    /// The tools of a class.
    pub(super) fn class(risk: Risk) -> Self {
        let members = op::catalogue().iter().filter(|entry| entry.risk == risk);
        Self {
            tools: members.map(|entry| entry.name).collect(),
            breadth: Breadth::Many,
            counted_as: format!("risk.{risk}"),
        }
    }
}

/// Whether a name is a pattern: `*` stands for any text.
fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

impl Reader<'_> {
    /// The tools of names and patterns.
    pub(super) fn selection<'n>(
        &mut self,
        names: impl IntoIterator<Item = (&'n str, &'n Span)>,
    ) -> Selection {
        let (mut tools, mut breadth) = (HashSet::new(), Breadth::Named);
        let mut known = BTreeSet::new();
        for (name, span) in names {
            let found = self.selected(name, span);
            known.extend(counted_as(name, &found));
            tools.extend(found);
            if is_pattern(name) {
                breadth = Breadth::Many;
            }
        }
        Selection {
            tools,
            breadth,
            counted_as: format!("tools.{}", joined(known)),
        }
    }

    /// The entries of a list of names and patterns.
    pub(super) fn tool_names<'n>(&mut self, node: &'n Node) -> Vec<(&'n str, &'n Span)> {
        let mut names = Vec::new();
        for node in self.list(node, "a list of tool names") {
            match node.text() {
                Some(name) => names.push((name, &node.span)),
                None => {
                    self.invalid::<()>(node, "the name of a tool");
                }
            }
        }
        names
    }

    /// Takes the tools of `except` out of a selection.
    pub(super) fn except(&mut self, node: &Node, selection: &mut Selection) {
        let hint = "remove it, or correct the name";
        let mut known = BTreeSet::new();
        for (name, span) in self.tool_names(node) {
            let found = self.selected(name, span);
            if !found.is_empty() && found.is_disjoint(&selection.tools) {
                let message = format!("this rule is not for `{}` anyway", shorten(name));
                self.warn(span, "rule-without-effect", &message, hint);
            }
            known.extend(counted_as(name, &found));
            selection.tools.retain(|tool| !found.contains(tool));
        }
        if selection.tools.is_empty() {
            let message = "this rule is for no tool";
            self.warn(&node.key_span, "rule-without-effect", message, hint);
        }
        // Without them it counts something else.
        selection.counted_as = format!("{}-{}", selection.counted_as, joined(known));
    }

    /// The tools that a name or a pattern stands for. It is an error if there are none.
    pub(super) fn selected(&mut self, name: &str, span: &Span) -> HashSet<&'static str> {
        if !is_pattern(name) {
            return self.named(name, span);
        }
        let found = op::matching(name);
        if found.is_empty() {
            let message = format!("no tool has a name like `{}`", shorten(name));
            let patterns = patterns();
            self.unknown_tool(name, span, &message, patterns.iter().map(String::as_str));
        }
        names(found)
    }

    /// The tools that a name stands for. An unknown name is an error.
    pub(super) fn named(&mut self, name: &str, span: &Span) -> HashSet<&'static str> {
        let found = op::named(name);
        if found.is_empty() {
            let message = format!("there is no tool `{}`", shorten(name));
            self.unknown_tool(name, span, &message, known_names());
        }
        names(found)
    }

    fn unknown_tool<'k>(
        &mut self,
        name: &str,
        span: &Span,
        message: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        let hint = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`whatsapp-guard tools` lists the tools".to_owned(),
        };
        self.wrong(span, "unknown-tool", message, &hint);
    }
}

/// What a counter without a name calls the tools of a name or a pattern.
fn counted_as(name: &str, tools: &HashSet<&'static str>) -> Vec<String> {
    match is_pattern(name) {
        true => vec![name.to_owned()],
        false => tools.iter().map(|tool| (*tool).to_owned()).collect(),
    }
}

fn joined(names: BTreeSet<String>) -> String {
    names.into_iter().collect::<Vec<_>>().join("+")
}

fn names(entries: Vec<&'static Entry>) -> HashSet<&'static str> {
    entries.into_iter().map(|entry| entry.name).collect()
}

/// Our names of all tools, and those of other servers.
fn known_names() -> impl Iterator<Item = &'static str> {
    let entries = op::catalogue().iter();
    entries.flat_map(|entry| entry.known_as.iter().copied().chain([entry.name]))
}

/// The patterns of all names with the same first word, and with the same last word.
fn patterns() -> BTreeSet<String> {
    let first = known_names().filter_map(|name| name.split_once('_'));
    let first = first.map(|(word, _)| format!("{word}_*"));
    let last = known_names().filter_map(|name| name.rsplit_once('_'));
    let last = last.map(|(_, word)| format!("*_{word}"));
    first.chain(last).collect()
}
