//! What is written about policies: complete, and right as far as it can be tried.

use std::{collections::BTreeSet, fs, path::Path};

use whatsapp_guard::{
    backend::specs,
    policy::{self, Code, Policy},
};

pub const DOCS: &str = include_str!("../../../docs/policy.md");

/// The headings of a part.
fn headings(part: &str) -> BTreeSet<String> {
    let start = DOCS.find(&format!("\n## {part}\n")).unwrap() + 4;
    let text = &DOCS[start..];
    let text = &text[..text.find("\n## ").unwrap_or(text.len())];
    let all: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### ").map(str::to_owned))
        .collect();
    let unique: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(all.len(), unique.len(), "a heading of {part} stands twice");
    unique
}

fn agree(part: &str, code: &BTreeSet<String>) {
    let docs = headings(part);
    let lacking: Vec<_> = code.difference(&docs).collect();
    assert!(
        lacking.is_empty(),
        "docs/policy.md, {part}: lacks {lacking:?}"
    );
    let unknown: Vec<_> = docs.difference(code).collect();
    assert!(
        unknown.is_empty(),
        "docs/policy.md, {part}: there is no {unknown:?}"
    );
}

#[test]
fn each_key_has_a_heading() {
    let keys = policy::keys(specs()).into_iter();
    agree("Keys", &keys.map(|(key, _)| key).collect());
}

#[test]
fn each_section_of_a_key_begins_with_what_the_key_is_for() {
    for (key, about) in policy::keys(specs()) {
        let (_, section) = DOCS.split_once(&format!("\n### {key}\n\n")).unwrap();
        let words: Vec<&str> = section.split_whitespace().take(80).collect();
        assert!(words.join(" ").starts_with(about), "{key}: {about}");
    }
}

#[test]
fn each_code_of_a_refusal_has_a_heading() {
    for code in Code::ALL {
        let name = code.name();
        assert_eq!(serde_json::to_value(code).unwrap(), name);
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        );
    }
    let codes = Code::ALL.iter().map(|code| code.name().to_owned());
    agree("Refusals", &codes.collect());
}

#[test]
fn each_code_of_a_problem_has_a_heading() {
    let mut found = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy");
    look(&folder, &mut found);
    assert!(found.len() > 20, "{found:?}");
    agree("Problems in a file", &found);
}

/// Takes the codes from the code: short texts in small letters with a dash, and two words.
fn look(folder: &Path, found: &mut BTreeSet<String>) {
    let literal = regex::Regex::new(r#""([a-z]+(?:-[a-z]+)+|syntax|unreadable)""#).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The codes of refusals have a part of their own.
        let other = ["tests", "tests.rs", "code.rs"];
        if other.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            look(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let all = literal.captures_iter(text).map(|found| found[1].to_owned());
            found.extend(all);
        }
    }
}

/// The blocks of TOML, each with the line that it begins in.
pub fn blocks(document: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (index, line) in document.lines().enumerate() {
        match (line, inside) {
            ("```toml", false) => {
                blocks.push((index + 2, String::new()));
                inside = true;
            }
            ("```", true) => inside = false,
            (line, true) => {
                let (_, block) = blocks.last_mut().unwrap();
                block.push_str(line);
                block.push('\n');
            }
            (line, false) => assert!(!line.starts_with("```t"), "line {}", index + 1),
        }
    }
    blocks
}

#[test]
fn each_block_loads_without_a_warning() {
    let blocks = blocks(DOCS);
    assert!(blocks.len() > 15);
    for (line, block) in blocks {
        let text = match block.starts_with("version") {
            true => block,
            false => format!("version = \"1\"\n{block}"),
        };
        let policy = Policy::from_toml(specs(), "docs/policy.md", &text)
            .unwrap_or_else(|wrong| panic!("the block at line {line}:\n{wrong}"));
        assert!(
            policy.warnings.is_empty(),
            "the block at line {line}:\n{}",
            policy.warnings
        );
    }
}

#[test]
fn each_key_has_an_example_that_is_toml() {
    let start = DOCS.find("\n## Keys\n").unwrap();
    let end = DOCS.find("\n## Conditions\n").unwrap();
    for part in DOCS[start..end].split("\n### ").skip(1) {
        let (key, text) = part.split_once('\n').unwrap();
        let text = text.replace('\n', " ");
        if text.contains("```toml") {
            continue;
        }
        let (_, example) = text
            .split_once("example `")
            .unwrap_or_else(|| panic!("{key} has no example"));
        let (example, _) = example.split_once('`').unwrap();
        let table: toml::Table = toml::from_str(example)
            .unwrap_or_else(|wrong| panic!("{key}: `{example}` is no TOML: {wrong}"));
        let last = key.rsplit('.').next().unwrap();
        assert!(
            last.chars().all(char::is_uppercase)
                || ["tools", "read", "confirmation", "mode"].contains(&last)
                || table.contains_key(last),
            "{key}: `{example}` is about another key"
        );
    }
}
