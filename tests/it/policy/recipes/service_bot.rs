//! A service bot: answers only, thirty an hour, no links.

use super::worlds::{KNOWN, Recipe};
use crate::app::Person;

const RECIPE: Recipe = Recipe {
    policy: include_str!("../../../../examples/policies/recipes/service-bot.toml"),
    cases: include_str!("../../../../examples/policies/recipes/service-bot.cases.toml"),
};

#[test]
fn it_passes_check_and_its_cases() {
    RECIPE.holds();
}

#[tokio::test]
async fn answers_without_links() {
    for mut world in RECIPE.worlds(Person::Silent, None).await {
        world.at("2026-11-20T11:00:00Z");
        for text in ["see https://example.com", "wa.me/15550001111", "пример.рф"] {
            assert_eq!(world.send(KNOWN, text).await, "condition-not-met", "{text}");
        }
        assert_eq!(world.send("+15552220001", "Hi").await, "no-recent-message");
        assert_eq!(world.changes().await, 0);
        assert_eq!(world.send(KNOWN, "From nine to five.").await, "done");
        assert_eq!(world.changes().await, 1);
        world.at("2026-11-22T11:00:00Z");
        assert_eq!(
            world.send(KNOWN, "Anything else?").await,
            "no-recent-message"
        );
        assert_eq!(world.changes().await, 1);
    }
}
