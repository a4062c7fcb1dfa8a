//! The shape of `src`: imports between its top-level modules go down only, a type name
//! means one thing, and no file is long.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The floors from the top. A module imports from floors below its own, never from its
/// own floor or above.
const FLOORS: [&[&str]; 10] = [
    &["cli"],
    &["http", "reload"],
    &["mcp", "explain"],
    &["gate"],
    &["audit", "import"],
    &["policy", "backend"],
    &["toolset", "config", "kill_switch", "qr"],
    &["op", "ledger", "sessions"],
    &["clock", "state_dir", "media", "metrics"],
    &["text", "net", "shares", "stderr"],
];

const MAX_LINES: usize = 400;

/// Calls `visit` with the path below `src` and the text of each source file.
fn each_file(folder: &Path, visit: &mut dyn FnMut(&str, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, visit);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
            visit(path.strip_prefix(root).unwrap().to_str().unwrap(), &source);
        }
    }
}

fn source_files(mut visit: impl FnMut(&str, &str)) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    each_file(&src, &mut visit);
}

/// The top-level modules that a file names after `crate::`, each with its line. Grouped
/// and nested `use` trees count, and so do as many `super::` as lead to the root.
fn imports(path: &str, source: &str) -> Vec<(usize, String)> {
    let code: Vec<&str> = source
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .collect();
    let depth = path.trim_end_matches("/mod.rs").split('/').count();
    let code = code.join("\n").replace(&"super::".repeat(depth), "crate::");
    let mut found = Vec::new();
    for (start, root) in code.match_indices("crate::") {
        let (mut depth, mut at, mut expects) = (0, start + root.len(), true);
        for (length, c) in code[at..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ if c.is_whitespace() => continue,
                _ if expects && depth < 2 => {
                    let name: String = code[start + root.len() + length..]
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    at = start + root.len() + length;
                    found.push((code[..at].matches('\n').count() + 1, name));
                }
                _ => {}
            }
            expects = depth == 1 && matches!(c, '{' | ',');
            if depth == 0 {
                break;
            }
        }
    }
    found
}

#[test]
fn imports_go_down_only() {
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let mut wrong = Vec::new();
    source_files(|path, source| {
        let module = path.split('/').next().unwrap().trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            return;
        }
        let Some(own) = floor(module) else {
            return wrong.push(format!("src/{path}: `{module}` is on no floor"));
        };
        for (line, import) in imports(path, source) {
            // `super::*` in the tests of a file at the top names no module.
            if !import.is_empty()
                && import != module
                && floor(&import).is_none_or(|floor| floor <= own)
            {
                wrong.push(format!("src/{path}:{line}: {module} -> {import}"));
            }
        }
    });
    assert!(
        wrong.is_empty(),
        "imports that do not go down:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn nested_and_relative_imports_are_found() {
    let source =
        "use crate::{\n    audit::{Audit, Entry},\n    gate,\n};\nfn f() { super::mcp::x(); }";
    let found = imports("kill_switch.rs", source);
    let expected = [(2, "audit"), (3, "gate"), (5, "mcp")];
    assert_eq!(found, expected.map(|(line, name)| (line, name.to_owned())));
}

#[test]
fn a_type_name_is_defined_once() {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    source_files(|path, source| {
        if path.split(['/', '_', '.']).any(|part| part == "tests") {
            return;
        }
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in source.lines() {
            let line = line
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            let mut words = line
                .trim_start_matches("pub ")
                .split([' ', '<', '(', ';', ':']);
            if matches!(words.next(), Some("struct" | "enum" | "trait" | "type")) {
                let name = words.next().unwrap().to_owned();
                places.entry(name).or_default().insert(path.to_owned());
            }
        }
    });
    places.retain(|_, paths| paths.len() > 1);
    assert!(places.is_empty(), "defined more than once: {places:#?}");
}

#[test]
fn no_source_file_is_long() {
    source_files(|path, source| {
        let lines = source.lines().count();
        assert!(lines <= MAX_LINES, "src/{path} has {lines} lines");
    });
}
