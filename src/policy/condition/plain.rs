//! Text without what could hide it from a pattern.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::op::is_hidden;

const COMPATIBLE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();

/// The plain form of a text: no hidden characters, spaces for blank letters, and compatible
/// letters (wide, bold, circled) unified as in Unicode's NFKC.
///
/// Similar letters of other scripts are kept.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let harmless = |byte: u8| (b' '..=b'~').contains(&byte) || byte.is_ascii_whitespace();
    if text.bytes().all(harmless) {
        return Cow::Borrowed(text);
    }
    if !text.chars().any(is_removed) {
        return COMPATIBLE.normalize(text);
    }
    let shown: String = text
        .chars()
        .filter_map(|c| match c {
            '\u{115f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => Some(' '),
            c => (!is_removed(c)).then_some(c),
        })
        .collect();
    Cow::Owned(COMPATIBLE.normalize(&shown).into_owned())
}

/// Whether a character is removed; line breaks and tabs are kept, since they separate words.
fn is_removed(c: char) -> bool {
    is_hidden(c) && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn visible_text_is_kept() {
        for (text, shown) in [
            ("an IBAN\nhere\t.", "an IBAN\nhere\t."),
            ("I\u{200b}B\u{ad}A\u{2060}N", "IBAN"),
            ("\u{202e}IBAN\u{202c}", "IBAN"),
            ("my\u{2800}IBAN\u{3164}is", "my IBAN is"),
            ("ＩＢＡＮ 𝗜𝗕𝗔𝗡 Ⓘ", "IBAN IBAN I"),
            ("cafe\u{301} cafe\u{200b}\u{301}", "café café"),
            ("a\u{a0}b", "a b"),
            (
                "❤\u{fe0f} \u{1f468}\u{200d}\u{1f469}",
                "❤ \u{1f468}\u{1f469}",
            ),
            // Cyrillic stays Cyrillic.
            ("ІВАN", "ІВАN"),
        ] {
            assert_eq!(plain(text), shown, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_plain_form_of_a_plain_form_is_the_same(text: String) {
            let once = plain(&text).into_owned();
            prop_assert!(!once.chars().any(is_removed));
            prop_assert_eq!(plain(&once), once.as_str());
        }
    }
}
