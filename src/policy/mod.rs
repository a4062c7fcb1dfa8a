//! What an operator allows: read from a file, checked, and compiled to one ruling
//! for each tool.

mod condition;
mod decide;
mod diagnostics;
mod hours;
mod pace;
mod problem;
mod raw;
mod valid;

use std::{fmt, num::NonZeroU32, path::Path, time::Duration};

pub use condition::{At, Condition, Operand, Operator};
pub use decide::{Because, Ruling, Standing};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use hours::{HoursAt, Quiet};
pub use pace::{Pace, PaceAt};
pub use problem::Problem;

/// A checked policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What it was read from, as rules name it.
    pub origin: String,
    /// Digest of its text; approvals are bound to it.
    pub version: String,
    /// How a person is asked.
    pub confirmation: Confirmation,
    /// Every limit; rulings name them by position.
    pub limits: Vec<Limit>,
    rulings: decide::Rulings,
}

/// How a person is asked before a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Whether tools that cannot be undone are offered at all.
    pub enabled: bool,
    /// How long an answer may take.
    pub expires: Duration,
    /// How many questions may be asked at once.
    pub prompt_max: NonZeroU32,
    /// The time in which that many questions come back.
    pub prompt_window: Duration,
    /// Where the prompt limit stands.
    pub prompt_rule: String,
}

/// How often something may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The counter's name; limits of one name count together.
    pub counter: String,
    /// How many calls in a window.
    pub max: NonZeroU32,
    /// How many of them at once.
    pub burst: NonZeroU32,
    /// The window's length.
    pub window: Duration,
    /// What is counted by.
    pub scope: Scope,
    /// Where it stands.
    pub rule: String,
}

/// What a limit counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each caller.
    Grant,
    /// Each connection.
    Session,
    /// Each chat that a call reaches.
    Chat,
    /// All callers together.
    Account,
}

impl Scope {
    /// The scopes' names with their values.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("grant", Self::Grant),
        ("session", Self::Session),
        ("chat", Self::Chat),
        ("account", Self::Account),
    ];
}

/// The policy that is in force when none is named; also the reference of every key.
pub const DEFAULT: &str = include_str!("../../policy.toml");

impl Policy {
    /// Reads a policy file: JSON when it begins with a brace, as no TOML does.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let origin = path.display().to_string();
        match raw::read_file(path) {
            Ok(text) if text.trim_start().starts_with('{') => Self::from_json(&origin, &text),
            Ok(text) => Self::from_toml(&origin, &text),
            Err(error) => Err(Diagnostics::unreadable(origin, &error)),
        }
    }

    /// The policy that is built in.
    ///
    /// # Errors
    /// None for the text that ships; a test holds that.
    pub fn built_in() -> Result<Self, Diagnostics> {
        Self::from_toml("built-in policy", DEFAULT)
    }

    /// Reads a policy in TOML.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn from_toml(origin: &str, text: &str) -> Result<Self, Diagnostics> {
        valid::check(origin, text, raw::toml(text))
    }

    /// Reads a policy in JSON.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn from_json(origin: &str, text: &str) -> Result<Self, Diagnostics> {
        valid::check(origin, text, raw::json(text))
    }

    /// What the policy says of a tool.
    pub fn ruling(&self, tool: &str) -> &Ruling {
        self.rulings.of(tool)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.scope {
            Scope::Grant => " per caller",
            Scope::Session => " per connection",
            Scope::Chat => " per chat",
            Scope::Account => "",
        };
        write!(f, "{} per {}{scope}", self.max, window_words(self.window))?;
        if self.burst != self.max {
            write!(f, ", {} at once", self.burst)?;
        }
        Ok(())
    }
}

fn window_words(window: Duration) -> String {
    match window.as_secs() {
        1 => "second".into(),
        60 => "minute".into(),
        seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}
