//! A policy as written: one tree for TOML and JSON, each node with its place.

use std::{fs::File, io, io::Read, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Diagnostic, condition::Operand};

/// A place in the text, in bytes.
pub(super) type Span = Range<usize>;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Raw,
}

/// A value of either format.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Table(Vec<(Key, Node)>),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A date, `null`: nothing that a policy has a use for.
    Other(&'static str),
}

/// A key and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub(super) span: Span,
    pub(super) name: String,
}

impl Raw {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::List(_) => "a list",
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "true or false",
            Self::Other(kind) => kind,
        }
    }
}

impl Node {
    /// The value as something that arguments are held against.
    pub(super) fn operand(&self) -> Option<Operand> {
        Some(match &self.value {
            Raw::Text(text) => Operand::Text(text.clone()),
            Raw::Integer(number) => Operand::Integer(*number),
            Raw::Float(number) => Operand::Float(*number),
            Raw::Boolean(value) => Operand::Boolean(*value),
            Raw::List(items) => {
                Operand::List(items.iter().map(Self::operand).collect::<Option<_>>()?)
            }
            Raw::Table(_) | Raw::Other(_) => return None,
        })
    }

    /// The value as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        match &self.value {
            Raw::Text(text) => text.as_str().into(),
            Raw::Integer(number) => (*number).into(),
            Raw::Float(number) => (*number).into(),
            Raw::Boolean(value) => (*value).into(),
            Raw::List(items) => items.iter().map(Self::json).collect(),
            Raw::Table(entries) => entries
                .iter()
                .map(|(key, node)| (key.name.clone(), node.json()))
                .collect(),
            Raw::Other(_) => serde_json::Value::Null,
        }
    }
}

/// The largest policy file that is read.
const LARGEST: u64 = 1024 * 1024;

/// The deepest nesting that is read.
const DEEPEST: usize = 32;

pub(super) fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

pub(super) fn toml(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node {
            span: table.span(),
            value: from_table(table.get_ref()),
        });
    }
    Err(errors
        .into_iter()
        .map(|error| {
            let end = text.len();
            let span = error.span().unwrap_or(end..end);
            Diagnostic::error("syntax", span, error.message().to_owned())
        })
        .collect())
}

fn from_table(table: &DeTable<'_>) -> Raw {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let key = Key {
                span: key.span(),
                name: key.get_ref().to_string(),
            };
            (key, from_toml(value))
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    Raw::Table(entries)
}

fn from_toml(value: &Spanned<DeValue<'_>>) -> Node {
    let raw = match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Raw::Integer(number),
            Err(_) => Raw::Other("a number that is too large"),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Raw::Float(number),
            Err(_) => Raw::Other("a number that cannot be read"),
        },
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(items) => Raw::List(items.iter().map(from_toml).collect()),
        DeValue::Table(table) => from_table(table),
    };
    Node {
        span: value.span(),
        value: raw,
    }
}

pub(super) fn json(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let strict = jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let end = text.len();
    let parsed =
        jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict)
            .map_err(|error| {
                let at = error.range().start;
                vec![Diagnostic::error(
                    "syntax",
                    at..error.range().end.max(at),
                    error.kind().to_string(),
                )]
            })?;
    match parsed.value {
        Some(value) => from_json(&value, 0),
        None => Err(vec![Diagnostic::error(
            "syntax",
            0..end,
            "the file is empty".into(),
        )]),
    }
}

fn from_json(value: &jsonc_parser::ast::Value<'_>, depth: usize) -> Result<Node, Vec<Diagnostic>> {
    use jsonc_parser::{ast::Value, common::Ranged};

    let range = value.range();
    let span = range.start..range.end;
    if depth > DEEPEST {
        return Err(vec![Diagnostic::error(
            "syntax",
            span,
            "nested too deep".into(),
        )]);
    }
    let raw = match value {
        Value::StringLit(text) => Raw::Text(text.value.to_string()),
        Value::NumberLit(number) => match number.value.parse() {
            Ok(number) => Raw::Integer(number),
            Err(_) => match number.value.parse() {
                Ok(number) => Raw::Float(number),
                Err(_) => Raw::Other("a number that cannot be read"),
            },
        },
        Value::BooleanLit(literal) => Raw::Boolean(literal.value),
        Value::NullKeyword(_) => Raw::Other("null"),
        Value::Array(array) => Raw::List(
            array
                .elements
                .iter()
                .map(|item| from_json(item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(object) => {
            let mut entries: Vec<(Key, Node)> = Vec::new();
            for property in &object.properties {
                let range = property.name.range();
                let key = Key {
                    span: range.start..range.end,
                    name: property.name.as_str().to_owned(),
                };
                if entries.iter().any(|(known, _)| known.name == key.name) {
                    let message = format!("`{}` is written twice", key.name);
                    return Err(vec![Diagnostic::error("syntax", key.span, message)]);
                }
                entries.push((key, from_json(&property.value, depth + 1)?));
            }
            Raw::Table(entries)
        }
    };
    Ok(Node { span, value: raw })
}
