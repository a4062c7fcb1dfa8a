//! Three messages a person a day over all ways of sending, and none on weekends.

use serde_json::json;

use super::worlds::{KNOWN, Recipe};
use crate::app::Person;

const RECIPE: Recipe = Recipe {
    policy: include_str!("../../../../examples/policies/recipes/three-a-day.toml"),
    cases: include_str!("../../../../examples/policies/recipes/three-a-day.cases.toml"),
};

const BOB: &str = "15552220002@c.us";

#[test]
fn it_passes_check_and_its_cases() {
    RECIPE.holds();
}

#[tokio::test]
async fn all_ways_of_sending_count_together_for_each_person() {
    for mut world in RECIPE.worlds(Person::Silent, None).await {
        // A Friday.
        world.at("2026-11-20T11:00:00Z");
        let place = json!({ "chat": KNOWN, "latitude": 52.5, "longitude": 13.4 });
        let poll = json!({ "chat": KNOWN, "question": "When?", "options": ["now", "then"] });
        assert_eq!(world.send(KNOWN, "one").await, "done");
        assert_eq!(world.call("send_location", place).await, "done");
        assert_eq!(world.call("send_poll", poll).await, "done");
        assert_eq!(world.send(KNOWN, "four").await, "rate-limited");
        let card = json!({ "chat": KNOWN, "name": "Bob", "number": "+15552220002" });
        assert_eq!(world.call("send_contact", card).await, "rate-limited");
        assert_eq!(world.changes().await, 3);
        // Another person has three more.
        assert_eq!(world.send(BOB, "one").await, "done");
        // A forward to that person counts for the chat that it is taken from, too.
        let forward = json!({ "chat": KNOWN, "message": "3EB0C767D097B7C7C030", "to": BOB });
        assert_eq!(world.call("forward_message", forward).await, "rate-limited");
        assert_eq!(world.changes().await, 4);
    }
}

#[tokio::test]
async fn weekends_are_quiet() {
    for mut world in RECIPE.worlds(Person::Silent, None).await {
        // Saturday begins in Berlin an hour before it does in London.
        world.at("2026-11-20T23:00:00Z");
        assert_eq!(world.send(KNOWN, "one").await, "quiet-hours");
        assert_eq!(world.changes().await, 0);
    }
}
