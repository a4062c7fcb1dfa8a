//! Drafts only: each send waits for a yes; typing and read marks do not.

use serde_json::json;

use super::worlds::{KNOWN, Recipe};
use crate::app::Person;

const RECIPE: Recipe = Recipe {
    policy: include_str!("../../../../examples/policies/recipes/drafts-only.toml"),
    cases: include_str!("../../../../examples/policies/recipes/drafts-only.cases.toml"),
};

#[test]
fn it_passes_check_and_its_cases() {
    RECIPE.holds();
}

#[tokio::test]
async fn each_send_waits_for_a_yes() {
    for (person, outcome, changes) in [
        (Person::Accepts, "done", 2),
        (Person::Declines, "declined", 0),
    ] {
        for mut world in RECIPE.worlds(person.clone(), None).await {
            assert_eq!(world.send(KNOWN, "Hi").await, outcome);
            let poll = json!({ "chat": KNOWN, "question": "When?", "options": ["now", "then"] });
            assert_eq!(world.call("send_poll", poll).await, outcome);
            assert_eq!(world.app.questions.len(), 2);
            assert_eq!(world.changes().await, changes);
        }
    }
}

#[tokio::test]
async fn typing_and_read_marks_do_not() {
    for mut world in RECIPE.worlds(Person::Declines, None).await {
        let listed = world.app.listed().await;
        for (tool, arguments) in [
            ("mark_chat_read", json!({ "chat": KNOWN })),
            (
                "set_presence",
                json!({ "presence": "typing", "chat": KNOWN }),
            ),
        ] {
            // GREEN-API has no typing.
            if !listed.iter().any(|name| name == tool) {
                continue;
            }
            let result = world.app.call(tool, arguments).await;
            if let Some(code) = result["structuredContent"]["error"]["code"].as_str() {
                assert!(
                    !["declined", "denied-by-rule", "not-admitted"].contains(&code),
                    "{tool} {code}"
                );
            }
        }
        assert_eq!(world.app.questions.len(), 0);
    }
}
