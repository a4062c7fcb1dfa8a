//! A policy in our terms, before it is written.

use super::tree::Place;

/// What is written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) about: Option<String>,
    pub(super) default: Action,
    /// Our names, each with the name that it came from.
    pub(super) hide: Vec<(&'static str, String)>,
    /// What holds for every tool.
    pub(super) everyone: Option<Rule>,
    pub(super) tools: Vec<(&'static str, Rule)>,
}

/// What is done with a call, mildest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Allow,
    Confirm,
    #[default]
    Deny,
}

/// What holds for a tool.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Where it came from, a line each.
    pub(super) from: Vec<String>,
    pub(super) action: Action,
    pub(super) reason: Option<String>,
    pub(super) limits: Vec<Limit>,
    pub(super) when: Vec<When>,
}

/// How often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) from: String,
    pub(super) max: u32,
    pub(super) burst: Option<u32>,
    /// A word, or seconds.
    pub(super) window: Window,
    pub(super) scope: &'static str,
    /// The name under which several tools count together.
    pub(super) counter: Option<String>,
    pub(super) at: Place,
}

/// The time of a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Window {
    Word(String),
    Seconds(i64),
}

/// What has to hold of an argument.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) from: String,
    pub(super) at: Place,
    pub(super) key: String,
    pub(super) arg: String,
    pub(super) op: &'static str,
    pub(super) value: Value,
    pub(super) reason: Option<String>,
    /// Whether an argument that is left out has to be refused.
    pub(super) needed: bool,
}

/// What an argument is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Self>),
}

impl Action {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Confirm => "confirm",
            Self::Deny => "deny",
        }
    }
}

impl Draft {
    /// Hides a tool, for the first reason that is given.
    pub(super) fn hide(&mut self, tool: &'static str, from: &str) {
        if self.hide.iter().all(|(known, _)| *known != tool) {
            self.hide.push((tool, from.to_owned()));
        }
    }
}

impl Rule {
    pub(super) fn new(from: String) -> Self {
        Self {
            from: vec![from],
            action: Action::Allow,
            reason: None,
            limits: Vec::new(),
            when: Vec::new(),
        }
    }

    /// Makes it at least as strict as this.
    pub(super) fn tighten(&mut self, action: Action, reason: Option<String>) {
        if action > self.action {
            (self.action, self.reason) = (action, reason);
        } else if action == self.action && self.reason.is_none() {
            self.reason = reason;
        }
    }

    /// What holds when both hold.
    pub(super) fn join(&mut self, other: Self) {
        self.from.extend(other.from);
        self.tighten(other.action, other.reason);
        self.limits.extend(other.limits);
        self.when.extend(other.when);
    }
}
