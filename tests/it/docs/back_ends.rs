//! The back ends in the documents and in `compose.yaml`, from the table of back ends.

use whatsapp_guard::{
    backend::specs,
    config::{BackendSpec, KeyPresence},
};

use crate::docs::generated::Part;

const POLICY: &str = include_str!("../../../docs/policy.md");
const COMPOSE: &str = include_str!("../../../compose.yaml");

/// The row of a back end in the README.
fn row(spec: &BackendSpec) -> String {
    let keys = spec.keys.iter().map(|key| match key.presence {
        KeyPresence::Required => format!("`{}`", key.variable),
        KeyPresence::Optional => format!("`{}` (optional)", key.variable),
        KeyPresence::Default(value) => format!("`{}` (default `{value}`)", key.variable),
    });
    let keys = match spec.is_simulated() {
        true => "none".to_owned(),
        false => keys.collect::<Vec<_>>().join(", "),
    };
    format!("| {} | `{}` | {keys} |\n", spec.title, spec.name)
}

/// The table of back ends and their configuration in the README.
pub fn table() -> Vec<Part> {
    let mut text = "| back end | `--backend` | environment |\n| --- | --- | --- |\n".to_owned();
    text.extend(specs().iter().copied().map(row));
    vec![Part {
        file: "README.md",
        name: "back-ends".into(),
        text,
        after: None,
    }]
}

#[test]
fn the_policy_reference_names_each_word_that_can_pause() {
    let (_, text) = POLICY.split_once("\n### health.pause_on\n").unwrap();
    let (text, _) = text.split_once("\n### ").unwrap();
    for spec in specs() {
        for state in spec.states.iter().filter(|state| state.can_pause) {
            assert!(
                text.contains(&format!("`{}`", state.word)),
                "{}",
                state.word
            );
        }
    }
}

#[test]
fn the_policy_reference_names_the_back_ends() {
    let (_, text) = POLICY.split_once("\n### accounts.NAME.backend\n").unwrap();
    let (text, _) = text.split_once("\n### ").unwrap();
    for spec in specs() {
        assert!(text.contains(&format!("`{}`", spec.name)), "{}", spec.name);
    }
}

#[test]
fn compose_sets_variables_of_the_back_end_that_it_starts() {
    let (_, guard) = COMPOSE.split_once("\n  guard:\n").unwrap();
    let (_, environment) = guard.split_once("    environment:\n").unwrap();
    let lines = environment
        .lines()
        .map_while(|line| line.strip_prefix("      "));
    let set: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    let started = specs()
        .iter()
        .find(|spec| guard.contains(&format!("\"--backend\", \"{}\"", spec.name)));
    let started = started.expect("a back end of the table");
    assert!(!set.is_empty());
    for (name, _) in &set {
        let name = name.strip_suffix("_FILE").unwrap_or(name);
        assert!(
            started.keys.iter().any(|key| key.variable == name),
            "{name}"
        );
    }
    for key in started.keys.iter().filter(|key| key.is_required()) {
        assert!(
            set.iter().any(|(name, _)| *name == key.variable),
            "{}",
            key.variable
        );
    }
}
