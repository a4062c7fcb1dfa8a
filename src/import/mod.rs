//! Policies of other programs, converted to ours.
//!
//! PolicyLayer's JSON and Intercept's YAML are read into the tree that our own policies use,
//! the tree into a draft, and the draft is written as TOML. What cannot be converted never
//! loosens: the tool that it is about is refused, and the report says so.

mod condition;
mod draft;
mod limit;
mod names;
mod pattern;
mod read;
mod rule;
mod write;
mod yaml;

use serde::Serialize;
use thiserror::Error;

use crate::{
    policy::document::{self, Positions},
    toolset::Toolset,
};

pub use write::shown;

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = document::MAX_FILE_BYTES;

/// A converted policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The policy, in TOML.
    pub policy: String,
    /// What the policy lacks, in the order of the source.
    pub not_carried: Vec<NotCarried>,
}

/// A part of the source that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotCarried {
    /// The line in the source, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The path of keys to it.
    pub key: String,
    /// Why, and what the policy says instead.
    pub why: String,
}

/// Why a file is not a policy that can be converted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{line}:{column}: {message}")]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Why a file cannot be converted, and the byte where that shows.
struct Fatal {
    byte: usize,
    message: String,
}

/// Converts a policy of PolicyLayer or Intercept; `tools` has the arguments of our tools.
///
/// # Errors
/// If the text is not JSON or YAML, or no policy.
pub fn import(origin: &str, text: &str, tools: &Toolset) -> Result<Imported, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let positions = Positions::new(text);
    let json = text.trim_start().starts_with('{');
    let root = if json {
        document::json(text).map_err(|problems| match problems.into_iter().next() {
            Some(problem) => Fatal::at(problem.span.start, problem.message),
            None => Fatal::at(0, "the file is empty"),
        })
    } else {
        yaml::read(text)
    };
    let read = root.and_then(|root| read::policy(&root, json, tools, &positions));
    let (draft, not_carried) = read.map_err(|fatal| {
        let (line, column) = positions.of(fatal.byte);
        Unreadable {
            line,
            column,
            message: fatal.message,
        }
    })?;
    Ok(Imported {
        policy: write::toml(origin, &draft),
        not_carried,
    })
}

impl Fatal {
    fn at(byte: usize, message: impl Into<String>) -> Self {
        Self {
            byte,
            message: message.into(),
        }
    }
}
