//! Lists, and which of their entries have to fit.

use super::*;

#[test]
fn a_list_contains_an_entry() {
    let member = on("people", "contains", json!("+49 151 12345678"));
    assert!(member.holds(&json!({ "people": ["15552223333@c.us", "4915112345678@c.us"] })));
    assert!(!member.holds(&json!({ "people": ["15552223333@c.us"] })));
    assert!(!member.holds(&json!({ "people": [] })));
    assert!(!member.holds(&json!({})));
    assert!(on("sizes", "contains", json!(5)).holds(&json!({ "sizes": [4, 5] })));
    // With `each`, the text of each entry is compared.
    let all = each("people", "contains", json!("@c.us"), Some("all"));
    let any = each("people", "contains", json!("@c.us"), Some("any"));
    let mixed = json!({ "people": ["1@c.us", "1@lid"] });
    assert!(!all.holds(&mixed) && any.holds(&mixed));
    assert!(!on("people", "contains", json!("@c.us")).holds(&mixed));
}

#[test]
fn every_entry_of_a_list_has_to_fit() {
    let (one, both, none, empty) = (
        json!({ "people": ["a", "x"] }),
        json!({ "people": ["a", "b"] }),
        json!({ "people": ["x", "y"] }),
        json!({ "people": [] }),
    );
    for (op, value) in [("in", json!(["a", "b"])), ("matches", json!("[ab]"))] {
        let opposite = format!("not_{op}");
        for chosen in [None, Some("all")] {
            let (fits, not) = (
                each("people", op, value.clone(), chosen),
                each("people", &opposite, value.clone(), chosen),
            );
            for (arguments, positive, negative) in [
                (&one, false, false),
                (&both, true, false),
                (&none, false, true),
                (&empty, false, true),
                (&json!({}), false, true),
            ] {
                assert_eq!(fits.holds(arguments), positive, "{fits}: {arguments}");
                assert_eq!(not.holds(arguments), negative, "{not}: {arguments}");
            }
        }
        let (fits, not) = (
            each("people", op, value.clone(), Some("any")),
            each("people", &opposite, value.clone(), Some("any")),
        );
        for (arguments, positive, negative) in [
            (&one, true, true),
            (&both, true, false),
            (&none, false, true),
            // There is none that could.
            (&empty, false, false),
            (&json!({}), false, false),
        ] {
            assert_eq!(fits.holds(arguments), positive, "{fits}: {arguments}");
            assert_eq!(not.holds(arguments), negative, "{not}: {arguments}");
        }
    }
    assert!(on("sizes", "lte", json!(5)).holds(&json!({ "sizes": [4, 5] })));
    assert!(!on("sizes", "lte", json!(5)).holds(&json!({ "sizes": [4, 6] })));
}
