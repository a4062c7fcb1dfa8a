//! The values of a condition that an argument is compared with.

use std::{cmp::Ordering, collections::HashSet};

use serde_json::Value;

use super::{Problem, plain::plain};
use crate::{
    op::{ChatId, PersonId},
    policy::document::shorten,
};

/// The longest text of a condition, in bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 10_000;

/// A set of values.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    texts: HashSet<Box<str>>,
    plain: HashSet<Box<str>>,
    numbers: Vec<Number>,
    flags: Vec<bool>,
    /// Whether one of the texts is a person's number.
    people: bool,
}

/// A number; whole ones are compared exactly.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Whole(i128),
    Fraction(f64),
}

impl Values {
    pub(super) fn new<'v>(values: impl IntoIterator<Item = &'v Value>) -> Result<Self, Problem> {
        let mut all = Self::default();
        for value in values {
            match value {
                Value::String(text) if text.len() > MAX_TEXT_BYTES => {
                    return Err(too_long("a text", text.len(), MAX_TEXT_BYTES, "bytes"));
                }
                Value::String(text) => {
                    all.people |= matches!(person(text), Some(person) if !person.is_hidden());
                    for text in spellings(text) {
                        all.plain.insert(plain(&text).into());
                        all.texts.insert(text.into());
                    }
                }
                Value::Bool(flag) => all.flags.push(*flag),
                Value::Array(_) | Value::Object(_) | Value::Null => {
                    return Err(wanted(value, "a single value"));
                }
                value => all.numbers.push(number(value)?),
            }
        }
        Ok(all)
    }

    /// All values, ids and numbers in every spelling, ids first.
    pub(super) fn each(&self) -> impl Iterator<Item = Value> {
        let mut texts: Vec<&str> = self.texts.iter().map(|text| &**text).collect();
        texts.sort_unstable_by_key(|text| (!text.contains('@'), *text));
        let texts = texts.into_iter().map(Value::from);
        let numbers = self.numbers.iter().map(|number| number.json());
        let flags = self.flags.iter().map(|flag| Value::from(*flag));
        texts.chain(numbers).chain(flags)
    }

    /// Whether a value is one of them; `None` in doubt.
    pub(super) fn test(&self, value: &Value) -> Option<bool> {
        match value {
            Value::String(text) if !self.texts.is_empty() => {
                let found = both(
                    text,
                    |text| self.texts.contains(text),
                    |text| self.plain.contains(text),
                );
                // The person behind a hidden id is unknown.
                found.filter(|found| *found || !self.people || !is_hidden_person(text))
            }
            Value::Bool(flag) if !self.flags.is_empty() => Some(self.flags.contains(flag)),
            Value::Number(_) if !self.numbers.is_empty() => {
                let number = Number::of(value)?;
                Some(
                    self.numbers
                        .iter()
                        .any(|known| number.than(*known) == Some(Ordering::Equal)),
                )
            }
            _ => None,
        }
    }
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else {
            return None;
        };
        let whole = number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from));
        whole
            .map(Self::Whole)
            .or_else(|| number.as_f64().map(Self::Fraction))
    }

    pub(super) fn than(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(&other)),
            (one, other) => one.fraction().partial_cmp(&other.fraction()),
        }
    }

    /// The number, and those next to it.
    pub(super) fn around(self) -> Vec<Value> {
        match self {
            Self::Whole(number) => [number - 1, number, number + 1]
                .map(|number| Self::Whole(number).json())
                .to_vec(),
            Self::Fraction(number) => vec![
                Value::from(number - 1.0),
                Value::from(number),
                Value::from(number + 1.0),
            ],
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Whole(number) => i64::try_from(number).map_or(Value::Null, Value::from),
            Self::Fraction(number) => Value::from(number),
        }
    }

    fn fraction(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Fraction(number) => number,
        }
    }
}

/// The result for a text as it is and for its plain form; `None` if they differ.
pub(super) fn both(
    text: &str,
    as_it_is: impl Fn(&str) -> bool,
    in_plain: impl Fn(&str) -> bool,
) -> Option<bool> {
    let one = as_it_is(text);
    let other = in_plain(&plain(text));
    (one == other).then_some(one)
}

/// A text as it is, and in the other spellings of the id or number that it may be.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    if let Ok(chat) = ChatId::parse(text) {
        if let ChatId::Person(person) = &chat
            && !person.is_hidden()
        {
            for person in person.spellings() {
                all.push(person.local().to_owned());
                all.push(person.as_str().to_owned());
            }
        }
        all.push(chat.as_str().to_owned());
    }
    all
}

/// Whether a text names a person without the number.
fn is_hidden_person(text: &str) -> bool {
    text.contains('@') && person(text).is_some_and(|person| person.is_hidden())
}

/// The person that a text stands for.
pub(super) fn person(text: &str) -> Option<PersonId> {
    PersonId::parse(text).ok()
}

/// The number of a condition that compares numbers.
pub(super) fn number(value: &Value) -> Result<Number, Problem> {
    Number::of(value).ok_or_else(|| wanted(value, "a number"))
}

/// The complaint about a value of the wrong type.
pub(super) fn wanted(value: &Value, allowed: &str) -> Problem {
    let message = format!("value must be {allowed}, got {}", shown(value));
    Problem::new("value", "bad-value", message, format!("write {allowed}"))
}

/// A value for messages.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shorten(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a table".to_owned(),
        value => value.to_string(),
    }
}

pub(super) fn wrong(message: &str, hint: &str) -> Problem {
    Problem::new("value", "bad-value", message, hint)
}

pub(super) fn too_long(what: &str, size: usize, most: usize, unit: &str) -> Problem {
    let message = format!("value: {what} has at most {most} {unit}, got {size}");
    Problem::new("value", "too-long", message, "shorten it")
}
