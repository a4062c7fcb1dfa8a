//! Which changes between two policies are told, and how often.

use whatsapp_guard::policy::{
    Direction::{self, Looser, Tighter},
    Policy, PolicyChange,
};

use crate::app::gate::open;

fn changes(old: &str, new: &str) -> Vec<PolicyChange> {
    let [old, new] = [old, new].map(|text| {
        let text = format!("version = \"1\"\n{text}\n");
        Policy::from_toml("policy.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"))
    });
    old.changes(&new)
}

fn ways(old: &str, new: &str) -> Vec<Direction> {
    let all = changes(old, new);
    all.iter().map(|change| change.direction).collect()
}

fn sending(rules: &str) -> String {
    open("").replacen("version = \"1\"\n", "", 1) + &rules.replace("[[]]", "[[tools.send_message]]")
}

const MATCHES: &str =
    "[[]]\naction = \"deny\"\nwhen = [{ arg = \"text\", op = \"matches\", value = \"xyz\" }]\n";

#[test]
fn how_people_are_asked_goes_one_way_or_both() {
    let asking = |how: &str| format!("[risk.destructive]\n[confirmation]\nenabled = true\n{how}");
    let prompts = |max: u32, window: &str| {
        asking(&format!(
            "prompts = {{ max = {max}, window = \"{window}\" }}"
        ))
    };
    for (old, new, wanted) in [
        (
            asking("expires = \"5m\""),
            asking("expires = \"6m\""),
            &[Looser][..],
        ),
        (
            asking("expires = \"5m\""),
            asking("expires = \"4m\""),
            &[Tighter],
        ),
        (prompts(10, "hour"), prompts(20, "hour"), &[Looser]),
        (prompts(20, "hour"), prompts(10, "hour"), &[Tighter]),
        (prompts(20, "day"), prompts(20, "hour"), &[Looser]),
        (prompts(20, "hour"), prompts(20, "day"), &[Tighter]),
        // More at once, and fewer in the long run.
        (prompts(10, "hour"), prompts(100, "day"), &[Looser, Tighter]),
        (prompts(100, "day"), prompts(10, "hour"), &[Looser, Tighter]),
    ] {
        assert_eq!(ways(&old, &new), wanted, "{old} -> {new}");
        assert_eq!(ways(&new, &new), [], "{new}");
    }
    // Where nobody is asked, how is no matter.
    let (asked, not) = (asking("expires = \"1m\""), "[risk.destructive]");
    assert!(ways(&asked, not).iter().all(|way| *way == Tighter));
    assert!(ways(not, &asked).iter().all(|way| *way == Looser));
}

#[test]
fn what_an_example_shows_is_told_once() {
    let open = sending("");
    // A text that is not asked for shows it.
    let only = sending(&MATCHES.replace("deny", "allow"));
    assert_eq!(ways(&open, &only), [Tighter]);
    assert_eq!(ways(&only, &open), [Looser]);
    // Nothing that is tried shows what the pattern refuses; the other rule shows itself.
    let word = "[[]]\naction = \"deny\"\nwhen = [{ arg = \"text\", op = \"eq\", value = \"b\" }]\n";
    let both = sending(&format!("{MATCHES}{word}"));
    assert_eq!(ways(&open, &both), [Tighter, Tighter]);
    assert_eq!(ways(&both, &open), [Looser, Looser]);
}

#[test]
fn another_pattern_may_be_looser_and_tighter() {
    let (one, other) = (sending(MATCHES), sending(&MATCHES.replace("xyz", "abc")));
    assert_eq!(ways(&one, &other), [Looser, Tighter]);
    // The same one, asked about instead of refused.
    let asked = sending(&MATCHES.replace("deny", "confirm"));
    assert_eq!(ways(&one, &asked), [Looser]);
    assert_eq!(ways(&asked, &one), [Tighter]);
}

#[test]
fn examples_of_a_policy_are_tried() {
    for (text, shown) in [
        ("xyz".to_owned(), "\"text\":\"xyz\"}"),
        (format!("xyz{}", "a".repeat(200)), "aaa…"),
    ] {
        let examples = format!(
            "examples = {{ refuses = [{{ chat = \"+15552220001\", text = \"{text}\" }}] }}\n"
        );
        let found = changes(&sending(""), &sending(&format!("{MATCHES}{examples}")));
        let about: Vec<&str> = found.iter().map(|change| &*change.about).collect();
        assert_eq!(about.len(), 1, "{about:?}");
        assert!(about[0].starts_with("send_message with {"), "{about:?}");
        assert!(about[0].ends_with(shown), "{about:?}");
    }
}

#[test]
fn limits_count_where_a_tool_is_admitted_under_conditions_alone() {
    let tool = |max: u32| {
        format!(
            "[tools.send_message]\naction = \"confirm\"\nlimits = [{{ max = {max}, window = \"hour\" }}]\n\
             when = [{{ arg = \"text\", op = \"eq\", value = \"a\" }}]"
        )
    };
    assert_eq!(ways(&tool(5), &tool(6)), [Looser]);
    assert_eq!(ways(&tool(6), &tool(5)), [Tighter]);
    let hidden = |max: u32| format!("hide = [\"send_message\"]\n{}", tool(max));
    assert_eq!(ways(&hidden(5), &hidden(6)), []);
}

#[test]
fn what_is_too_much_to_be_tried_is_told_all_the_same() {
    let rule = |chats: u32| {
        let chats: Vec<String> = (0..chats)
            .map(|one| format!("\"+1555222{:04}\"", one))
            .collect();
        let texts: Vec<String> = (0..200).map(|one| format!("\"{one}\"")).collect();
        sending(&format!(
            "[[]]\naction = \"deny\"\nwhen = [{{ arg = \"chat\", op = \"in\", value = [{}] }}, {{ arg = \"text\", op = \"in\", value = [{}] }}]",
            chats.join(", "),
            texts.join(", ")
        ))
    };
    assert_eq!(ways(&rule(40), &rule(41)), [Looser, Tighter]);
    assert_eq!(ways(&rule(41), &rule(41)), []);
}
