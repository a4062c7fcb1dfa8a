use proptest::prelude::*;
use serde_json::json;

use super::*;

mod contradiction;
mod display;
mod links;
mod lists;
mod mistakes;
mod probes;
mod properties;
mod texts;

/// A tool with an argument of each shape; only `must` and `sure` are required.
fn schema() -> Map<String, Value> {
    let Value::Object(schema) = json!({
        "type": "object",
        "required": ["must", "sure"],
        "properties": {
            "must": { "type": "string" },
            "text": { "type": "string" },
            "kind": { "type": "string", "enum": ["image", "video", null] },
            "group": { "type": "string", "pattern": r"^\d+(-\d+)?@g\.us$" },
            "limit": { "type": "integer", "minimum": 1, "maximum": 100 },
            "latitude": { "type": "number" },
            "sure": { "type": "boolean" },
            "flag": { "type": "boolean" },
            "people": { "type": "array", "items": { "type": "string" } },
            "sizes": { "type": "array", "items": { "type": "integer" } },
            "media": { "type": "object", "properties": {
                "url": { "type": "string" }, "path": { "type": "string" } } },
            "either": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            "kinds": { "type": "array", "items": { "type": "string", "enum": ["image", "video"] } },
            "style": { "oneOf": [{ "const": "bold" }, { "enum": ["plain"] }] },
            "place": { "properties": { "name": { "type": "string" } } },
            "maybe": { "type": ["string", "null"] },
            "mixed": { "type": "array", "items": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } },
            "things": { "type": "array", "items": { "type": "object" } },
            "cards": { "type": "array", "items": { "properties": { "name": { "type": "string" } } } },
            "rows": { "type": "array", "items": { "type": "array", "items": { "type": "string" } } },
            "thing": { "type": "object" },
            "free": {}
        }
    }) else {
        unreachable!()
    };
    schema
}

fn read(path: &str, op: &str, value: Value, each: Option<&str>) -> Result<Condition, Vec<Problem>> {
    Condition::new(path, op, &value, each, &[("send", &schema())])
}

fn each(path: &str, op: &str, value: Value, each: Option<&str>) -> Condition {
    read(path, op, value, each).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn on(path: &str, op: &str, value: Value) -> Condition {
    each(path, op, value, None)
}

#[test]
fn a_single_value_is_compared() {
    for (path, op, value, fits, other) in [
        ("text", "eq", json!("Yes"), json!("Yes"), json!("yes")),
        ("text", "in", json!(["a", "b"]), json!("b"), json!("c")),
        ("kind", "eq", json!("image"), json!("image"), json!("video")),
        (
            "group",
            "eq",
            json!("12345@g.us"),
            json!("12345@g.us"),
            json!("54321@g.us"),
        ),
        ("limit", "eq", json!(5), json!(5), json!(6)),
        ("limit", "in", json!([5, 7]), json!(7), json!(6)),
        ("latitude", "eq", json!(48.5), json!(48.5), json!(48.6)),
        ("latitude", "eq", json!(48), json!(48.0), json!(48.1)),
        ("sure", "eq", json!(false), json!(false), json!(true)),
        ("sure", "in", json!([true]), json!(true), json!(false)),
        ("flag", "eq", json!(true), json!(true), json!(false)),
        (
            "text",
            "matches",
            json!(r"(?i)\biban\b"),
            json!("My Iban."),
            json!("Ibanez"),
        ),
        ("either", "eq", json!(5), json!(5), json!(6)),
        ("either", "eq", json!("5"), json!("5"), json!("6")),
    ] {
        let opposite = match op {
            "eq" => "neq",
            "in" => "not_in",
            _ => "not_matches",
        };
        let opposite = (path != "flag").then_some(opposite);
        let positive = on(path, op, value.clone());
        assert!(
            positive.holds(&json!({ path: fits })),
            "{path} {op} {value}"
        );
        assert!(
            !positive.holds(&json!({ path: other })),
            "{path} {op} {value}"
        );
        assert!(!positive.holds(&json!({})), "absent: {path} {op}");
        if let Some(opposite) = opposite {
            let negative = on(path, opposite, value.clone());
            assert!(
                !negative.holds(&json!({ path: fits })),
                "{path} {opposite} {value}"
            );
            assert!(
                negative.holds(&json!({ path: other })),
                "{path} {opposite} {value}"
            );
            assert!(negative.holds(&json!({})), "absent: {path} {opposite}");
        }
    }
}

#[test]
fn numbers_are_ordered() {
    for (op, below, same, above) in [
        ("lt", true, false, false),
        ("lte", true, true, false),
        ("gt", false, false, true),
        ("gte", false, true, true),
    ] {
        let limit = on("limit", op, json!(20));
        let latitude = on("latitude", op, json!(20));
        let fraction = on("latitude", op, json!(20.5));
        for (number, expected) in [(19, below), (20, same), (21, above)] {
            assert_eq!(
                limit.holds(&json!({ "limit": number })),
                expected,
                "{op} {number}"
            );
            let number = f64::from(number);
            assert_eq!(
                latitude.holds(&json!({ "latitude": number })),
                expected,
                "{op} {number}"
            );
            assert_eq!(
                fraction.holds(&json!({ "latitude": number + 0.5 })),
                expected,
                "{op} {number}"
            );
        }
        // Nobody knows what the API takes for a number that is left out.
        assert!(!limit.holds(&json!({})), "{op}");
        assert!(!limit.holds(&json!({ "limit": "19" })), "{op}");
    }
    let most = on("limit", "lt", json!(i64::MAX));
    assert!(most.holds(&json!({ "limit": i64::MAX - 1 })));
    assert!(!most.holds(&json!({ "limit": u64::MAX })));
    let beyond = json!({ "limit": i64::MAX.unsigned_abs() + 1 });
    assert!(!on("limit", "lte", json!(i64::MAX)).holds(&beyond));
}

#[test]
fn a_value_of_another_kind_is_in_doubt() {
    let kinds = [json!("a"), json!(5), json!(true)];
    for value in &kinds {
        let (is, is_not) = (
            on("free", "eq", value.clone()),
            on("free", "neq", value.clone()),
        );
        for given in kinds.iter().filter(|given| *given != value) {
            let arguments = json!({ "free": given });
            assert!(!is.holds(&arguments), "{is}: {given}");
            assert!(!is_not.holds(&arguments), "{is_not}: {given}");
        }
    }
    let mixed = json!({ "mixed": ["a", 5] });
    assert!(on("mixed", "contains", json!(5)).holds(&mixed));
    assert!(on("mixed", "contains", json!("a")).holds(&mixed));
    assert!(!on("mixed", "neq", json!("b")).holds(&mixed));
}

#[test]
fn text_contains_a_part() {
    let part = on("text", "contains", json!("bank"));
    assert!(part.holds(&json!({ "text": "my bank" })));
    for not in [
        json!({ "text": "my Bank" }),
        json!({}),
        json!({ "text": 5 }),
    ] {
        assert!(!part.holds(&not), "{not}");
    }
}

#[test]
fn what_is_given_exists() {
    let (given, left_out) = (
        on("media.url", "exists", json!(true)),
        on("media.url", "exists", json!(false)),
    );
    for (arguments, there) in [
        (json!({ "media": { "url": "https://a.example" } }), true),
        (json!({ "media": { "url": "" } }), true),
        (json!({ "media": { "path": "a.png" } }), false),
        (json!({ "media": { "url": null } }), false),
        (json!({ "media": null }), false),
        (json!({}), false),
    ] {
        assert_eq!(given.holds(&arguments), there, "{arguments}");
        assert_eq!(left_out.holds(&arguments), !there, "{arguments}");
    }
    assert!(!on("people", "exists", json!(true)).holds(&json!({ "people": [] })));
    assert!(on("people", "exists", json!(true)).holds(&json!({ "people": ["1"] })));
    // What cannot be looked into says neither.
    let odd = json!({ "media": "https://a.example" });
    assert!(!given.holds(&odd) && !left_out.holds(&odd));
    assert!(!on("media.url", "neq", json!("x")).holds(&odd));
}
