//! A policy as written: one tree for TOML and JSON, each node with its place.

use std::{fs::File, io, io::Read, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Diagnostic;

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
    Boolean(bool),
    /// A number with a fraction, a date, `null`: nothing that a policy has a use for.
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
            Self::Boolean(_) => "true or false",
            Self::Other(kind) => kind,
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
        DeValue::Float(_) => Raw::Other("a number with a fraction"),
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
            Err(_) => Raw::Other("a number with a fraction"),
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
