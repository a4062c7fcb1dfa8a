//! What holds for any condition and any arguments.

use super::*;

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-c@\u{200b}]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Names that schemas and the test tool have, and others.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "must", "text", "kind", "group", "limit", "latitude", "sure", "flag", "people", "sizes",
            "media", "url", "either", "free", "type", "properties", "anyOf", "enum", "const", "items",
            "required", "pattern",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Values of conditions, and others.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => json_value(),
        1 => r"[a-c.*+?()\[\]{}|^$\\d0-9]{0,12}".prop_map(Value::from),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(name(), 1..4).prop_map(|names| names.join(".")),
        name().prop_map(|name| format!("args.{name}")),
    ]
}

fn operator() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(Operator::NAMES.map(|(name, _)| name).to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn quantifier() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some("any"), Some("all"), Some("some")])
}

/// Texts with words, hidden characters and ids.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ab\u{200b}\u{ff41}]{0,3}",
        prop::sample::select(vec!["4915112345678@c.us", "+4915112345678", "1@lid", "yes"])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn nothing_fails_hard(
        path in path(),
        operator in operator(),
        value in any_value(),
        quantifier in quantifier(),
        shapes in prop::option::of(json_value()),
        arguments in json_value(),
    ) {
        let own = schema();
        let odd = shapes.map(|shapes| {
            let mut odd = Map::new();
            odd.insert("properties".into(), shapes);
            odd
        });
        for schema in [Some(&own), odd.as_ref()].into_iter().flatten() {
            match Condition::new(&path, &operator, &value, quantifier, &[("send", schema)]) {
                Ok(condition) => {
                    condition.holds(&arguments);
                    prop_assert!(!condition.to_string().is_empty());
                }
                Err(problems) => prop_assert!(!problems.is_empty()),
            }
        }
        if let Ok(condition) = Condition::new(&path, &operator, &value, quantifier, &[]) {
            condition.holds(&arguments);
        }
    }

    #[test]
    fn an_opposite_is_the_negation_of_what_is_in_no_doubt(
        // Without letters that look like others.
        one in "[ -~日本語\n]{1,3}",
        other in "[ -~日本語\n]{1,3}",
        whole: i64,
        limit in prop_oneof![any::<i64>(), -3..3_i64],
    ) {
        let arguments = json!({ "text": one, "limit": limit });
        for (path, value) in [("text", json!(other)), ("text", json!(one)), ("limit", json!(whole)), ("limit", json!(1))] {
            let is = on(path, "eq", value.clone()).holds(&arguments);
            prop_assert_eq!(on(path, "neq", value.clone()).holds(&arguments), !is);
            prop_assert_eq!(on(path, "in", json!([value])).holds(&arguments), is);
            prop_assert_eq!(on(path, "not_in", json!([value])).holds(&arguments), !is);
        }
        if let Ok(matches) = read("text", "matches", json!(other), None) {
            let opposite = on("text", "not_matches", json!(other));
            prop_assert_eq!(opposite.holds(&arguments), !matches.holds(&arguments));
        }
        let than = |op| on("limit", op, json!(whole)).holds(&arguments);
        prop_assert_eq!(than("lt"), !than("gte"));
        prop_assert_eq!(than("gt"), !than("lte"));
    }

    #[test]
    fn an_operator_and_its_opposite_never_hold_both(one in text(), other in text(), absent: bool) {
        let arguments = if absent { json!({}) } else { json!({ "text": one }) };
        for (op, opposite) in [("eq", "neq"), ("matches", "not_matches")] {
            if let (Ok(is), Ok(not)) = (read("text", op, json!(other), None), read("text", opposite, json!(other), None)) {
                prop_assert!(!(is.holds(&arguments) && not.holds(&arguments)));
            }
        }
    }

    #[test]
    fn a_wider_list_admits_more_and_forbids_more(
        texts in prop::collection::vec(text(), 1..5),
        more in text(),
        argument in text(),
    ) {
        let arguments = json!({ "text": argument });
        let wider: Vec<&String> = texts.iter().chain([&more]).collect();
        if on("text", "in", json!(texts)).holds(&arguments) {
            prop_assert!(on("text", "in", json!(wider)).holds(&arguments));
        }
        if let Ok(wide) = read("text", "not_in", json!(wider), None)
            && wide.holds(&arguments)
        {
            prop_assert!(on("text", "not_in", json!(texts)).holds(&arguments));
        }
    }

    #[test]
    fn all_is_stricter_than_any(entries in prop::collection::vec("[ab]{1,2}", 0..4), value in "[ab]{1,2}") {
        let arguments = json!({ "people": entries });
        for op in ["eq", "matches", "contains", "neq", "not_matches"] {
            let all = each("people", op, json!(value), Some("all")).holds(&arguments);
            let any = each("people", op, json!(value), Some("any")).holds(&arguments);
            // An empty list fulfils what forbids, and has no entry to show.
            prop_assert!(!all || any || entries.is_empty());
        }
    }
}
