//! Examples in a policy are tried when it is loaded.

use whatsapp_guard::policy::Policy;

use crate::app::gate::{open, policy};

fn wrong(rules: &str) -> String {
    match Policy::from_toml("policy.toml", &open(rules)) {
        Ok(_) => "nothing".into(),
        Err(found) => found.to_string(),
    }
}

const RULES: &str = r#"
[recipients]
allow = ["+15552220001"]
unlisted = "confirm"
[tools.send_message]
when = [{ arg = "text", op = "not_matches", value = '(?i)\biban\b' }]
"#;

#[test]
fn examples_that_come_out_right_are_loaded() {
    policy(&open(&format!(
        "{RULES}[tools.send_message.examples]\n\
         allows = [{{ chat = \"+1 555 222 0001\", text = \"hi\" }}]\n\
         confirms = [{{ chat = \"+15552220003\", text = \"hi\" }}]\n\
         refuses = [{{ chat = \"+15552220001\", text = \"the IBAN\" }}]\n"
    )));
}

#[test]
fn an_example_that_comes_out_otherwise_stops_the_start() {
    let said = wrong(&format!(
        "{RULES}[tools.send_message.examples]\n\
         allows = [{{ chat = \"+15552220003\", text = \"hi\" }}]\n\
         refuses = [{{ chat = \"+15552220001\", text = \"hi\" }}]\n"
    ));
    insta::assert_snapshot!(said);
}

#[test]
fn examples_are_tried_with_all_that_the_policy_says_of_a_caller() {
    let example = "[grants.one.tools.get_session]\nexamples = { allows = [{}] }\n";
    policy(&open(example));
    let said = wrong(&format!(
        "{example}[tools.get_session]\naction = \"deny\"\n"
    ));
    assert!(said.contains("example-fails"), "{said}");
    // So is what is said of this caller alone.
    policy(&open(
        "[grants.one.tools.get_session]\naction = \"deny\"\nexamples = { refuses = [{}] }\n",
    ));
    // What another caller may not do is no matter.
    policy(&open(&format!(
        "{example}[grants.two.tools.get_session]\naction = \"deny\"\n"
    )));
}

#[test]
fn examples_have_to_be_calls() {
    for (examples, wanted) in [
        ("allows = [{ chat = \"x\" }]", "bad-example"),
        ("allows = [5]", "bad-value"),
        ("allows = {}", "bad-value"),
        ("permits = []", "unknown-key"),
    ] {
        let said = wrong(&format!(
            "[tools.send_message]\nexamples = {{ {examples} }}\n"
        ));
        assert!(said.contains(wanted), "{examples}: {said}");
    }
}

#[test]
fn groups_by_name_stand_for_none_in_an_example() {
    policy(&open(
        "[recipients]\ndeny = [\"group:Us\"]\n[tools.send_message]\n\
         examples = { allows = [{ chat = \"120363000000000001@g.us\", text = \"hi\" }] }\n",
    ));
}
