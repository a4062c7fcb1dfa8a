//! The test of a condition, compiled.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::{
    Operator, Problem,
    link::has_link,
    plain::plain,
    similar::similar,
    values::{Number, Values, both, number, too_long, wanted, wrong},
};

/// The longest pattern, in bytes.
pub(crate) const MAX_PATTERN_BYTES: usize = 1_000;

/// The most values of a list.
pub(crate) const MAX_VALUES: usize = 10_000;

/// The most memory that a compiled pattern may use, in bytes.
const MAX_PATTERN_MEMORY: usize = 1 << 20;

/// The longest text that is searched for a pattern, in bytes; no message is longer.
const MAX_SEARCHED_BYTES: usize = 1 << 18;

/// The test of one value.
#[derive(Debug, Clone)]
pub(super) enum Predicate {
    Exists(bool),
    Same(Values),
    Order(Number, fn(Ordering) -> bool),
    Matches(Regex),
    Link,
    /// A part of a text, as written and in its plain form, or an entry of a list.
    Contains(Option<(Box<str>, Box<str>)>, Values),
}

impl Predicate {
    pub(super) fn new(operator: Operator, value: &Value) -> Result<Self, Problem> {
        match operator {
            Operator::Exists => match value {
                Value::Bool(wanted) => Ok(Self::Exists(*wanted)),
                value => Err(wanted(value, "true or false")),
            },
            Operator::Eq | Operator::Neq => Ok(Self::Same(Values::new([value])?)),
            Operator::In | Operator::NotIn => match value {
                Value::Array(values) if values.is_empty() => Err(wrong(
                    "value must have at least one entry, got an empty list",
                    "write at least one value",
                )),
                Value::Array(values) if values.len() > MAX_VALUES => {
                    Err(too_long("a list", values.len(), MAX_VALUES, "values"))
                }
                Value::Array(values) => Ok(Self::Same(Values::new(values)?)),
                value => Err(wanted(value, "a list")),
            },
            Operator::Lt => Ok(Self::Order(number(value)?, Ordering::is_lt)),
            Operator::Lte => Ok(Self::Order(number(value)?, Ordering::is_le)),
            Operator::Gt => Ok(Self::Order(number(value)?, Ordering::is_gt)),
            Operator::Gte => Ok(Self::Order(number(value)?, Ordering::is_ge)),
            Operator::Matches | Operator::NotMatches => match value {
                Value::String(text) => pattern(text).map(Self::Matches),
                value => Err(wanted(value, "a regular expression as text")),
            },
            Operator::HasLink | Operator::HasNoLink => match value {
                Value::Null => Ok(Self::Link),
                _ => Err(wrong("has_link and has_no_link take no value", "remove it")),
            },
            Operator::Contains => {
                let part = match value {
                    Value::String(text) if plain(text).is_empty() => {
                        let message = "value must not be empty: every text contains \"\"";
                        return Err(wrong(message, "write what the text has to contain"));
                    }
                    Value::String(text) => Some((text.as_str().into(), plain(text).into())),
                    _ => None,
                };
                Ok(Self::Contains(part, Values::new([value])?))
            }
        }
    }

    /// The result for a value; `None` in doubt.
    pub(super) fn test(&self, value: &Value) -> Option<bool> {
        match self {
            Self::Exists(wanted) => Some(*wanted),
            Self::Same(values) => values.test(value),
            Self::Order(than, fits) => Number::of(value)?.than(*than).map(*fits),
            Self::Matches(regex) => {
                let in_text = |text: &str| regex.is_match(text);
                found(searched(value)?, in_text, in_text)
            }
            Self::Link => found(searched(value)?, has_link, has_link),
            Self::Contains(part, _) => {
                let (written, plain) = part.as_ref()?;
                let text = value.as_str()?;
                found(
                    text,
                    |text| text.contains(&**written),
                    |text| text.contains(&**plain),
                )
            }
        }
    }

    /// Whether an entry of a list is the value.
    pub(super) fn is_entry(&self, entry: &Value, in_doubt: bool) -> bool {
        matches!(self, Self::Contains(_, values) if values.test(entry).unwrap_or(in_doubt))
    }
}

/// The text of a value, if it is not too long to be searched.
fn searched(value: &Value) -> Option<&str> {
    value
        .as_str()
        .filter(|text| text.len() <= MAX_SEARCHED_BYTES)
}

/// Whether something is found in a text: as it is and in its plain form, or `None` if only in
/// one of them, or only in what the text looks like.
fn found(
    text: &str,
    as_it_is: impl Fn(&str) -> bool,
    in_plain: impl Fn(&str) -> bool,
) -> Option<bool> {
    match both(text, as_it_is, &in_plain)? {
        false if similar(text).iter().any(|text| in_plain(text)) => None,
        found => Some(found),
    }
}

fn pattern(text: &str) -> Result<Regex, Problem> {
    if text.is_empty() {
        let message = "value must not be empty: an empty pattern matches every text";
        return Err(wrong(message, "write what the text has to match"));
    }
    if text.len() > MAX_PATTERN_BYTES {
        return Err(too_long(
            "a pattern",
            text.len(),
            MAX_PATTERN_BYTES,
            "bytes",
        ));
    }
    if plain(text) != text {
        let plain = plain(text);
        return Err(Problem::new(
            "value",
            "bad-pattern",
            "the pattern has characters that the plain form of a text never has (hidden, wide or composed)",
            format!("write {plain:?}, or `\\u{{…}}` for a character"),
        ));
    }
    compile(text).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Problem::new(
            "value",
            "too-long",
            "the compiled pattern is too large",
            "repeat less: `.{1,50}` counts fifty times, and `[a-z]` is smaller than `\\w`",
        ),
        error => {
            let shown = error.to_string();
            let last = shown.lines().last().unwrap_or_default();
            let cause = last.strip_prefix("error: ").unwrap_or(last);
            Problem::new(
                "value",
                "bad-pattern",
                format!("value is not a valid regular expression: {cause}"),
                "look-around and back-references are not supported; in TOML, write patterns with backslashes in single quotes",
            )
        }
    })
}

pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_PATTERN_MEMORY)
        .dfa_size_limit(MAX_PATTERN_MEMORY)
        .nest_limit(50)
        .build()
}
