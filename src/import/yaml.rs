//! YAML: events put together to a tree. Aliases are not followed, so nothing can grow.

use std::collections::HashSet;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::{
    Unreadable,
    tree::{DEEPEST, Key, Kind, Node, Place, number},
};

/// A list or table that is not closed yet.
struct Open {
    at: Place,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Table {
        entries: Vec<(Key, Node)>,
        names: HashSet<String>,
        key: Option<Key>,
    },
}

pub(super) fn read(text: &str) -> Result<Node, Unreadable> {
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| place(error.marker()).wrong(error.info().to_owned()))?;
        let at = place(&span.start);
        let done = match event {
            Event::DocumentStart(_) if root.is_some() => {
                return Err(at.wrong("the file holds more than one document"));
            }
            Event::SequenceStart(_, tag) => {
                begin(&mut open, at, Content::List(Vec::new()), tag.is_some())?;
                continue;
            }
            Event::MappingStart(_, tag) => {
                let content = Content::Table {
                    entries: Vec::new(),
                    names: HashSet::new(),
                    key: None,
                };
                begin(&mut open, at, content, tag.is_some())?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(closed) => closed.close(),
                None => continue,
            },
            Event::Alias(_) => Node {
                at,
                kind: Kind::Other("an alias"),
            },
            Event::Scalar(text, style, _, tag) => Node {
                at,
                kind: scalar(&text, style, tag.as_deref()),
            },
            _ => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.take(done)?,
            None => root = Some(done),
        }
    }
    let start = Place { line: 1, column: 1 };
    root.ok_or_else(|| start.wrong("the file is empty"))
}

fn begin(
    open: &mut Vec<Open>,
    at: Place,
    content: Content,
    tagged: bool,
) -> Result<(), Unreadable> {
    if tagged {
        return Err(at.wrong("a table or list with a tag is not read"));
    }
    if open.len() >= DEEPEST {
        return Err(at.wrong("nested too deep"));
    }
    open.push(Open { at, content });
    Ok(())
}

impl Open {
    fn take(&mut self, node: Node) -> Result<(), Unreadable> {
        match &mut self.content {
            Content::List(items) => items.push(node),
            Content::Table {
                entries,
                names,
                key,
            } => match key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let name = match node.kind {
                        Kind::Text(name) => name,
                        Kind::Integer(number) => number.to_string(),
                        other => {
                            let message = format!("a key is {}, and has to be text", other.name());
                            return Err(node.at.wrong(message));
                        }
                    };
                    if !names.insert(name.clone()) {
                        let message = format!("`{}` is written twice", super::shown(&name));
                        return Err(node.at.wrong(message));
                    }
                    *key = Some(Key { at: node.at, name });
                }
            },
        }
        Ok(())
    }

    fn close(self) -> Node {
        let kind = match self.content {
            Content::List(items) => Kind::List(items),
            Content::Table { entries, .. } => Kind::Table(entries),
        };
        Node { at: self.at, kind }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Kind {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
            return Kind::Text(text.to_owned());
        }
        Some(_) => return Kind::Other("a value with a tag"),
        None => {}
    }
    if style != ScalarStyle::Plain {
        return Kind::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Boolean(true),
        "false" | "False" | "FALSE" => Kind::Boolean(false),
        _ => match number(text) {
            Some(number) => number,
            None if odd_number(text) => Kind::Other("a number that is not written in tens"),
            None => Kind::Text(text.to_owned()),
        },
    }
}

/// `0x1f`, `0o17`, `.inf`: numbers to some readers of YAML.
fn odd_number(text: &str) -> bool {
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(bare.as_str(), ".inf" | ".nan")
        || ["0x", "0o", "0b"].iter().any(|start| {
            bare.strip_prefix(start)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}
