//! What both formats are read into: values with their places.

use std::fmt;

use super::Unreadable;

/// The deepest nesting that is read.
pub(super) const DEEPEST: usize = 32;

/// Line and column, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) kind: Kind,
}

/// A key and its place.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) at: Place,
    pub(super) name: String,
}

/// A value of either format.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Table(Vec<(Key, Node)>),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Null,
    /// An alias, a tag: nothing that is carried over.
    Other(&'static str),
}

impl Place {
    pub(super) fn wrong(self, message: impl Into<String>) -> Unreadable {
        Unreadable {
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)
    }
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn fields(&self) -> Option<&[(Key, Self)]> {
        match &self.kind {
            Kind::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list; nothing at all is a list of nothing.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            Kind::Null => Some(&[]),
            _ => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let entries = self.fields()?;
        let (_, node) = entries.iter().find(|(key, _)| key.name == name)?;
        Some(node)
    }
}

impl Kind {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::List(_) => "a list",
            Self::Text(_) => "text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Null => "nothing",
            Self::Other(kind) => kind,
        }
    }
}

/// A number as either format writes it.
pub(super) fn number(text: &str) -> Option<Kind> {
    if let Ok(whole) = text.parse() {
        return Some(Kind::Integer(whole));
    }
    let written = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let number: f64 = text.parse().ok()?;
    (text.bytes().all(written) && number.is_finite()).then_some(Kind::Float(number))
}
