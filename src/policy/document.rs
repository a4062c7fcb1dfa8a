//! A policy file as written: one tree for TOML and JSON (and YAML, see `import`). Each
//! value knows its key and where both stand in the text.

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    io,
    io::Read,
    ops::Range,
    path::Path,
    sync::Arc,
};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{ObjectProp, Value as JsonValue},
    common::Ranged,
    parse_to_ast,
};
use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Diagnostic;
use crate::{op::Untrusted, state_dir};

/// A range of the text, in bytes.
pub(crate) type Span = Range<usize>;

/// A value with its key.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The key; for an entry of a list `an entry of KEY`, and `the file` for the root.
    pub(crate) key: Arc<str>,
    /// Where the key stands; without a key the same as `span`.
    pub(crate) key_span: Span,
    pub(crate) span: Span,
    pub(crate) value: NodeValue,
}

/// A value of any of the formats.
#[derive(Debug, Clone)]
pub(crate) enum NodeValue {
    Table(Vec<Node>),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Null,
    /// A value that no policy uses, such as a date.
    Other(&'static str),
}

impl NodeValue {
    /// The kind of value, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::List(_) => "a list",
            Self::Text(_) => "text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Null => "null",
            Self::Other(kind) => kind,
        }
    }

    /// A number as JSON and YAML write it; `None` if the text is not a finite number.
    pub(crate) fn number(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse() {
            return Some(Self::Integer(whole));
        }
        let written = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let number: f64 = text.parse().ok()?;
        (text.bytes().all(written) && number.is_finite()).then_some(Self::Float(number))
    }
}

impl Node {
    /// The text, if it is text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values of a table.
    pub(crate) fn fields(&self) -> Option<&[Self]> {
        match &self.value {
            NodeValue::Table(fields) => Some(fields),
            _ => None,
        }
    }

    /// The value of a key of this table.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.fields()?.iter().find(|field| &*field.key == key)
    }

    /// The value as JSON; what JSON does not have becomes `null`.
    pub(crate) fn json(&self) -> Value {
        match &self.value {
            NodeValue::Text(text) => text.as_str().into(),
            NodeValue::Integer(number) => (*number).into(),
            NodeValue::Float(number) => (*number).into(),
            NodeValue::Boolean(value) => (*value).into(),
            NodeValue::List(items) => items.iter().map(Self::json).collect(),
            NodeValue::Table(fields) => fields
                .iter()
                .map(|field| (field.key.to_string(), field.json()))
                .collect(),
            NodeValue::Null | NodeValue::Other(_) => Value::Null,
        }
    }

    /// What was written, for messages: short values as they are, others by their kind.
    pub(crate) fn shown(&self) -> String {
        match &self.value {
            NodeValue::Text(text) => format!("\"{}\"", shorten(text)),
            NodeValue::Integer(number) => number.to_string(),
            NodeValue::Float(number) => format!("{number:?}"),
            NodeValue::Boolean(value) => value.to_string(),
            value => value.kind().to_owned(),
        }
    }
}

/// The first 60 characters of a text from a file, escaped.
pub(crate) fn shorten(text: &str) -> Untrusted {
    const LONGEST: usize = 60;
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(LONGEST).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    Untrusted::new(&short)
}

/// Finds line and column of a byte without reading all that comes before it.
pub(crate) struct Positions<'t> {
    text: &'t str,
    /// Line and column at each multiple of `STEP` bytes.
    marks: Vec<(usize, usize)>,
}

/// The bytes between two marks.
const STEP: usize = 1024;

impl<'t> Positions<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let mut marks = vec![(1, 1)];
        for chunk in text.as_bytes().chunks(STEP) {
            marks.extend(marks.last().map(|mark| advance(*mark, chunk)));
        }
        Self { text, marks }
    }

    /// Line and column of a byte, from 1, the column in characters.
    pub(crate) fn of(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let mark = self.marks.get(byte / STEP).copied().unwrap_or((1, 1));
        let rest = self.text.as_bytes().get(byte / STEP * STEP..byte);
        advance(mark, rest.unwrap_or_default())
    }
}

fn advance(from: (usize, usize), bytes: &[u8]) -> (usize, usize) {
    bytes.iter().fold(from, |(line, column), byte| match byte {
        b'\n' => (line + 1, 1),
        // The second and later bytes of a character.
        0x80..=0xbf => (line, column),
        _ => (line, column + 1),
    })
}

/// The largest file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The deepest nesting that is read.
pub(crate) const MAX_DEPTH: usize = 32;

/// Reads a file of at most 1 MiB, without waiting for anybody.
///
/// # Errors
/// Those of the file system, what is no regular file, text that is not UTF-8, a file that
/// is larger, and one that others may change or replace.
pub(super) fn read_file(path: &Path) -> io::Result<String> {
    // Opening a device can have an effect, so it is not opened.
    check_regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    // A named pipe may have taken the file's place, and opening one waits for its writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY)
            .bits()
            .cast_signed(),
    );
    let file = options.open(path)?;
    check_regular(&file.metadata()?)?;
    state_dir::check_not_for_others(path)?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    // Some editors put it before JSON and TOML, which know no such character.
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// Refuses folders, devices, pipes and sockets.
fn check_regular(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() {
        "it is a folder, not a file"
    } else {
        "it is a pipe, a socket or a device, not a regular file"
    };
    Err(io::Error::other(what))
}

/// The root of a document, or another value, before its parent names it.
pub(crate) fn unnamed(span: Span, value: NodeValue) -> Node {
    Node {
        key: "the file".into(),
        key_span: span.clone(),
        span,
        value,
    }
}

/// What the entries of a list have in place of a key.
fn entry_of(list: &str) -> Arc<str> {
    format!("an entry of {list}").into()
}

fn syntax(span: Span, message: impl Into<String>) -> Vec<Diagnostic> {
    vec![Diagnostic::error("syntax", span, message.into())]
}

/// Reads TOML.
pub(super) fn toml(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(unnamed(table.span(), from_table(table.get_ref())));
    }
    let end = text.len();
    let problems = errors.into_iter().flat_map(|error| {
        let span = error.span().unwrap_or(end..end);
        syntax(span, error.message())
    });
    Err(problems.collect())
}

fn from_table(table: &DeTable<'_>) -> NodeValue {
    let mut fields: Vec<Node> = table
        .iter()
        .map(|(key, value)| Node {
            key_span: key.span(),
            ..from_toml(key.get_ref().as_ref().into(), value)
        })
        .collect();
    fields.sort_by_key(|field| field.key_span.start);
    NodeValue::Table(fields)
}

fn from_toml(key: Arc<str>, value: &Spanned<DeValue<'_>>) -> Node {
    let found = match value.get_ref() {
        DeValue::String(text) => NodeValue::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => NodeValue::Integer(number),
            Err(_) => NodeValue::Other("a number that is too large"),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => NodeValue::Float(number),
            Err(_) => NodeValue::Other("a number that is not valid"),
        },
        DeValue::Boolean(value) => NodeValue::Boolean(*value),
        DeValue::Datetime(_) => NodeValue::Other("a date"),
        DeValue::Array(items) => {
            let entry = entry_of(&key);
            let items = items.iter().map(|item| from_toml(entry.clone(), item));
            NodeValue::List(items.collect())
        }
        DeValue::Table(table) => from_table(table),
    };
    Node {
        key,
        ..unnamed(value.span(), found)
    }
}

/// Reads JSON strictly: no comments, no trailing commas, no key twice, at most 32 levels.
pub(crate) fn json(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let strict = ParseOptions {
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
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict).map_err(|error| {
        let (start, end) = (error.range().start, error.range().end);
        syntax(start..end.max(start), error.kind().to_string())
    })?;
    match parsed.value {
        Some(value) => from_json("the file".into(), &value, 0),
        None => Err(syntax(0..text.len(), "the file is empty")),
    }
}

fn from_json(key: Arc<str>, value: &JsonValue<'_>, depth: usize) -> Result<Node, Vec<Diagnostic>> {
    let span = value.range().start..value.range().end;
    if depth > MAX_DEPTH {
        return Err(syntax(span, "nested too deep"));
    }
    let found = match value {
        JsonValue::StringLit(text) => NodeValue::Text(text.value.to_string()),
        JsonValue::NumberLit(number) => NodeValue::number(number.value)
            .unwrap_or(NodeValue::Other("a number that is too large")),
        JsonValue::BooleanLit(literal) => NodeValue::Boolean(literal.value),
        JsonValue::NullKeyword(_) => NodeValue::Null,
        JsonValue::Array(array) => {
            let (entry, items) = (entry_of(&key), array.elements.iter());
            let items = items.map(|item| from_json(entry.clone(), item, depth + 1));
            NodeValue::List(items.collect::<Result<_, _>>()?)
        }
        JsonValue::Object(object) => {
            let mut names = HashSet::new();
            let fields = object.properties.iter().map(|property: &ObjectProp<'_>| {
                let (name, range) = (property.name.as_str(), property.name.range());
                let key_span = range.start..range.end;
                if !names.insert(name) {
                    return Err(syntax(key_span, written_twice(name)));
                }
                let field = from_json(name.into(), &property.value, depth + 1)?;
                Ok(Node { key_span, ..field })
            });
            NodeValue::Table(fields.collect::<Result<_, _>>()?)
        }
    };
    Ok(Node {
        key,
        ..unnamed(span, found)
    })
}

/// The complaint about a key that a table has twice.
pub(crate) fn written_twice(key: &str) -> String {
    format!("`{}` is written twice", shorten(key))
}
