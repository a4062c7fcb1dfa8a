//! Texts and people in several spellings.

use super::*;

#[test]
fn hidden_characters_help_nobody() {
    let forbidden = on("text", "not_matches", json!(r"(?i)\biban\b"));
    let demanded = on("text", "matches", json!(r"^[^@]*$"));
    for (text, refused) in [
        ("the I\u{200b}BAN is", true),
        ("the \u{ff29}\u{ff22}\u{ff21}\u{ff2e} is", true),
        ("the \u{202e}IBAN\u{202c} is", true),
        ("i\u{200b}ban\u{2800}is", true),
        ("the \u{200b}sum is", false),
        ("❤\u{fe0f}", false),
    ] {
        assert_eq!(
            !forbidden.holds(&json!({ "text": text })),
            refused,
            "{text:?}"
        );
    }
    assert!(demanded.holds(&json!({ "text": "a\u{200b}b" })));
    assert!(!demanded.holds(&json!({ "text": "a\u{ff20}b" })));

    // In doubt, neither an operator nor its opposite holds.
    let hidden = json!({ "text": "y\u{200b}es", "people": ["y\u{200b}es"] });
    for condition in [
        on("text", "eq", json!("yes")),
        on("text", "neq", json!("yes")),
        on("text", "in", json!(["yes"])),
        on("text", "not_in", json!(["yes"])),
        on("text", "matches", json!("yes")),
        on("text", "not_matches", json!("yes")),
        on("text", "contains", json!("yes")),
        on("people", "contains", json!("yes")),
        on("people", "neq", json!("yes")),
    ] {
        assert!(!condition.holds(&hidden), "{condition}");
    }
    // A value may have them itself.
    let family = json!({ "text": "\u{1f468}\u{200d}\u{1f469}" });
    assert!(on("text", "eq", json!("\u{1f468}\u{200d}\u{1f469}")).holds(&family));
    assert!(on("text", "contains", json!("\u{1f468}\u{200d}\u{1f469}")).holds(&family));
}

#[test]
fn people_are_compared_in_one_spelling() {
    for spelling in [
        "+49 151 12345678",
        "004915112345678",
        "4915112345678@s.whatsapp.net",
    ] {
        let (is, is_not) = (
            on("text", "eq", json!(spelling)),
            on("text", "neq", json!(spelling)),
        );
        for same in ["4915112345678@c.us", "4915112345678"] {
            assert!(is.holds(&json!({ "text": same })), "{spelling}");
            assert!(!is_not.holds(&json!({ "text": same })), "{spelling}");
        }
        assert!(is_not.holds(&json!({ "text": "15552223333@c.us" })));
        // A hidden identity may be anybody's.
        let hidden = json!({ "text": "123456789@lid" });
        assert!(!is.holds(&hidden) && !is_not.holds(&hidden));
    }
    // A group is nobody's identity.
    assert!(on("text", "neq", json!("12345@g.us")).holds(&json!({ "text": "1@lid" })));
    assert!(on("text", "in", json!(["1@lid"])).holds(&json!({ "text": "1@lid" })));
}

#[test]
fn a_text_that_is_too_long_to_look_at_is_in_doubt() {
    let long = "a".repeat((1 << 18) + 1);
    let fits = long[1..].to_owned();
    for op in ["matches", "not_matches"] {
        assert!(!on("text", op, json!("b|^a")).holds(&json!({ "text": long })));
    }
    assert!(on("text", "matches", json!("^a")).holds(&json!({ "text": fits })));
    assert!(on("text", "not_matches", json!("b")).holds(&json!({ "text": fits })));
}

#[test]
fn what_reads_like_the_words_is_in_doubt() {
    let iban = on("text", "matches", json!("(?i)iban"));
    let no_iban = on("text", "not_matches", json!("(?i)iban"));
    let part = on("text", "contains", json!("IBAN"));
    for text in ["ІВАΝ", "my \u{202e}NABI", "🅸🅱🅰🅽", "ÍBÁN", "I\u{336}BAN"] {
        let text = json!({ "text": text });
        for condition in [&iban, &no_iban, &part] {
            assert!(!condition.holds(&text), "{text}");
            assert!(condition.may_hold(&text), "{text}");
        }
    }
    assert!(no_iban.holds(&json!({ "text": "Привет, Ивану" })));
    assert!(!iban.may_hold(&json!({ "text": "Привет, Ивану" })));
}
