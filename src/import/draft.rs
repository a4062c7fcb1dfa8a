//! A policy in our terms, before it is written.

use std::{num::NonZeroU32, time::Duration};

use serde_json::Value;

use crate::policy::{Action, Scope};

/// The converted policy.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) about: Option<String>,
    pub(super) default: Action,
    /// Our names, each with the source.
    pub(super) hide: Vec<(&'static str, String)>,
    /// The rule for every tool.
    pub(super) everyone: Option<ImportedRule>,
    pub(super) tools: Vec<(&'static str, ImportedRule)>,
    /// Patterns that mean the same tools here; they allow none.
    pub(super) patterns: Vec<(String, ImportedRule)>,
}

/// The rule for a tool.
#[derive(Debug, Clone)]
pub(super) struct ImportedRule {
    /// Where it comes from, for comments.
    pub(super) from: Vec<String>,
    pub(super) action: Action,
    /// Whether the source says the action.
    pub(super) says_action: bool,
    pub(super) reason: Option<String>,
    pub(super) limits: Vec<ImportedLimit>,
    pub(super) when: Vec<ImportedCondition>,
}

/// A limit of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImportedLimit {
    /// Where it comes from, for a comment.
    pub(super) from: String,
    /// The line in the source.
    pub(super) line: usize,
    pub(super) max: NonZeroU32,
    pub(super) burst: Option<NonZeroU32>,
    pub(super) window: Duration,
    pub(super) scope: Scope,
    /// The name under which several tools count together.
    pub(super) counter: Option<String>,
}

/// A condition on an argument.
#[derive(Debug, Clone)]
pub(super) struct ImportedCondition {
    /// Where it comes from, for a comment.
    pub(super) from: String,
    /// The byte in the source.
    pub(super) start: usize,
    /// The path of keys in the source.
    pub(super) key: String,
    pub(super) arg: String,
    pub(super) op: &'static str,
    pub(super) value: Value,
    pub(super) reason: Option<String>,
    /// Whether a call without the argument has to be refused.
    pub(super) required: bool,
}

impl Draft {
    /// Hides a tool; the first source is kept.
    pub(super) fn hide(&mut self, tool: &'static str, from: &str) {
        if self.hide.iter().all(|(known, _)| *known != tool) {
            self.hide.push((tool, from.to_owned()));
        }
    }
}

impl ImportedRule {
    pub(super) fn new(from: String) -> Self {
        Self {
            from: vec![from],
            action: Action::Allow,
            says_action: false,
            reason: None,
            limits: Vec::new(),
            when: Vec::new(),
        }
    }

    /// Its requirements, as a rule of their own.
    pub(super) fn take_requirements(&mut self) -> Option<Self> {
        let when = std::mem::take(&mut self.when);
        (!when.is_empty()).then(|| Self {
            when,
            ..Self::new(self.from.join("; "))
        })
    }

    /// Makes the rule at least as strict as an action.
    pub(super) fn tighten(&mut self, action: Action, reason: Option<String>) {
        if action > self.action {
            (self.action, self.reason) = (action, reason);
        } else if action == self.action && self.reason.is_none() {
            self.reason = reason;
        }
    }

    /// Adds another rule for the same tool; both apply.
    pub(super) fn join(&mut self, other: Self) {
        self.from.extend(other.from);
        self.says_action |= other.says_action;
        self.tighten(other.action, other.reason);
        self.limits.extend(other.limits);
        self.when.extend(other.when);
    }
}
