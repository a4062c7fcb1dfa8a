//! Hostile and random files: an error or valid TOML, never a panic.

use proptest::prelude::*;
use serde_json::Value;

use super::conversion::{fine, imported};
use crate::app::command::run_with_files;

#[test]
fn hostile_files_are_refused_or_escaped() {
    for bomb in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        format!("version: '1'\nhide: {}", "[".repeat(33)),
        format!(
            "version: '1'\ntools: {{ '*': {{ limits: [{}] }} }}",
            "{max: 1, window: day},".repeat(501)
        ),
    ] {
        assert!(imported(&bomb).is_err());
    }
    let laughs: String = ('b'..='z')
        .map(|letter| {
            let before = char::from(letter as u8 - 1);
            format!("{letter}: &{letter} [*{before}, *{before}, *{before}]\n")
        })
        .collect();
    let laughs = fine(&format!("version: '1'\na: &a [x]\n{laughs}"));
    assert!(laughs.policy.len() < 100);
    let odd = fine(
        "version: '1'\ndescription: \"a\\nhide = []\\r\\u202e\\e\\0\"\ntools:\n  list_groups:\n    rules:\n      - { name: \"]\\n[x]\", action: deny, on_deny: \"\\\"\\n'''\\\\ \\x7f\" }\n",
    );
    assert_eq!(odd.policy.matches("hide").count(), 1, "in a comment");
    let table: toml::Table = odd.policy.parse().unwrap();
    assert_eq!(
        table["tools"]["list_groups"]["reason"].as_str(),
        Some("\"\n'''\\ \u{7f}")
    );
    assert!(
        !odd.policy
            .contains(['\u{202e}', '\u{1b}', '\u{0}', '\u{7f}', '\r'])
    );
    let large = "#".repeat(1024 * 1024 + 1);
    let ran = run_with_files(&[("theirs", &large)], &["import", "theirs"]);
    assert!(ran.err.contains("larger than 1 MiB"));
}

/// A piece of a policy, likely or odd.
fn piece() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
        "\\PC{0,12}|[\\x00-\\x7f]{0,12}".prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(word(), inner, 0..6)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// A word that the reader looks for.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "1",
        "allow",
        "deny",
        "confirm",
        "version",
        "default",
        "hide",
        "tools",
        "all_tools",
        "rules",
        "name",
        "action",
        "rate_limit",
        "conditions",
        "on_deny",
        "state",
        "counter",
        "window",
        "increment",
        "path",
        "op",
        "value",
        "limits",
        "max",
        "burst",
        "scope",
        "require",
        "deny_if",
        "reason",
        "description",
        "send_message",
        "send_text",
        "get_messages",
        "list_messages",
        "*",
        "args.text",
        "args.limit",
        "args.chat",
        "eq",
        "in",
        "lte",
        "regex",
        "contains",
        "exists",
        "state._global.n",
        "state.send_message.n",
        "n",
        "minute",
        "hour",
        "day",
        "5/minute",
        "30s",
    ])
    .prop_map(str::to_owned)
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    if let Ok(imported) = imported(text) {
        let table = imported.policy.parse::<toml::Table>();
        prop_assert!(table.is_ok(), "{}\n{:?}", imported.policy, table);
        for lost in imported.not_carried {
            prop_assert!(lost.line > 0 && lost.column > 0);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_gives_toml_or_an_error(text in "\\PC{0,80}|[ -~\n\t]{0,200}|[\\[\\]{}:,&*!|>'\"#?%@` a1\n-]{0,120}") {
        holds(&text)?;
        holds(&format!("version: \"1\"\ntools:\n  send_message:\n    {text}"))?;
        holds(&format!("{{\"version\":\"1\",\"tools\":{text}"))?;
    }

    #[test]
    fn any_document_gives_toml(hide in piece(), default in piece(), tools in prop::collection::hash_map(word(), piece(), 0..6), all in piece()) {
        let mut document = serde_json::json!({ "version": "1", "hide": hide, "default": default, "tools": tools });
        document["all_tools"] = all;
        let text = document.to_string();
        holds(&text)?;
        // The same as YAML, whose reader takes most of JSON.
        holds(&format!("# YAML\n{text}"))?;
    }
}
