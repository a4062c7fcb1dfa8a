//! README.md: its policy loads, and its refusal codes exist.

use whatsapp_guard::{
    backend::specs,
    policy::{Code, Policy},
};

#[test]
fn the_policy_of_the_readme_loads_without_a_warning() {
    let readme = include_str!("../../../README.md");
    let (_, text) = readme.split_once("## The policy in one screen\n").unwrap();
    let lines = text.lines().map_while(|line| match line {
        "" => Some(line),
        line => line.strip_prefix("    "),
    });
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let policy =
        Policy::from_toml(specs(), "README.md", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
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

/// What the README says servers share, and the test that would notice if they did not.
const SHARED: [(&str, &str, &str); 9] = [
    (
        "limits of every window",
        "http/shared_state",
        "two_servers_share_one_quota",
    ),
    (
        "known recipients",
        "gate/shared",
        "a_recipient_and_a_pause_are_known_to_all_servers",
    ),
    (
        "the pause of an account",
        "gate/shared",
        "a_recipient_and_a_pause_are_known_to_all_servers",
    ),
    (
        "the panic switch",
        "http/shared_state",
        "panic_stops_every_server_of_a_redis",
    ),
    (
        "approvals",
        "http/shared_state",
        "an_approval_is_valid_at_every_server_but_once",
    ),
    (
        "the limit of questions",
        "gate/shared",
        "questions_of_all_servers_have_one_limit",
    ),
    (
        "duplicates",
        "http/shared_sends",
        "another_server_knows_a_send_in_flight_and_its_answer",
    ),
    (
        "the delay between calls",
        "gate/shared",
        "calls_of_all_servers_keep_one_delay",
    ),
    (
        "where a caller has read",
        "gate/shared",
        "what_was_read_at_one_server_stays_in_its_chat_at_another",
    ),
];

#[test]
fn each_line_on_shared_state_has_its_test() {
    let readme = include_str!("../../../README.md");
    let (_, text) = readme.split_once("All of them share:\n\n").unwrap();
    let (text, _) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("* "))
        .collect();
    assert_eq!(lines.len(), SHARED.len(), "{lines:?}");
    for (line, (begin, file, test)) in lines.iter().zip(SHARED) {
        assert!(line.starts_with(begin), "{line}");
        let path = format!("{}/tests/it/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&path).unwrap();
        assert!(source.contains(&format!("fn {test}()")), "{path}: {test}");
    }
}
