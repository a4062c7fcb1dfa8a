//! May leave groups with my yes, and nothing else that is irreversible.

use serde_json::json;

use super::worlds::{GROUP, KNOWN, Recipe};
use crate::app::Person;

const RECIPE: Recipe = Recipe {
    policy: include_str!("../../../../examples/policies/recipes/may-leave-groups.toml"),
    cases: include_str!("../../../../examples/policies/recipes/may-leave-groups.cases.toml"),
};

#[test]
fn it_passes_check_and_its_cases() {
    RECIPE.holds();
}

#[tokio::test]
async fn a_group_is_left_with_a_yes_alone() {
    for (person, changes) in [(Person::Accepts, 1), (Person::Declines, 0)] {
        for mut world in RECIPE.worlds(person.clone(), None).await {
            let leave = json!({ "group": GROUP });
            world.app.call("leave_group", leave).await;
            assert_eq!(world.app.questions.len(), 1);
            assert_eq!(world.changes().await, changes);
        }
    }
}

#[tokio::test]
async fn no_other_irreversible_tool_is_there() {
    for mut world in RECIPE.worlds(Person::Accepts, None).await {
        let listed = world.app.listed().await;
        let irreversible = whatsapp_guard::op::catalogue()
            .iter()
            .filter(|entry| entry.risk == whatsapp_guard::op::Risk::Destructive);
        let offered: Vec<&str> = irreversible
            .map(|entry| entry.name)
            .filter(|name| listed.iter().any(|tool| tool == name))
            .collect();
        assert_eq!(offered, ["leave_group"]);
        let message = json!({ "chat": KNOWN, "message": "3EB0C767D097B7C7C030" });
        assert_eq!(
            world.call("delete_message", message).await,
            "denied-by-rule"
        );
        assert_eq!(world.app.questions.len(), 0);
    }
}
