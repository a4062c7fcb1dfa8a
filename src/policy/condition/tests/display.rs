//! How conditions are shown.

use super::*;

#[test]
fn a_condition_has_words() {
    let cases = [
        (
            on("args.text", "not_matches", json!(r"(?i)\biban\b")),
            r"`text` does not match `(?i)\biban\b`",
        ),
        (on("limit", "lte", json!(20)), "`limit` is at most 20"),
        (
            on("text", "in", json!(["a", "b", "c", "d", "e"])),
            "`text` is one of `a`, `b`, `c`, 2 more",
        ),
        (
            on("text", "in", json!(["a", "b", "c"])),
            "`text` is one of `a`, `b`, `c`",
        ),
        (
            on("people", "not_in", json!(["a"])),
            "each entry of `people` is none of `a`",
        ),
        (
            each("people", "matches", json!("a"), Some("any")),
            "an entry of `people` matches `a`",
        ),
        (
            on("people", "contains", json!("a")),
            "`people` contains `a`",
        ),
        (
            each("people", "contains", json!("a"), Some("all")),
            "each entry of `people` contains `a`",
        ),
        (
            on("media.url", "exists", json!(true)),
            "`media.url` is given",
        ),
        (on("people", "exists", json!(false)), "`people` is omitted"),
        (on("sure", "eq", json!(true)), "`sure` is true"),
        (
            on("latitude", "gte", json!(48.5)),
            "`latitude` is at least 48.5",
        ),
        (on("text", "neq", json!("a\nb")), r"`text` is not `a\nb`"),
    ];
    for (condition, words) in cases {
        assert_eq!(condition.to_string(), words);
    }
    let long = on("text", "eq", json!("x".repeat(100))).to_string();
    assert_eq!(long, format!("`text` is `{}…`", "x".repeat(80)));
}

#[test]
fn each_operator_has_its_name() {
    for (name, operator) in Operator::NAMES {
        assert_eq!(operator.name(), name);
        assert_eq!(Operator::read(name).unwrap(), operator);
    }
}
