//! The operators of conditions.

use super::Problem;
use crate::{
    policy::{document::shorten, problem::one_of},
    text::nearest,
};

/// How an argument is compared with the value of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// It is the value.
    Eq,
    /// It is not the value.
    Neq,
    /// It is one of the values.
    In,
    /// It is none of the values.
    NotIn,
    /// It is below the value.
    Lt,
    /// It is at most the value.
    Lte,
    /// It is above the value.
    Gt,
    /// It is at least the value.
    Gte,
    /// A part of it matches the pattern.
    Matches,
    /// No part of it matches the pattern.
    NotMatches,
    /// The value is a part of the text, or an entry of the list.
    Contains,
    /// It has a link.
    HasLink,
    /// It has no link.
    HasNoLink,
    /// It is given, or omitted.
    Exists,
}

impl Operator {
    /// Every operator with its name.
    pub const NAMES: [(&'static str, Self); 14] = [
        ("eq", Self::Eq),
        ("neq", Self::Neq),
        ("in", Self::In),
        ("not_in", Self::NotIn),
        ("lt", Self::Lt),
        ("lte", Self::Lte),
        ("gt", Self::Gt),
        ("gte", Self::Gte),
        ("matches", Self::Matches),
        ("not_matches", Self::NotMatches),
        ("contains", Self::Contains),
        ("has_link", Self::HasLink),
        ("has_no_link", Self::HasNoLink),
        ("exists", Self::Exists),
    ];

    /// The operator of this name.
    pub fn named(word: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == word);
        found.map(|(_, operator)| *operator)
    }

    pub(super) fn read(word: &str) -> Result<Self, Problem> {
        Self::named(word).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name);
            unknown("op", "unknown-operator", word, &names)
        })
    }

    /// The operator's name in policies.
    pub fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, operator)| *operator == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether it compares the argument with a value.
    pub const fn takes_value(self) -> bool {
        !matches!(self, Self::HasLink | Self::HasNoLink)
    }

    /// Whether it forbids a value, so that it holds for an absent argument.
    pub(super) const fn forbids(self) -> bool {
        matches!(
            self,
            Self::Neq | Self::NotIn | Self::NotMatches | Self::HasNoLink
        )
    }
}

/// Which entries of a list have to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Each {
    /// At least one.
    Any,
    /// Every one.
    All,
}

impl Each {
    pub(super) fn read(word: Option<&str>) -> Result<Option<Self>, Problem> {
        match word {
            None => Ok(None),
            Some("any") => Ok(Some(Self::Any)),
            Some("all") => Ok(Some(Self::All)),
            Some(word) => Err(unknown("each", "bad-value", word, &["any", "all"])),
        }
    }
}

fn unknown(key: &'static str, code: &'static str, word: &str, known: &[&str]) -> Problem {
    let message = format!("{key} must be {}, got \"{}\"", one_of(known), shorten(word));
    let hint = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "docs/policy.md describes each of them".to_owned(),
    };
    Problem::new(key, code, message, hint)
}
