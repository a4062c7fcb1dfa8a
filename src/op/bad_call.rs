//! Calls that cannot be prepared.

use std::fmt;

use super::Untrusted;

/// Why a call cannot be prepared. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadCall {
    /// The back end has no tool of this name.
    UnknownTool {
        /// The name in the call, escaped and cut.
        name: Untrusted,
        /// A tool with a similar name.
        nearest: Option<&'static str>,
    },
    /// An argument is missing, unknown or wrong.
    BadArguments {
        /// The tool.
        tool: &'static str,
        /// The argument, and what it must be.
        problem: String,
    },
}

impl BadCall {
    /// Arguments of a tool in which this name stands twice in one object.
    pub(crate) fn repeated(tool: &'static str, name: &str) -> Self {
        let name = Untrusted::new(name);
        Self::BadArguments {
            tool,
            problem: format!("`{name}` is given twice; give each argument once"),
        }
    }

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
                Some(near) => format!("did you mean `{near}`? tools/list has all tools"),
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
                write!(f, "wrong arguments for `{tool}`: {problem}")
            }
        }
    }
}
