//! Policies of other programs, turned into ours.
//!
//! PolicyLayer's JSON and Intercept's YAML are read into one tree, the tree into a
//! draft, and that is written as TOML. What cannot be carried over never
//! loosens: the tool that it was said of is refused, and the report says so.

mod condition;
mod draft;
mod json;
mod limit;
mod read;
mod rule;
mod tree;
mod write;
mod yaml;

use serde::Serialize;
use thiserror::Error;

use crate::toolset::Toolset;

pub use write::shown;

/// The largest file that is read.
pub const LARGEST: u64 = 1024 * 1024;

/// A policy in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The policy, in TOML.
    pub policy: String,
    /// What is not in it, in the order of the source.
    pub not_carried: Vec<NotCarried>,
}

/// One thing that could not be carried over.
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

/// A file that is no policy.
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

/// Turns a policy of PolicyLayer or Intercept into ours; `tools` says which arguments
/// our tools have.
///
/// # Errors
/// When the text is no JSON or YAML, or no policy at all.
pub fn import(origin: &str, text: &str, tools: &Toolset) -> Result<Imported, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json = text.trim_start().starts_with('{');
    let root = if json {
        json::read(text)?
    } else {
        yaml::read(text)?
    };
    let (draft, not_carried) = read::policy(&root, json, tools)?;
    Ok(Imported {
        policy: write::toml(origin, &draft),
        not_carried,
    })
}
