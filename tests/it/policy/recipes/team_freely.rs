//! My team freely, everybody else with my yes, and no first message at night.

use super::worlds::{KNOWN, Recipe};
use crate::app::Person;

const RECIPE: Recipe = Recipe {
    policy: include_str!("../../../../examples/policies/recipes/team-freely.toml"),
    cases: include_str!("../../../../examples/policies/recipes/team-freely.cases.toml"),
};

const TEAM: &str = "+15551230000";
const STRANGER: &str = "+15552220001";
/// Berlin is an hour ahead in November.
const NIGHT: &str = "2026-11-20T22:00:00Z";
const DAY: &str = "2026-11-20T11:00:00Z";

#[test]
fn it_passes_check_and_its_cases() {
    RECIPE.holds();
}

#[tokio::test]
async fn the_team_is_free_and_others_are_asked_about() {
    for mut world in RECIPE.worlds(Person::Accepts, None).await {
        world.at(NIGHT);
        assert_eq!(world.send(TEAM, "Done.").await, "done");
        assert_eq!(world.app.questions.len(), 0);
        assert_eq!(world.send(KNOWN, "Hi").await, "done");
        assert_eq!(world.app.questions.len(), 1);
        assert_eq!(world.send(STRANGER, "Hi").await, "quiet-hours");
        assert_eq!(world.app.questions.len(), 1);
        world.at(DAY);
        assert_eq!(world.send(STRANGER, "Hi").await, "done");
        assert_eq!(world.app.questions.len(), 2);
        assert_eq!(world.changes().await, 3);
        // Now it is known.
        world.at(NIGHT);
        assert_eq!(world.send(STRANGER, "Again").await, "done");
        assert_eq!(world.app.questions.len(), 3);
    }
}

#[tokio::test]
async fn a_no_is_a_no() {
    for mut world in RECIPE.worlds(Person::Declines, None).await {
        world.at(DAY);
        assert_eq!(world.send(STRANGER, "Hi").await, "declined");
        assert_eq!(world.changes().await, 0);
    }
}
