//! A call that names no tool, or whose arguments do not fit it.

use std::fmt;

use super::Untrusted;

/// A call that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadCall {
    /// There is no tool of this name here.
    UnknownTool {
        /// The name that was called, escaped and cut.
        name: Untrusted,
        /// A tool that is written like it.
        nearest: Option<&'static str>,
    },
    /// An argument is missing, unknown or wrong.
    BadArguments {
        /// The tool that was called.
        tool: &'static str,
        /// Which argument, and what would be right.
        problem: String,
    },
}

impl BadCall {
    /// The stable name of the kind.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownTool { .. } => "unknown-tool",
            Self::BadArguments { .. } => "bad-arguments",
        }
    }

    /// What to do next.
    pub fn next(&self) -> String {
        match self {
            Self::UnknownTool { nearest, .. } => match nearest {
                Some(near) => format!("did you mean `{near}`? tools/list has them all"),
                None => "tools/list has all tools".to_owned(),
            },
            Self::BadArguments { .. } => {
                "correct the argument and call again; nothing was sent".to_owned()
            }
        }
    }
}

impl fmt::Display for BadCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTool { name, .. } => write!(f, "there is no tool `{name}`"),
            Self::BadArguments { tool, problem } => {
                write!(f, "`{tool}` cannot take these arguments: {problem}")
            }
        }
    }
}
