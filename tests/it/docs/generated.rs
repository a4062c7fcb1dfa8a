//! Parts of the documents that are generated from the code. They are between
//! `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
//!
//! `UPDATE_DOCS=1 cargo test --test it -- docs::generated` rewrites them.

use std::{fs, path::PathBuf};

use crate::docs::{back_ends, recipes, tools};

/// A part of a document: the file, the name of the part, and its text.
pub struct Part {
    pub file: &'static str,
    pub name: String,
    pub text: String,
    /// The line that the part follows when it is not in the file yet.
    pub after: Option<String>,
}

/// All parts. To add one, add a function that makes it, and its markers in the file.
fn parts() -> Vec<Part> {
    let fixed = [back_ends::table(), tools::table(), tools::sections()];
    let fixed = fixed.into_iter().flatten();
    fixed.chain(recipes::parts()).collect()
}

fn markers(name: &str) -> (String, String) {
    (
        format!("<!-- generated: {name} -->\n"),
        format!("<!-- end of {name} -->\n"),
    )
}

/// The document with the part in its place; `None` when it has no place for it.
fn with(document: &str, part: &Part) -> Option<String> {
    let (begin, end) = markers(&part.name);
    let text = format!("{begin}{}\n{end}", part.text.trim_end());
    if let Some((before, rest)) = document.split_once(&begin) {
        let (_, after) = rest.split_once(&end)?;
        return Some(format!("{before}{text}{after}"));
    }
    let line = format!("{}\n", part.after.as_ref()?);
    let (before, after) = document.split_once(&line)?;
    Some(format!("{before}{line}\n{text}{after}"))
}

#[test]
fn generated_parts_are_up_to_date() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let parts = parts();
    let mut files: Vec<&str> = parts.iter().map(|part| part.file).collect();
    files.sort_unstable();
    files.dedup();
    for file in files {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
        let old = fs::read_to_string(&path).unwrap();
        let mut new = old.clone();
        for part in parts.iter().filter(|part| part.file == file) {
            new = with(&new, part).unwrap_or_else(|| match &part.after {
                Some(line) => panic!("{file} has no line `{line}`"),
                None => panic!("{file} has no part `{}`", part.name),
            });
        }
        for line in new
            .lines()
            .filter_map(|line| line.strip_prefix("<!-- generated: "))
        {
            let name = line.trim_end_matches(" -->");
            let known = parts
                .iter()
                .any(|part| part.file == file && part.name == name);
            assert!(known, "{file}: nothing generates `{name}`");
        }
        if update {
            fs::write(&path, new).unwrap();
        } else {
            assert!(
                old == new,
                "{file} is out of date: run UPDATE_DOCS=1 cargo test --test it -- docs::generated"
            );
        }
    }
}
