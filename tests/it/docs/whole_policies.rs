//! Each whole policy that is written here works for a newcomer: `check` calls it fine.

use std::{fs, path::Path};

use whatsapp_guard::{backend::specs, policy::Policy};

use crate::{
    app::command::{program, run_with_files},
    docs::policy::{DOCS, blocks},
};

const README: &str = include_str!("../../../README.md");

/// Checks a whole policy.
fn is_fine(whence: &str, text: &str) {
    let policy = Policy::from_toml(specs(), whence, text);
    let policy = policy.unwrap_or_else(|wrong| panic!("{whence}:\n{wrong}"));
    let (found, _) = policy.review();
    assert!(policy.warnings.is_empty(), "{whence}:\n{}", policy.warnings);
    assert!(found.is_empty(), "{whence}:\n{found}");
}

/// The indented blocks of a text.
fn indented(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(line) => *found.last_mut().unwrap() += &format!("{line}\n"),
            None if line.is_empty() && !found.last().unwrap().is_empty() => {
                *found.last_mut().unwrap() += "\n";
            }
            None => found.push(String::new()),
        }
    }
    found.retain(|block| !block.is_empty());
    found
}

#[test]
fn each_whole_policy_in_the_documents_is_fine() {
    let mut tried = 0;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for folder in [docs.join("policy"), docs] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            // A policy in full begins with its version, or with a comment.
            let whole = blocks(&text).into_iter();
            for (line, block) in whole.filter(|(_, block)| block.contains("version = \"1\"\n")) {
                is_fine(&format!("{}:{line}", path.display()), &block);
                tried += 1;
            }
        }
    }
    let readme = indented(README);
    for block in readme
        .iter()
        .filter(|block| block.starts_with("version = "))
    {
        is_fine("README.md", block);
        tried += 1;
    }
    assert!(tried > 4, "{tried}");
}

#[test]
fn each_recipe_is_fine_and_does_what_its_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies/recipes");
    for entry in fs::read_dir(folder).unwrap() {
        let cases = entry.unwrap().path();
        let Some(policy) = cases.to_str().unwrap().strip_suffix(".cases.toml") else {
            continue;
        };
        let policy = format!("{policy}.toml");
        let (mut check, _home) = program();
        let checked = check
            .args(["check", "--deny-warnings", &policy])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(checked.status.success(), "{policy}: {said}");
        let (mut test, _home) = program();
        let test = test.arg("test").arg(&cases).args(["--policy", &policy]);
        let tested = test.output().unwrap();
        let said = String::from_utf8_lossy(&tested.stdout).into_owned();
        assert!(tested.status.success(), "{policy}: {said}");
    }
}

#[test]
fn the_tutorial_does_what_it_shows() {
    let (_, text) = DOCS
        .split_once("\n## A policy for my family, in ten lines\n")
        .unwrap();
    let (text, _) = text.split_once("\n## ").unwrap();
    let (_, policy) = blocks(text).into_iter().next().unwrap();
    let lines = policy.lines().filter(|line| !line.is_empty());
    assert!(lines.count() <= 10, "{policy}");
    is_fine("the tutorial", &policy);
    let shown = indented(text);
    let cases = shown
        .iter()
        .find(|block| block.starts_with("[[case]]"))
        .unwrap();
    let (cases, _) = cases.split_once("$ ").unwrap();
    let files = [
        ("family.toml", policy.as_str()),
        ("family.cases.toml", cases),
    ];
    let mut ran_commands = 0;
    for block in &shown {
        for session in block.split("$ whatsapp-guard ").skip(1) {
            let (command, output) = session.split_once('\n').unwrap();
            let arguments = words(command);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ran = run_with_files(&files, &arguments);
            for line in output.lines().take_while(|line| *line != "…") {
                assert!(
                    line.is_empty() || ran.out.contains(line),
                    "{command}: {line}\n{}{}",
                    ran.out,
                    ran.err
                );
            }
            ran_commands += 1;
        }
    }
    assert_eq!(ran_commands, 4);
}

/// The words of a command, as a shell reads it; quoted words are in single quotes.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}
