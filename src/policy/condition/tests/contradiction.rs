//! Which conditions leave nothing for each other.

use super::*;

#[test]
fn what_no_value_fulfils_is_a_contradiction() {
    let any = |op, value| each("people", op, value, Some("any"));
    let word = json!({ "properties": { "people": { "type": "string" } } });
    let word = word.as_object().unwrap().clone();
    let elsewhere = Condition::new("people", "eq", &json!("a"), None, &[("tell", &word)]).unwrap();
    for (one, other, wanted) in [
        (
            on("text", "exists", json!(false)),
            on("text", "eq", json!("a")),
            true,
        ),
        (
            on("text", "exists", json!(false)),
            on("text", "exists", json!(false)),
            false,
        ),
        (
            on("text", "exists", json!(true)),
            on("text", "eq", json!("a")),
            false,
        ),
        (
            on("limit", "exists", json!(false)),
            on("limit", "lte", json!(5)),
            true,
        ),
        (
            on("text", "eq", json!("a")),
            on("text", "eq", json!("b")),
            true,
        ),
        (
            on("text", "eq", json!("a")),
            on("text", "neq", json!("a")),
            true,
        ),
        (
            on("text", "neq", json!("a")),
            on("text", "eq", json!("b")),
            false,
        ),
        (
            on("text", "neq", json!("a")),
            on("text", "neq", json!("b")),
            false,
        ),
        (
            on("text", "in", json!(["a", "b"])),
            on("text", "in", json!(["b", "c"])),
            false,
        ),
        // Somewhere else anything may stand.
        (
            on("text", "eq", json!("a")),
            on("must", "eq", json!("b")),
            false,
        ),
        (
            on("limit", "lte", json!(5)),
            on("limit", "gte", json!(7)),
            true,
        ),
        (
            on("limit", "lte", json!(5)),
            on("limit", "gte", json!(5)),
            false,
        ),
        (
            on("limit", "lt", json!(5)),
            on("limit", "gte", json!(5)),
            true,
        ),
        (
            on("limit", "lte", json!(5)),
            on("limit", "gt", json!(5)),
            true,
        ),
        (
            on("limit", "lte", json!(6)),
            on("limit", "gte", json!(5)),
            false,
        ),
        (
            on("limit", "lt", json!(5)),
            on("limit", "lt", json!(7)),
            false,
        ),
        (
            on("limit", "gte", json!(5)),
            on("limit", "gt", json!(7)),
            false,
        ),
        // Different entries of a list may fulfil both.
        (
            on("people", "eq", json!("a")),
            on("people", "eq", json!("b")),
            false,
        ),
        (any("eq", json!("a")), any("eq", json!("b")), false),
        (elsewhere.clone(), on("people", "eq", json!("b")), false),
    ] {
        assert_eq!(one.contradicts(&other), wanted, "{one}, {other}");
        assert_eq!(other.contradicts(&one), wanted, "{other}, {one}");
    }
}
