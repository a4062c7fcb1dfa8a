//! Presets, recipes and the index of keys in docs/policy.md, and docs/policy/recipes.md.

use std::{fs, path::PathBuf};

use whatsapp_guard::{backend::specs, policy};

use super::generated::Part;

/// The first keys of an operator's questions, in the order in which they come up.
const ORDER: [&str; 14] = [
    "version",
    "default",
    "risk",
    "tools",
    "rules",
    "hide",
    "toolsets",
    "lists",
    "recipients",
    "read",
    "media",
    "hours",
    "flow",
    "confirmation",
];

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "examples/policies", name]
        .iter()
        .collect()
}

/// The policies of a folder by name, in order: their text without the line for editors.
fn policies(name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(name)).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        if let Some(name) = file.strip_suffix(".toml")
            && !name.ends_with(".cases")
        {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.trim_start_matches("#:schema policy.schema.json\n");
            assert!(
                path.with_extension("cases.toml").exists(),
                "{name} has no cases"
            );
            found.push((name.to_owned(), text.to_owned()));
        }
    }
    found.sort();
    found
}

/// What the comment at the top of a policy says first.
fn about(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("# "));
    let comment: Vec<&str> = lines.collect();
    assert!(!comment.is_empty(), "a policy without a comment: {text}");
    comment.join(" ")
}

fn heading(name: &str) -> String {
    let words = name.replace('-', " ");
    words[..1].to_uppercase() + &words[1..]
}

fn part(file: &'static str, name: &str, text: String) -> Part {
    let (name, after) = (name.to_owned(), None);
    Part {
        file,
        name,
        text,
        after,
    }
}

pub fn parts() -> Vec<Part> {
    let (mut full, mut list) = (String::new(), String::new());
    for (name, text) in policies("recipes") {
        let heading = heading(&name);
        list += &format!(
            "* [{heading}](policy/recipes.md#{name}): {}\n",
            about(&text)
        );
        full += &format!(
            "## {heading}\n\n```toml\n{}\n```\n\n[{name}.toml](../../examples/policies/recipes/{name}.toml), \
             [its cases](../../examples/policies/recipes/{name}.cases.toml)\n\n",
            text.trim_end()
        );
    }
    let presets = policies("").into_iter().map(|(name, text)| {
        format!(
            "* [`{name}`](../examples/policies/{name}.toml): {}\n",
            about(&text)
        )
    });
    vec![
        part("docs/policy/recipes.md", "recipes", full),
        part("docs/policy.md", "recipe-list", list),
        part("docs/policy.md", "presets", presets.collect()),
        part("docs/policy.md", "keys", index()),
    ]
}

/// A line for each key of a file, with links to the keys in its table.
fn index() -> String {
    let keys = policy::keys(specs());
    let link = |path: &str, shown: &str| {
        let anchor = path.to_lowercase().replace('.', "");
        format!("[`{shown}`](#{anchor})")
    };
    let mut first: Vec<&(String, &str)> =
        keys.iter().filter(|(key, _)| !key.contains('.')).collect();
    let place = |key: &str| ORDER.iter().position(|known| *known == key);
    first.sort_by_key(|(key, _)| place(key).unwrap_or(ORDER.len()));
    let lines = first.into_iter().map(|(key, about)| {
        let below = keys.iter().filter_map(|(path, _)| {
            let inner = path.strip_prefix(&format!("{key}."))?;
            Some(link(path, inner))
        });
        let below: Vec<String> = below.collect();
        format!("| {} | {about} | {} |\n", link(key, key), below.join(" "))
    });
    format!(
        "| key | what it is for | keys in its table |\n| --- | --- | --- |\n{}",
        lines.collect::<String>()
    )
}
