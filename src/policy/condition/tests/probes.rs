//! The values that show what a condition does.

use super::*;

#[test]
fn values_at_the_border_and_beside_it_are_tried() {
    for (condition, values) in [
        (on("limit", "lte", json!(5)), json!([4, 5, 6])),
        (on("latitude", "gt", json!(5.5)), json!([4.5, 5.5, 6.5])),
        (on("limit", "eq", json!(5)), json!([4, 5, 6])),
        (on("sure", "eq", json!(true)), json!([true, false])),
        (on("text", "in", json!(["b", "a"])), json!(["a", "b"])),
        // Ids come first.
        (
            on("text", "eq", json!("+49 151 12345678")),
            json!(["4915112345678@c.us", "+49 151 12345678", "4915112345678"]),
        ),
        (
            on("people", "in", json!(["a", "b"])),
            json!([["a"], ["b"], ["a", "b"]]),
        ),
        (
            on("people", "contains", json!("a")),
            json!([["so a it is"], ["a"], ["so a it is", "a"]]),
        ),
        (
            on("text", "contains", json!("a")),
            json!(["so a it is", "a"]),
        ),
        (on("text", "exists", json!(true)), json!([])),
        (on("text", "matches", json!("a")), json!([])),
    ] {
        assert_eq!(json!(condition.borders()), values, "{condition}");
    }
}

#[test]
fn a_value_of_each_kind_is_known() {
    let schema = schema();
    for (path, value, may_be_left_out) in [
        ("must", json!("another"), false),
        ("text", json!("another"), true),
        ("kind", json!("image"), true),
        ("limit", json!(7), true),
        ("latitude", json!(7.25), true),
        ("sure", json!(true), false),
        ("people", json!(["another"]), true),
        ("sizes", json!([7]), true),
        ("media", json!({ "another": true }), true),
        ("free", json!("another"), true),
    ] {
        let condition = on(path, "exists", json!(true));
        let found = condition.any_value("send", &schema);
        assert_eq!(found, (value, may_be_left_out), "{path}");
    }
    // A tool that has no such argument may be called with anything.
    let found = on("text", "exists", json!(true)).any_value("stop", &Map::new());
    assert_eq!(found, (json!("x"), true));
}
