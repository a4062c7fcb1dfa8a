//! What is said of conditions that mean nothing.

use super::*;

/// The one problem, as part, code, message and hint.
fn wrong(path: &str, op: &str, value: Value, each: Option<&str>) -> (At, &'static str, String) {
    let problems = read(path, op, value, each).expect_err("it was taken");
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = &problems[0];
    (
        problem.at,
        problem.code,
        format!("{}; {}", problem.message, problem.hint),
    )
}

const MISTAKES: &str = r#"[
    ["txet", "eq", "a", null, "Path", "unknown-argument", "did you mean `text`?"],
    ["media.ulr", "eq", "a", null, "Path", "unknown-argument", "did you mean `media.url`?"],
    ["zzzzzz", "eq", "a", null, "Path", "unknown-argument", "its arguments: either, flag, free"],
    ["text.size", "eq", "a", null, "Path", "unknown-argument", "no argument `text.size`"],
    ["people.name", "eq", "a", null, "Path", "unknown-argument", "`people` of `send` is a list"],
    ["people[0]", "eq", "a", null, "Path", "unknown-argument", "no argument `people[0]`"],
    ["", "eq", "a", null, "Path", "unknown-argument", "names no argument"],
    ["media..url", "eq", "a", null, "Path", "unknown-argument", "names no argument"],
    ["text", "matchs", "a", null, "Op", "unknown-operator", "did you mean `matches`?"],
    ["text", "regex", "a", null, "Op", "unknown-operator", "use one of: eq, neq"],
    ["text", "gt", 5, null, "Op", "bad-operator", "`text` is text, which `gt` cannot look at"],
    ["sure", "lte", 5, null, "Op", "bad-operator", "is true or false"],
    ["limit", "matches", "5", null, "Op", "bad-operator", "is a whole number"],
    ["limit", "contains", 5, null, "Op", "bad-operator", "use eq or in"],
    ["media", "eq", "a", null, "Op", "bad-operator", "name a part of it: `media.path`, `media.url`"],
    ["things", "eq", "a", null, "Op", "bad-operator", "use `exists`"],
    ["people", "lt", 5, null, "Op", "bad-operator", "an entry of `people` is text"],
    ["sizes", "contains", 5, "all", "Op", "bad-operator", "an entry of `sizes` is a whole number"],
    ["text", "eq", 5, null, "Value", "bad-value", "`text` is text, and this is a whole number"],
    ["limit", "lte", "5", null, "Value", "bad-value", "write a whole number"],
    ["limit", "eq", 5.5, null, "Value", "bad-value", "a number with a fraction"],
    ["limit", "eq", [5], null, "Value", "bad-value", "this is a list"],
    ["people", "contains", 5, null, "Value", "bad-value", "an entry of `people` is text"],
    ["text", "in", "a", null, "Value", "bad-value", "write a list"],
    ["text", "in", [], null, "Value", "bad-value", "this list is empty"],
    ["text", "in", ["a", 5], null, "Value", "bad-value", "this is a whole number"],
    ["free", "in", [["a"]], null, "Value", "bad-value", "write a single value"],
    ["free", "lt", "a", null, "Value", "bad-value", "write a number"],
    ["free", "matches", 5, null, "Value", "bad-value", "write a regular expression"],
    ["text", "exists", "yes", null, "Value", "bad-value", "write true or false"],
    ["kind", "eq", "imgae", null, "Value", "bad-value", "did you mean `image`?"],
    ["kind", "not_in", ["sticker"], null, "Value", "bad-value", "it is one of: image, video"],
    ["group", "eq", "Family", null, "Value", "bad-value", "`group` is never `Family`"],
    ["group", "in", ["12345@g.us", "1@c.us"], null, "Value", "bad-value", "it is of the form"],
    ["kinds", "contains", "imgae", null, "Value", "bad-value", "did you mean `image`?"],
    ["style", "eq", "bald", null, "Value", "bad-value", "did you mean `bold`?"],
    ["style", "eq", "plane", null, "Value", "bad-value", "`style` is never `plane`"],
    ["style", "eq", 5, null, "Value", "bad-value", "`style` is text"],
    ["place", "eq", "a", null, "Op", "bad-operator", "name a part of it: `place.name`"],
    ["maybe", "eq", 5, null, "Value", "bad-value", "`maybe` is text"],
    ["flag", "eq", false, null, "Value", "unsure-flag", "write `neq` true"],
    ["flag", "in", [true, false], null, "Value", "unsure-flag", "write `neq` true"],
    ["flag", "neq", false, null, "Value", "unsure-flag", "write `eq` true"],
    ["people", "not_in", ["1@lid"], null, "Value", "hidden-identity", "can be reached by number"],
    ["text", "neq", "1@lid", null, "Value", "hidden-identity", "name people in `recipients`"],
    ["text", "matches", "(", null, "Value", "bad-pattern", "unclosed group"],
    ["text", "matches", "a(?=b)", null, "Value", "bad-pattern", "look-around"],
    ["text", "matches", "a\u200bb", null, "Value", "bad-pattern", "write \"ab\""],
    ["text", "matches", "", null, "Value", "bad-value", "matches every text"],
    ["text", "contains", "", null, "Value", "bad-value", "every text contains this"],
    ["text", "contains", "\u200b", null, "Value", "bad-value", "every text contains this"],
    ["text", "matches", "(\\w{100}){100}", null, "Value", "too-long", "repeat less"],
    ["text", "eq", "a", "any", "Each", "bad-each", "`text` is no list"],
    ["people", "eq", "a", "some", "Each", "bad-value", "use one of: any, all"],
    ["people", "exists", true, "all", "Each", "bad-each", "as a whole"]
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
    for (path, op, value, each, at, code, said) in
        serde_json::from_str::<Vec<Mistake>>(MISTAKES).unwrap()
    {
        let (found, kind, text) = wrong(&path, &op, value, each.as_deref());
        assert_eq!(
            (format!("{found:?}"), kind),
            (at, &*code),
            "{path} {op}: {text}"
        );
        assert!(text.contains(&said), "{path} {op}: {text}");
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let many = |most: usize| json!((0..most).collect::<Vec<_>>());
    assert!(
        wrong(&"x".repeat(201), "eq", json!("a"), None)
            .2
            .contains("names no argument")
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
        let (at, code, said) = wrong(path, op, longer, None);
        assert_eq!((at, code), (At::Value, "too-long"), "{said}");
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
fn all_mistakes_are_told_at_once() {
    let problems = read("txet", "matches", json!("("), Some("some")).unwrap_err();
    let parts: Vec<At> = problems.iter().map(|problem| problem.at).collect();
    assert_eq!(parts, [At::Path, At::Value, At::Each]);
}

#[test]
fn a_condition_is_for_every_tool() {
    let other = json!({ "type": "object", "properties": { "caption": { "type": "string" } } });
    let (one, other) = (schema(), other.as_object().unwrap().clone());
    let tools = [("send", &one), ("show", &other)];
    let text = || Operand::Text("a".into());
    let problems = Condition::new("text", "eq", text(), None, &tools).unwrap_err();
    assert_eq!(problems[0].message, "`show` has no argument `text`");
    assert!(Condition::new("args.text", "eq", text(), None, &tools[..1]).is_ok());
    let nothing = Map::new();
    let problems = Condition::new("text", "eq", text(), None, &[("stop", &nothing)]).unwrap_err();
    assert_eq!(problems[0].hint, "it takes no arguments");
}
