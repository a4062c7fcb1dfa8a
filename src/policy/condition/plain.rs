//! Text without what hides it from a pattern.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::op::is_hidden;

const COMPATIBLE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();

/// The plain form of a text: hidden characters taken out, blank letters made spaces,
/// and compatible letters (wide, bold, in circles) made one, as Unicode's NFKC does.
///
/// Letters of other scripts that only look alike stay what they are.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let harmless = |byte: u8| (b' '..=b'~').contains(&byte) || byte.is_ascii_whitespace();
    if text.bytes().all(harmless) {
        return Cow::Borrowed(text);
    }
    if !text.chars().any(is_in_the_way) {
        return COMPATIBLE.normalize(text);
    }
    let shown: String = text
        .chars()
        .filter_map(|c| match c {
            '\u{115f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => Some(' '),
            c => (!is_in_the_way(c)).then_some(c),
        })
        .collect();
    Cow::Owned(COMPATIBLE.normalize(&shown).into_owned())
}

/// Line breaks and tabs keep words apart.
fn is_in_the_way(c: char) -> bool {
    is_hidden(c) && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_reader_sees_is_left() {
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
        fn a_plain_form_is_plain(text: String) {
            let once = plain(&text).into_owned();
            prop_assert!(!once.chars().any(is_in_the_way));
            prop_assert_eq!(plain(&once), once.as_str());
        }
    }
}
