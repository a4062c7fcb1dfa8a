//! The tools in README.md and docs/tools.md, from the catalogue.

use serde_json::{Map, Value};
use whatsapp_guard::{config::Kind, op};

use crate::docs::generated::Part;

const DOCS: &str = "docs/tools.md";

/// Each tool in the order of the catalogue, with the back ends that have it.
fn tools() -> Vec<(&'static op::Entry, Vec<&'static str>)> {
    let output = assert_cmd::Command::cargo_bin("whatsapp-guard")
        .unwrap()
        .args(["tools", "--json"])
        .output()
        .unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let has = |entry: &op::Entry, kind: &Kind| {
        let row = rows.iter().find(|row| row["name"] == entry.name).unwrap();
        let all = row["back_ends"].as_array().unwrap();
        all.iter().any(|one| one == kind.name())
    };
    op::catalogue()
        .iter()
        .map(|entry| {
            let kinds = Kind::ALL.into_iter().filter(|kind| has(entry, kind));
            (entry, kinds.map(|kind| kind.name()).collect())
        })
        .collect()
}

/// The table of tools and back ends in the README.
pub fn table() -> Vec<Part> {
    let kinds = Kind::ALL.map(|kind| kind.name());
    let mut text = format!("| tool | risk | {} |\n", kinds.join(" | "));
    text += &format!("| --- | --- |{}\n", " --- |".repeat(kinds.len()));
    for (entry, has) in tools() {
        let marks = kinds.map(|kind| if has.contains(&kind) { "yes" } else { "–" });
        text += &format!(
            "| `{}` | {} | {} |\n",
            entry.name,
            entry.risk,
            marks.join(" | ")
        );
    }
    vec![Part {
        file: "README.md",
        name: "tools".into(),
        text,
        after: None,
    }]
}

/// What docs/tools.md says of each tool first; the author writes the heading.
pub fn sections() -> Vec<Part> {
    let sections = tools().into_iter().map(|(entry, has)| {
        let schemas = (entry.schemas)();
        let mut text = format!("{}\n\n", schemas.description);
        let only = match has.len() == Kind::ALL.len() {
            true => String::new(),
            false => format!(" Only on {}.", has.join(" and ")),
        };
        text += &format!("Risk: {}.{only}\n\n", entry.risk);
        let arguments = arguments(&(entry.argument_schema)());
        if !arguments.is_empty() {
            text += &format!("{arguments}\n");
        }
        text += &format!(
            "Returns {}.",
            fields(&Value::Object((*schemas.output).clone()))
        );
        Part {
            file: DOCS,
            name: entry.name.into(),
            text,
            after: Some(format!("## {}", entry.name)),
        }
    });
    sections.collect()
}

/// A list of arguments, the required ones first.
fn arguments(schema: &Map<String, Value>) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let fields = schema.get("properties").and_then(Value::as_object);
    let mut fields: Vec<_> = fields.into_iter().flatten().collect();
    fields.sort_by_key(|(name, _)| !is_required(name));
    let lines = fields.into_iter().map(|(name, field)| {
        let mut notes = vec![
            if is_required(name) {
                "required"
            } else {
                "optional"
            }
            .to_owned(),
        ];
        notes.extend(bounds(field));
        format!(
            "* `{name}` ({}): {}\n",
            notes.join(", "),
            field["description"].as_str().unwrap()
        )
    });
    lines.collect()
}

/// The values that an argument accepts, where its schema bounds them.
fn bounds(field: &Value) -> Option<String> {
    let between = |least: &str, most: &str, unit: &str| {
        let most = field.get(most)?;
        Some(match field.get(least) {
            Some(least) => format!("{least} to {most}{unit}"),
            None => format!("at most {most}{unit}"),
        })
    };
    let words = field["enum"].as_array().map(|words| {
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("`{}`", word.as_str().unwrap()))
            .collect();
        words.join(", ")
    });
    words
        .or_else(|| between("minimum", "maximum", ""))
        .or_else(|| between("minLength", "maxLength", " characters"))
        .or_else(|| between("minItems", "maxItems", " items"))
}

/// The fields of an output, with those of objects and lists in it.
fn fields(schema: &Value) -> String {
    let names = schema["properties"].as_object().into_iter().flatten();
    let names = names.filter(|(name, _)| !["notice", "error"].contains(&name.as_str()));
    let names = names.map(|(name, field)| {
        let inner = [field, &field["items"], &field["items"]["anyOf"][0]]
            .into_iter()
            .find(|one| one["properties"].is_object());
        match inner {
            Some(inner) => format!("`{name}` ({})", fields(inner)),
            None => format!("`{name}`"),
        }
    });
    names.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_sections_are_in_the_order_of_the_catalogue() {
    let docs = include_str!("../../../docs/tools.md");
    let headings = docs.lines().filter_map(|line| line.strip_prefix("## "));
    let headings: Vec<&str> = headings
        .take_while(|heading| !heading.contains(' '))
        .collect();
    let names: Vec<&str> = op::catalogue().iter().map(|entry| entry.name).collect();
    assert_eq!(headings, names);
}
