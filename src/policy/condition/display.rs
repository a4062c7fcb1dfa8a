//! A condition in words.

use std::fmt;

use serde_json::Value;

use super::{Condition, Each, Operator, Predicate};
use crate::op::Untrusted;

/// The longest value that is shown, in characters.
const LONGEST: usize = 80;

/// How many values of a list are shown.
const SHOWN: usize = 3;

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = matches!(self.operator, Operator::Contains | Operator::Exists);
        let unsaid = (self.list && !whole).then_some(self.unsaid);
        match self.each.or(unsaid) {
            Some(Each::Any) => f.write_str("an entry of ")?,
            Some(Each::All) => f.write_str("each entry of ")?,
            None => {}
        }
        write!(f, "`{}` ", self.path.join("."))?;
        let words = match (self.operator, &self.predicate) {
            (_, Predicate::Exists(true)) => return f.write_str("is given"),
            (_, Predicate::Exists(false)) => return f.write_str("is omitted"),
            (Operator::HasLink, _) => return f.write_str("has a link"),
            (Operator::HasNoLink, _) => return f.write_str("has no link"),
            (Operator::Eq, _) => "is",
            (Operator::Neq, _) => "is not",
            (Operator::In, _) => "is one of",
            (Operator::NotIn, _) => "is none of",
            (Operator::Lt, _) => "is below",
            (Operator::Lte, _) => "is at most",
            (Operator::Gt, _) => "is above",
            (Operator::Gte, _) => "is at least",
            (Operator::Matches, _) => "matches",
            (Operator::NotMatches, _) => "does not match",
            (Operator::Contains | Operator::Exists, _) => "contains",
        };
        write!(f, "{words} {}", self.value)
    }
}

/// A value in words.
pub(super) fn value(of: &Value) -> String {
    match of {
        Value::String(text) => {
            let shown: String = text.chars().take(LONGEST).collect();
            let cut = if shown.len() < text.len() { "…" } else { "" };
            format!("`{}{cut}`", Untrusted::new(&shown))
        }
        Value::Array(values) => {
            let mut all: Vec<String> = values.iter().take(SHOWN).map(value).collect();
            if values.len() > SHOWN {
                all.push(format!("{} more", values.len() - SHOWN));
            }
            all.join(", ")
        }
        other => other.to_string(),
    }
}
