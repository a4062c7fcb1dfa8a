//! JSON, read strictly.

use std::collections::HashSet;

use jsonc_parser::{CollectOptions, ParseOptions, ast::Value, common::Ranged, parse_to_ast};

use super::{
    Unreadable, shown,
    tree::{DEEPEST, Key, Kind, Node, Place, number},
};

/// Turns bytes into places, as long as they are asked for in their order.
struct Places<'a> {
    rest: &'a str,
    byte: usize,
    now: Place,
}

pub(super) fn read(text: &str) -> Result<Node, Unreadable> {
    let mut places = Places {
        rest: text,
        byte: 0,
        now: Place { line: 1, column: 1 },
    };
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
    match parse_to_ast(text, &CollectOptions::default(), &strict) {
        Ok(parsed) => match parsed.value {
            Some(value) => node(&value, &mut places, 0),
            None => Err(places.now.wrong("the file is empty")),
        },
        Err(error) => {
            let at = places.at(error.range().start);
            Err(at.wrong(error.kind().to_string()))
        }
    }
}

fn node(value: &Value<'_>, places: &mut Places<'_>, depth: usize) -> Result<Node, Unreadable> {
    let at = places.at(value.range().start);
    if depth > DEEPEST {
        return Err(at.wrong("nested too deep"));
    }
    let kind = match value {
        Value::StringLit(text) => Kind::Text(text.value.to_string()),
        Value::NumberLit(digits) => {
            number(digits.value).unwrap_or(Kind::Other("a number that is too large"))
        }
        Value::BooleanLit(literal) => Kind::Boolean(literal.value),
        Value::NullKeyword(_) => Kind::Null,
        Value::Array(array) => Kind::List(
            array
                .elements
                .iter()
                .map(|item| node(item, places, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(object) => {
            let mut entries = Vec::new();
            let mut names = HashSet::new();
            for property in &object.properties {
                let key = Key {
                    at: places.at(property.name.range().start),
                    name: property.name.as_str().to_owned(),
                };
                if !names.insert(key.name.clone()) {
                    let message = format!("`{}` is written twice", shown(&key.name));
                    return Err(key.at.wrong(message));
                }
                entries.push((key, node(&property.value, places, depth + 1)?));
            }
            Kind::Table(entries)
        }
    };
    Ok(Node { at, kind })
}

impl Places<'_> {
    fn at(&mut self, byte: usize) -> Place {
        let ahead = byte.saturating_sub(self.byte);
        if let Some((passed, rest)) = self.rest.split_at_checked(ahead) {
            for letter in passed.chars() {
                if letter == '\n' {
                    self.now = Place {
                        line: self.now.line + 1,
                        column: 1,
                    };
                } else {
                    self.now.column += 1;
                }
            }
            self.rest = rest;
            self.byte += ahead;
        }
        self.now
    }
}
