use super::*;

fn no_link() -> Condition {
    on("text", "has_no_link", Value::Null)
}

#[test]
fn a_hidden_link_is_not_overlooked() {
    let has_link = on("text", "has_link", Value::Null);
    for (text, certainly, maybe) in [
        ("see example.com", true, true),
        ("see example\u{200b}.com", true, true),
        ("see ｅxample．ｃｏｍ", true, true),
        ("see \u{202e}moc.elpmaxe\u{202c}", true, true),
        ("see you", false, false),
    ] {
        let arguments = json!({ "text": text });
        assert_eq!(has_link.holds(&arguments), certainly, "{text:?}");
        assert_eq!(has_link.may_hold(&arguments), maybe, "{text:?}");
        assert_eq!(no_link().holds(&arguments), !maybe, "{text:?}");
    }
    // Nobody searches that much text.
    let long = json!({ "text": "a".repeat(300_000) });
    assert!(!no_link().holds(&long) && has_link.may_hold(&long));
}

proptest! {
    #[test]
    fn no_characters_hide_a_link(
        before in "[ -~日本語\n]{0,4}",
        hidden in prop::collection::vec((1..11_usize, prop::sample::select(vec!['\u{200b}', '\u{ad}', '\u{2060}', '\u{202e}', '\u{180e}'])), 0..4),
    ) {
        let mut link: Vec<char> = "example.com".chars().collect();
        for (at, c) in hidden {
            link.insert(at, c);
        }
        let text = format!("{before} {}", link.into_iter().collect::<String>());
        let arguments = json!({ "text": text });
        prop_assert!(!no_link().holds(&arguments));
    }

    #[test]
    fn one_of_both_holds_or_none_does(text: String) {
        let arguments = json!({ "text": text });
        let has_link = on("text", "has_link", Value::Null);
        prop_assert!(!(has_link.holds(&arguments) && no_link().holds(&arguments)));
        prop_assert_eq!(has_link.may_hold(&arguments), !no_link().holds(&arguments));
    }
}
