//! README.md: its policy loads, and its refusal codes exist.

use whatsapp_guard::policy::{Code, Policy};

#[test]
fn the_policy_of_the_readme_loads_without_a_warning() {
    let readme = include_str!("../../../README.md");
    let (_, text) = readme.split_once("## The policy in one screen\n").unwrap();
    let lines = text.lines().map_while(|line| match line {
        "" => Some(line),
        line => line.strip_prefix("    "),
    });
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let policy = Policy::from_toml("README.md", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(policy.warnings.is_empty(), "{}", policy.warnings);
    assert!(policy.confirmation.enabled, "the whole of it is read");
}

#[test]
fn the_readme_names_no_code_that_there_is_not() {
    let readme = include_str!("../../../README.md");
    let (_, text) = readme.split_once("Those that are met most:").unwrap();
    let (text, _) = text.split_once("[docs/policy.md]").unwrap();
    for code in text.split('`').skip(1).step_by(2) {
        assert!(Code::ALL.iter().any(|known| known.name() == code), "{code}");
    }
}
