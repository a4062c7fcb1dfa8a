//! What is asked of one value, made ready.

use std::{borrow::Cow, cmp::Ordering};

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::{
    At, Operand, Operator, Problem,
    plain::plain,
    values::{Number, Values, bad, both, number, too_long, wanted},
};

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1_000;

/// The most values of a list.
const MOST_VALUES: usize = 10_000;

/// The most memory that a compiled pattern may take, in bytes.
const LARGEST: usize = 1 << 20;

/// The longest text that a pattern looks at, in bytes; no message is longer.
const LONGEST_LOOK: usize = 1 << 18;

/// What is asked of one value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Exists(bool),
    Same(Values),
    Order(Number, fn(Ordering) -> bool),
    Matches(Regex),
    /// A part of a text, as written and in its plain form, or an entry of a list.
    Contains(Option<(Box<str>, Box<str>)>, Values),
}

impl Test {
    pub(super) fn new(operator: Operator, value: &Operand) -> Result<Self, Problem<At>> {
        match operator {
            Operator::Exists => match value {
                Operand::Boolean(wanted) => Ok(Self::Exists(*wanted)),
                value => Err(wanted(value, "true or false")),
            },
            Operator::Eq | Operator::Neq => Ok(Self::Same(Values::new([value])?)),
            Operator::In | Operator::NotIn => match value {
                Operand::List(values) if values.is_empty() => {
                    Err(bad("this list is empty", "write at least one value"))
                }
                Operand::List(values) if values.len() > MOST_VALUES => {
                    let message = format!("this list has {} values", values.len());
                    Err(too_long(
                        message,
                        format!("a list has at most {MOST_VALUES}"),
                    ))
                }
                Operand::List(values) => Ok(Self::Same(Values::new(values)?)),
                value => Err(wanted(value, "a list")),
            },
            Operator::Lt => Ok(Self::Order(number(value)?, Ordering::is_lt)),
            Operator::Lte => Ok(Self::Order(number(value)?, Ordering::is_le)),
            Operator::Gt => Ok(Self::Order(number(value)?, Ordering::is_gt)),
            Operator::Gte => Ok(Self::Order(number(value)?, Ordering::is_ge)),
            Operator::Matches | Operator::NotMatches => match value {
                Operand::Text(text) => pattern(text).map(Self::Matches),
                value => Err(wanted(value, "a regular expression as text")),
            },
            Operator::Contains => {
                let part = match value {
                    Operand::Text(text) if plain(text).is_empty() => {
                        return Err(bad(
                            "every text contains this",
                            "write what it has to contain",
                        ));
                    }
                    Operand::Text(text) => Some((text.as_str().into(), plain(text).into())),
                    _ => None,
                };
                Ok(Self::Contains(part, Values::new([value])?))
            }
        }
    }

    /// What it says of a value; nothing where there is doubt.
    pub(super) fn says(&self, value: &Value) -> Option<bool> {
        match self {
            Self::Exists(wanted) => Some(*wanted),
            Self::Same(values) => values.say(value),
            Self::Order(than, fits) => Number::of(value)?.than(*than).map(*fits),
            Self::Matches(regex) => {
                let text = value.as_str().filter(|text| text.len() <= LONGEST_LOOK)?;
                let found = regex.is_match(text);
                match plain(text) {
                    Cow::Borrowed(_) => Some(found),
                    Cow::Owned(plain) => (regex.is_match(&plain) == found).then_some(found),
                }
            }
            Self::Contains(part, _) => {
                let (written, plain) = part.as_ref()?;
                let text = value.as_str()?;
                both(
                    text,
                    |text| text.contains(&**written),
                    |text| text.contains(&**plain),
                )
            }
        }
    }

    /// Whether a list's entry is the value.
    pub(super) fn is_entry(&self, entry: &Value, in_doubt: bool) -> bool {
        matches!(self, Self::Contains(_, values) if values.say(entry).unwrap_or(in_doubt))
    }
}

fn pattern(text: &str) -> Result<Regex, Problem<At>> {
    if text.is_empty() {
        return Err(bad(
            "an empty pattern matches every text",
            "write what it has to match",
        ));
    }
    if text.len() > LONGEST_PATTERN {
        let message = format!("this pattern has {} bytes", text.len());
        return Err(too_long(
            message,
            format!("a pattern has at most {LONGEST_PATTERN}"),
        ));
    }
    if plain(text) != text {
        let plain = plain(text);
        return Err(Problem::new(
            At::Value,
            "bad-pattern",
            "this pattern has characters that texts are looked at without: hidden, wide or of several parts",
            format!("write {plain:?}, or `\\u{{…}}` for a character"),
        ));
    }
    compile(text).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Problem::new(
            At::Value,
            "too-long",
            "this pattern grows too large",
            "repeat less: `.{1,50}` counts fifty times, and `[a-z]` is smaller than `\\w`",
        ),
        error => {
            let told = error.to_string();
            let last = told.lines().last().unwrap_or_default();
            let cause = last.strip_prefix("error: ").unwrap_or(last);
            Problem::new(
                At::Value,
                "bad-pattern",
                format!("this is no regular expression: {cause}"),
                "look-around and back-references are not known; a backslash needs single quotes in TOML",
            )
        }
    })
}

pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
        .nest_limit(50)
        .build()
}
