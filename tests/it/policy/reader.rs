//! Reading policy files: errors with their location, and hostile input.

use serde_json::{Value, json};
use whatsapp_guard::{backend::specs, policy::Policy};

/// Broken policies and what is said of them.
pub const BROKEN: &[(&str, &str)] = &[
    (
        "a slip in a key",
        "version = \"1\"\nhied = [\"leave_group\"]\n",
    ),
    (
        "a slip in a tool",
        "version = \"1\"\n[tools.leav_group]\naction = \"deny\"\n",
    ),
    (
        "a slip in a hidden tool",
        "version = \"1\"\nhide = [\"waha_leave_groop\"]\n",
    ),
    (
        "a slip in an action",
        "version = \"1\"\ndefault = \"dney\"\n",
    ),
    (
        "several at once",
        "version = 2\ndefault = true\n[risk.reed]\n[tools.open_session]\nlimit = 3\n",
    ),
    (
        "limits",
        "version = \"1\"\n[tools.open_session]\nlimits = [{ max = 0, window = \"minute\" }, { window = \"week\", max = 1 }, { max = 5, window = \"minute\", scope = \"grand\" }, { max = 2, burst = 3, window = 1 }, {}]\n",
    ),
    (
        "a burst of what is counted exactly",
        "version = \"1\"\n[risk.execute]\nlimits = [{ max = 5, window = \"day\", burst = 2 }]\n",
    ),
    (
        "one counter with two sizes",
        "version = \"1\"\n[tools.open_session]\nlimits = [{ counter = \"c\", max = 5, window = \"minute\" }]\n[tools.logout_instance]\nlimits = [{ counter = \"c\", max = 6, window = \"minute\" }]\n",
    ),
    (
        "confirmation",
        "version = \"1\"\n[confirmation]\nenabled = \"yes\"\nexpires = \"2h\"\nprompts = { max = -1 }\n",
    ),
    ("a version to come", "version = \"2\"\n"),
    (
        "digests of tokens",
        "version = \"1\"\n[grants.a]\ntoken_sha256 = \"000000000000000000000000000000000000000000000000000000000000000011\"\n[grants.b]\ntoken_sha256 = \"+0000000000000000000000000000000000000000000000000000000000000+1\"\n",
    ),
    (
        "half a limit on new recipients",
        "version = \"1\"\n[recipients]\nnew = { max = 5 }\n[grants.a.recipients]\nnew = { window = \"day\" }\n",
    ),
    (
        "a group without a name",
        "version = \"1\"\n[recipients]\nallow = [\"group: \"]\n",
    ),
    ("no version", "default = \"allow\"\n"),
    ("no TOML", "version = \"1\"\ndefault = \n[risk\n"),
    ("nothing", ""),
];

#[test]
fn a_broken_policy_is_told_with_place_and_hint() {
    for (what, text) in BROKEN {
        let wrong = Policy::from_toml(specs(), "policy.toml", text).expect_err(what);
        insta::with_settings!({
            snapshot_path => "snapshots/broken", prepend_module_to_snapshot => false, omit_expression => true,
        }, { insta::assert_snapshot!(what.replace(' ', "_"), wrong) });
    }
}

#[test]
fn a_broken_json_policy_is_told_with_place_and_hint() {
    let mut said = String::new();
    for text in [
        "{\"version\":\"1\",\"hide\":[\"leave_gruop\"]}",
        "{\"version\":\"1\",}",
        "{\"version\":\"1\",\"version\":\"1\"}",
        "{\"version\":\"1\",\"tools\":{\"logout_instance\":{\"limits\":[{\"max\":1.5,\"window\":null}]}}}",
        "[]",
        "",
        "{} trailing",
    ] {
        let wrong = Policy::from_json(specs(), "policy.json", text).expect_err(text);
        said += &format!("{wrong}\n\n");
    }
    insta::assert_snapshot!(said);
}

#[test]
fn problems_have_line_and_column() {
    let wrong = Policy::from_toml(
        specs(),
        "policy.toml",
        "version = \"1\"\nhide = [\"ü\", \"leave_grup\"]\n",
    )
    .unwrap_err();
    let places: Vec<Value> = wrong
        .located()
        .map(|place| serde_json::to_value(place).unwrap())
        .collect();
    assert_eq!(
        places[1],
        json!({
            "file": "policy.toml", "line": 2, "column": 14, "severity": "error", "code": "unknown-tool",
            "message": "there is no tool `leave_grup`", "hint": "did you mean `leave_group`?",
        })
    );
}

#[test]
fn a_file_that_is_too_long_is_refused_not_cut() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let mut text = "version = \"1\"\n#".to_owned();
    text += &"x".repeat(1024 * 1024 - text.len());
    std::fs::write(&file, &text).unwrap();
    assert!(Policy::load(specs(), &file).is_ok());
    std::fs::write(&file, text + "x").unwrap();
    let wrong = Policy::load(specs(), &file).unwrap_err().to_string();
    assert!(wrong.contains("larger than 1 MiB"), "{wrong}");
}

#[test]
fn json_is_not_read_deeper_than_32() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for (depth, too_deep) in [(31, false), (32, true)] {
            let inner = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let text = format!("{{\"version\":{inner}}}");
            let wrong = Policy::from_json(specs(), "policy.json", &text).unwrap_err();
            let said = wrong.to_string();
            assert_eq!(said.contains("nested too deep"), too_deep, "{said}");
        }
    }
}

#[test]
fn a_hostile_policy_is_refused_not_followed() {
    let deep = format!(
        "{{\"version\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert!(Policy::from_json(specs(), "policy.json", &deep).is_err());
    let deep = format!("version = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(Policy::from_toml(specs(), "policy.toml", &deep).is_err());
    let long = format!("version = \"1\"\nhide = [\"{}\"]\n", "x".repeat(100_000));
    assert!(Policy::from_toml(specs(), "policy.toml", &long).is_err());
}
