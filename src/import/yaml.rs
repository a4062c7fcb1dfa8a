//! Reads YAML. Aliases are not followed, so that a small file cannot grow.

use std::collections::HashSet;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::Fatal;
use crate::policy::document::{MAX_DEPTH, Node, NodeValue, unnamed, written_twice};

/// A list or table that is not complete.
struct Open {
    start: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Table {
        fields: Vec<Node>,
        names: HashSet<String>,
        /// A key whose value has not been read.
        key: Option<(String, usize)>,
    },
}

pub(super) fn read(text: &str) -> Result<Node, Fatal> {
    // The parser counts characters.
    let bytes: Vec<usize> = text.char_indices().map(|(byte, _)| byte).collect();
    let byte = |marker: &Marker| bytes.get(marker.index()).copied().unwrap_or(text.len());
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fatal::at(byte(error.marker()), error.info()))?;
        let (start, end) = (byte(&span.start), byte(&span.end));
        let done = match event {
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Fatal::at(start, "the file has more than one document"));
            }
            Event::SequenceStart(_, tag) => {
                begin(&mut open, start, Content::List(Vec::new()), tag.is_some())?;
                continue;
            }
            Event::MappingStart(_, tag) => {
                let content = Content::Table {
                    fields: Vec::new(),
                    names: HashSet::new(),
                    key: None,
                };
                begin(&mut open, start, content, tag.is_some())?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open { start, content }) => unnamed(start..end, content.close()),
                None => continue,
            },
            Event::Alias(_) => unnamed(start..end, NodeValue::Other("an alias")),
            Event::Scalar(text, style, _, tag) => {
                unnamed(start..end, scalar(&text, style, tag.as_deref()))
            }
            _ => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.content.take(done)?,
            None => root = Some(done),
        }
    }
    root.ok_or_else(|| Fatal::at(0, "the file is empty"))
}

fn begin(open: &mut Vec<Open>, start: usize, content: Content, has_tag: bool) -> Result<(), Fatal> {
    if has_tag {
        return Err(Fatal::at(
            start,
            "tables and lists with tags are not supported",
        ));
    }
    if open.len() >= MAX_DEPTH {
        return Err(Fatal::at(start, "nested too deep"));
    }
    open.push(Open { start, content });
    Ok(())
}

impl Content {
    fn take(&mut self, node: Node) -> Result<(), Fatal> {
        match self {
            Self::List(items) => items.push(node),
            Self::Table { fields, names, key } => match key.take() {
                Some((name, start)) => fields.push(Node {
                    key: name.into(),
                    key_span: start..start,
                    ..node
                }),
                None => {
                    let start = node.span.start;
                    let name = match node.value {
                        NodeValue::Text(name) => name,
                        NodeValue::Integer(number) => number.to_string(),
                        other => {
                            let message = format!("a key must be text, got {}", other.kind());
                            return Err(Fatal::at(start, message));
                        }
                    };
                    if !names.insert(name.clone()) {
                        return Err(Fatal::at(start, written_twice(&name)));
                    }
                    *key = Some((name, start));
                }
            },
        }
        Ok(())
    }

    fn close(self) -> NodeValue {
        match self {
            Self::List(items) => NodeValue::List(items),
            Self::Table { fields, .. } => NodeValue::Table(fields),
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> NodeValue {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
            return NodeValue::Text(text.to_owned());
        }
        Some(_) => return NodeValue::Other("a value with a tag"),
        None => {}
    }
    if style != ScalarStyle::Plain {
        return NodeValue::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "true" | "True" | "TRUE" => NodeValue::Boolean(true),
        "false" | "False" | "FALSE" => NodeValue::Boolean(false),
        _ => match NodeValue::number(text) {
            Some(number) => number,
            None if is_other_number(text) => NodeValue::Other("a number that is not decimal"),
            None => NodeValue::Text(text.to_owned()),
        },
    }
}

/// Whether some readers of YAML take the text as a number: `0x1f`, `0o17`, `.inf`.
fn is_other_number(text: &str) -> bool {
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(bare.as_str(), ".inf" | ".nan")
        || ["0x", "0o", "0b"].iter().any(|start| {
            bare.strip_prefix(start)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
}
