//! Messages about wrong conditions.

use super::*;

/// The only problem: its key, its code, and message with hint.
fn wrong(
    path: &str,
    op: &str,
    value: Value,
    each: Option<&str>,
) -> (&'static str, &'static str, String) {
    let problems = read(path, op, value, each).expect_err("it was accepted");
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = &problems[0];
    (
        problem.key,
        problem.code,
        format!("{}; {}", problem.message, problem.hint),
    )
}

const MISTAKES: &str = r#"[
    ["txet", "eq", "a", null, "arg", "unknown-argument", "did you mean `text`?"],
    ["media.ulr", "eq", "a", null, "arg", "unknown-argument", "did you mean `media.url`?"],
    ["zzzzzz", "eq", "a", null, "arg", "unknown-argument", "its arguments: cards, either, flag, free"],
    ["text.size", "eq", "a", null, "arg", "unknown-argument", "no argument `text.size`"],
    ["people.name", "eq", "a", null, "arg", "unknown-argument", "`people` of `send` is a list"],
    ["people[0]", "eq", "a", null, "arg", "unknown-argument", "no argument `people[0]`"],
    ["", "eq", "a", null, "arg", "unknown-argument", "does not name an argument"],
    ["media..url", "eq", "a", null, "arg", "unknown-argument", "does not name an argument"],
    ["text", "matchs", "a", null, "op", "unknown-operator", "did you mean `matches`?"],
    ["text", "regex", "a", null, "op", "unknown-operator", "op must be eq, neq"],
    ["text", "gt", 5, null, "op", "bad-operator", "`text` is text, which `gt` cannot compare"],
    ["sure", "lte", 5, null, "op", "bad-operator", "is true or false"],
    ["limit", "matches", "5", null, "op", "bad-operator", "is a whole number"],
    ["limit", "contains", 5, null, "op", "bad-operator", "use eq or in"],
    ["media", "eq", "a", null, "op", "bad-operator", "name a field of it: `media.path`, `media.url`"],
    ["things", "eq", "a", null, "op", "bad-operator", "use `exists`"],
    ["thing", "eq", "a", null, "op", "bad-operator", "cannot compare; use `exists`"],
    ["cards", "eq", "a", null, "op", "bad-operator", "cannot compare; use `exists`"],
    ["rows", "eq", "a", null, "op", "bad-operator", "an entry of `rows` is a list"],
    ["rows", "contains", "a", null, "op", "bad-operator", "use `exists`"],
    ["people", "lt", 5, null, "op", "bad-operator", "an entry of `people` is text"],
    ["sizes", "contains", 5, "all", "op", "bad-operator", "an entry of `sizes` is a whole number"],
    ["text", "eq", 5, null, "value", "bad-value", "value must be text, as `text` is, got 5"],
    ["limit", "lte", "5", null, "value", "bad-value", "write a whole number"],
    ["limit", "eq", 5.5, null, "value", "bad-value", "a whole number, as `limit` is, got 5.5"],
    ["limit", "eq", [5], null, "value", "bad-value", "got a list"],
    ["people", "contains", 5, null, "value", "bad-value", "as an entry of `people` is, got 5"],
    ["text", "in", "a", null, "value", "bad-value", "write a list"],
    ["text", "in", [], null, "value", "bad-value", "at least one entry, got an empty list"],
    ["text", "in", ["a", 5], null, "value", "bad-value", "got 5"],
    ["free", "in", [["a"]], null, "value", "bad-value", "write a single value"],
    ["free", "lt", "a", null, "value", "bad-value", "write a number"],
    ["free", "matches", 5, null, "value", "bad-value", "write a regular expression"],
    ["text", "exists", "yes", null, "value", "bad-value", "write true or false"],
    ["kind", "eq", "imgae", null, "value", "bad-value", "did you mean `image`?"],
    ["kind", "not_in", ["sticker"], null, "value", "bad-value", "it is one of image, video"],
    ["group", "eq", "Family", null, "value", "bad-value", "`group` is never \"Family\""],
    ["group", "in", ["12345@g.us", "1@c.us"], null, "value", "bad-value", "it has the form"],
    ["kinds", "contains", "imgae", null, "value", "bad-value", "did you mean `image`?"],
    ["style", "eq", "bald", null, "value", "bad-value", "did you mean `bold`?"],
    ["style", "eq", "plane", null, "value", "bad-value", "`style` is never \"plane\""],
    ["style", "eq", 5, null, "value", "bad-value", "value must be text"],
    ["place", "eq", "a", null, "op", "bad-operator", "name a field of it: `place.name`"],
    ["maybe", "eq", 5, null, "value", "bad-value", "as `maybe` is, got 5"],
    ["flag", "eq", false, null, "value", "unsure-flag", "write `neq` true"],
    ["flag", "in", [true, false], null, "value", "unsure-flag", "write `neq` true"],
    ["flag", "neq", false, null, "value", "unsure-flag", "write `eq` true"],
    ["people", "not_in", ["1@lid"], null, "value", "hidden-identity", "can also be reached by number"],
    ["text", "neq", "1@lid", null, "value", "hidden-identity", "name people in `recipients`"],
    ["text", "matches", "(", null, "value", "bad-pattern", "unclosed group"],
    ["text", "matches", "a(?=b)", null, "value", "bad-pattern", "look-around"],
    ["text", "matches", "a\u200bb", null, "value", "bad-pattern", "write \"ab\""],
    ["text", "matches", "", null, "value", "bad-value", "matches every text"],
    ["text", "contains", "", null, "value", "bad-value", "every text contains"],
    ["text", "contains", "\u200b", null, "value", "bad-value", "every text contains"],
    ["text", "matches", "(\\w{100}){100}", null, "value", "too-long", "repeat less"],
    ["text", "eq", "a", "any", "each", "bad-each", "`text` is not a list"],
    ["people", "eq", "a", "some", "each", "bad-value", "each must be any or all"],
    ["people", "exists", true, "all", "each", "bad-each", "as a whole"]
]"#;

type Mistake = (
    String,
    String,
    Value,
    Option<String>,
    String,
    String,
    String,
);

#[test]
fn mistakes_are_named() {
    for (path, op, value, each, key, code, part) in
        serde_json::from_str::<Vec<Mistake>>(MISTAKES).unwrap()
    {
        let (found, kind, text) = wrong(&path, &op, value, each.as_deref());
        assert_eq!((found, kind), (&*key, &*code), "{path} {op}: {text}");
        assert!(text.contains(&part), "{path} {op}: {text}");
    }
}

#[test]
fn values_that_are_too_long_are_refused() {
    let many = |most: usize| json!((0..most).collect::<Vec<_>>());
    assert!(
        wrong(&"x".repeat(201), "eq", json!("a"), None)
            .2
            .contains("does not name an argument")
    );
    for (path, op, fits, longer) in [
        (
            "text",
            "matches",
            json!("x".repeat(1_000)),
            json!("x".repeat(1_001)),
        ),
        (
            "text",
            "eq",
            json!("x".repeat(10_000)),
            json!("x".repeat(10_001)),
        ),
        ("sizes", "in", many(10_000), many(10_001)),
    ] {
        assert!(read(path, op, fits, None).is_ok(), "{path} {op}");
        let (key, code, text) = wrong(path, op, longer, None);
        assert_eq!((key, code), ("value", "too-long"), "{text}");
    }
    assert!(
        read(
            "text",
            "matches",
            json!(format!("{}a{}", "(".repeat(49), ")".repeat(49))),
            None
        )
        .is_ok()
    );
    assert_eq!(
        wrong(
            "text",
            "matches",
            json!(format!("{}a{}", "(".repeat(60), ")".repeat(60))),
            None
        )
        .1,
        "bad-pattern"
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let problems = read("txet", "matches", json!("("), Some("some")).unwrap_err();
    let keys: Vec<_> = problems.iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["arg", "value", "each"]);
}

#[test]
fn a_condition_is_for_every_tool() {
    let other = json!({ "type": "object", "properties": { "caption": { "type": "string" } } });
    let (one, other) = (schema(), other.as_object().unwrap().clone());
    let tools = [("send", &one), ("show", &other)];
    let text = &json!("a");
    let problems = Condition::new("text", "eq", text, None, &tools).unwrap_err();
    assert_eq!(problems[0].message, "`show` has no argument `text`");
    assert!(Condition::new("args.text", "eq", text, None, &tools[..1]).is_ok());
    let nothing = Map::new();
    let problems = Condition::new("text", "eq", text, None, &[("stop", &nothing)]).unwrap_err();
    assert_eq!(problems[0].hint, "it takes no arguments");
}
