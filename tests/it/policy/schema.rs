//! The JSON Schema of policies accepts what the reader accepts, and refuses wrong shapes.

use std::{fs, path::Path};

use serde_json::{Value, json};
use whatsapp_guard::{
    backend::specs,
    policy::{self, DEFAULT},
};

use super::{
    mistakes::{file, wrong_values},
    reader::BROKEN,
};
use crate::{
    app::{command::run, json_schema::violations},
    docs::policy::{DOCS, blocks},
};

fn faults(policy: &Value) -> Vec<String> {
    violations(&policy::schema(specs()), policy)
}

fn toml_faults(text: &str) -> Vec<String> {
    let policy: toml::Table = toml::from_str(text).unwrap();
    faults(&serde_json::to_value(policy).unwrap())
}

#[test]
fn the_committed_schema_is_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy.schema.json");
    let ran = run(&["schema"], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &ran.out).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let how = "UPDATE_DOCS=1 cargo test --test it -- policy::schema";
    assert!(
        committed == ran.out,
        "policy.schema.json is out of date: run {how}"
    );
}

#[test]
fn each_policy_that_is_written_here_is_valid() {
    assert_eq!(toml_faults(DEFAULT), Vec::<String>::new(), "policy.toml");
    for (line, block) in blocks(DOCS) {
        let text = match block.starts_with("version") {
            true => block,
            false => format!("version = \"1\"\n{block}"),
        };
        assert_eq!(toml_faults(&text), Vec::<String>::new(), "line {line}");
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies");
    let mut tried = 0;
    for folder in [examples.join("recipes"), examples] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_str().unwrap();
            if name.ends_with(".toml") && !name.ends_with(".cases.toml") {
                let text = fs::read_to_string(&path).unwrap();
                assert_eq!(toml_faults(&text), Vec::<String>::new(), "{name}");
                tried += 1;
            }
        }
    }
    assert!(tried > 4, "{tried}");
}

/// Whether a wrong value has the right shape: only the reader knows what it means.
fn is_of_right_shape(key: &str, value: &Value) -> bool {
    let last = key.rsplit('.').next().unwrap();
    let texts = [
        "quiet",
        "zone",
        "issuer",
        "audience",
        "jwks_uri",
        "url",
        "session",
        "api_key_file",
        "api_key_env",
        "expires",
    ];
    (value.is_string() && texts.contains(&last) && !key.starts_with("confirmation"))
        || [json!("25h"), json!("2h"), json!(["Therapist"])].contains(value)
        || (last == "value" && key.starts_with("tools") && *value == json!(7))
}

#[test]
fn each_wrong_value_of_each_key_is_refused() {
    let (mut refused, mut left) = (0, 0);
    for (key, _) in policy::keys(specs()) {
        for (value, _) in wrong_values(&key) {
            let found = faults(&file(&key, value.clone()));
            let expected = !is_of_right_shape(&key, &value);
            assert_eq!(!found.is_empty(), expected, "{key} = {value}: {found:?}");
            refused += usize::from(expected);
            left += usize::from(!expected);
        }
    }
    assert!(
        refused > 200 && left < 50,
        "{refused} refused, {left} left to the reader"
    );
}

#[test]
fn a_key_that_there_is_not_is_refused_everywhere() {
    for (key, _) in policy::keys(specs()) {
        let is_table = key.rsplit('.').next().unwrap();
        let Some((table, _)) = key.rsplit_once('.') else {
            continue;
        };
        // The writer chooses the names in these.
        if is_table == "NAME" {
            continue;
        }
        let wrong = file(&format!("{table}.no_such_key"), json!(1));
        assert!(!faults(&wrong).is_empty(), "{table}");
    }
    assert!(!faults(&json!({ "version": "1", "no_such_key": 1 })).is_empty());
}

#[test]
fn each_key_is_described() {
    for (key, about) in policy::keys(specs()) {
        assert!(about.ends_with('.'), "{key}: {about}");
    }
}

/// The broken files of the reader's tests whose shape is right: names that do not exist,
/// counters that disagree, and what is no TOML.
const RIGHT_SHAPES: [&str; 6] = [
    "a slip in a tool",
    "a slip in a hidden tool",
    "a burst of what is counted exactly",
    "one counter with two sizes",
    "half a limit on new recipients",
    "a group without a name",
];

#[test]
fn each_broken_file_of_a_wrong_shape_is_refused() {
    for (what, text) in BROKEN {
        let Ok(policy) = toml::from_str::<toml::Table>(text) else {
            continue;
        };
        let found = faults(&serde_json::to_value(policy).unwrap());
        assert_eq!(
            found.is_empty(),
            RIGHT_SHAPES.contains(what),
            "{what}: {found:?}"
        );
    }
}
