//! Values that an argument is held against.

use std::{cmp::Ordering, collections::HashSet};

use serde_json::Value;

use super::{At, Operand, Problem, check::kind_of, plain::plain};
use crate::op::{ChatId, PersonId};

/// The longest value, in bytes.
const LONGEST_TEXT: usize = 10_000;

/// Values that an argument is looked up in.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    texts: HashSet<Box<str>>,
    plain: HashSet<Box<str>>,
    numbers: Vec<Number>,
    flags: Vec<bool>,
    /// Whether one of the texts is a person by number.
    people: bool,
}

/// A number; whole ones are compared exactly.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Whole(i128),
    Fraction(f64),
}

impl Values {
    pub(super) fn new<'v>(
        values: impl IntoIterator<Item = &'v Operand>,
    ) -> Result<Self, Problem<At>> {
        let mut all = Self::default();
        for value in values {
            match value {
                Operand::Text(text) if text.len() > LONGEST_TEXT => {
                    let message = format!("this text has {} bytes", text.len());
                    return Err(too_long(
                        message,
                        format!("a value has at most {LONGEST_TEXT}"),
                    ));
                }
                Operand::Text(text) => {
                    all.people |= matches!(person(text), Some(person) if !person.is_hidden());
                    for text in spellings(text) {
                        all.plain.insert(plain(&text).into());
                        all.texts.insert(text.into());
                    }
                }
                Operand::Boolean(flag) => all.flags.push(*flag),
                Operand::List(_) => return Err(wanted(value, "a single value")),
                value => all.numbers.push(number(value)?),
            }
        }
        Ok(all)
    }

    /// Each of them, in every spelling, ids first.
    pub(super) fn each(&self) -> impl Iterator<Item = Value> {
        let mut texts: Vec<&str> = self.texts.iter().map(|text| &**text).collect();
        texts.sort_unstable_by_key(|text| (!text.contains('@'), *text));
        let texts = texts.into_iter().map(Value::from);
        let numbers = self.numbers.iter().map(|number| number.json());
        let flags = self.flags.iter().map(|flag| Value::from(*flag));
        texts.chain(numbers).chain(flags)
    }

    pub(super) fn say(&self, value: &Value) -> Option<bool> {
        match value {
            Value::String(text) if !self.texts.is_empty() => {
                let found = both(
                    text,
                    |text| self.texts.contains(text),
                    |text| self.plain.contains(text),
                );
                // A hidden identity may be that of anybody.
                found.filter(|found| *found || !self.people || !text.ends_with("@lid"))
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

    /// Itself, and the numbers beside it.
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

/// What is so of a text both as it is and in its plain form.
pub(super) fn both(
    text: &str,
    as_it_is: impl Fn(&str) -> bool,
    in_plain: impl Fn(&str) -> bool,
) -> Option<bool> {
    let one = as_it_is(text);
    let other = in_plain(&plain(text));
    (one == other).then_some(one)
}

/// A text as it is written, and as the id or the number that it may be.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    if let Ok(chat) = ChatId::parse(text) {
        if let ChatId::Person(person) = &chat
            && !person.is_hidden()
        {
            all.push(person.digits().to_owned());
        }
        all.push(chat.as_str().to_owned());
    }
    all
}

/// The person that a text may be.
pub(super) fn person(text: &str) -> Option<PersonId> {
    PersonId::parse(text).ok()
}

pub(super) fn number(value: &Operand) -> Result<Number, Problem<At>> {
    match value {
        Operand::Integer(number) => Ok(Number::Whole((*number).into())),
        Operand::Float(number) if number.is_finite() => Ok(Number::Fraction(*number)),
        Operand::Float(_) => Err(bad("this is no number", "write a number")),
        value => Err(wanted(value, "a number")),
    }
}

pub(super) fn wanted(value: &Operand, what: &str) -> Problem<At> {
    bad(
        &format!("this is {}", kind_of(value)),
        &format!("write {what}"),
    )
}

pub(super) fn bad(message: &str, hint: &str) -> Problem<At> {
    Problem::new(At::Value, "bad-value", message, hint)
}

pub(super) fn too_long(message: String, hint: String) -> Problem<At> {
    Problem::new(At::Value, "too-long", message, hint)
}
