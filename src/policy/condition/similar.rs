//! Text as it looks: letters that look like Latin ones read as these.

use std::{collections::HashMap, sync::OnceLock};

use icu_normalizer::DecomposingNormalizerBorrowed;
use unicode_security::confusable_detection::skeleton;

use super::plain::plain;

const APART: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();

/// From here on letters are shown from right to left, whatever they are.
const RIGHT_TO_LEFT: char = '\u{202e}';

/// Ends what [`RIGHT_TO_LEFT`] and its like begin.
const DIRECTION_ENDS: char = '\u{202c}';

/// Latin small capitals. Unicode relates them to no letters.
const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ";
/// The letters that they stand for, in their order.
const THEIR_LETTERS: &str = "abcdefghijklmnopqrstuvwyz";

/// The first letters of rows of twenty-six that Unicode does not relate to letters: squared,
/// circled and squared in white on black, and those that flags are made of.
const ROWS_OF_LETTERS: [char; 4] = ['\u{1f130}', '\u{1f150}', '\u{1f170}', '\u{1f1e6}'];

/// What a text can be read as, if that is not its plain form: in the order in which
/// it is shown, without marks at its letters, and its words in Latin letters where each
/// letter of a word looks like one (by the skeletons of UTS 39).
pub(super) fn similar(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let shown = as_shown(text);
    let plain_form = plain(text);
    let mut read = HashMap::new();
    let words: String = plain(&shown)
        .split_inclusive(char::is_whitespace)
        .map(|word| in_latin(word, &mut read).unwrap_or_else(|| word.to_owned()))
        .collect();
    (words != *plain_form).then_some(words)
}

/// The text with what is shown from right to left turned round.
fn as_shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut parts = text.split(RIGHT_TO_LEFT);
    shown.extend(parts.next());
    for part in parts {
        let end = part.find([DIRECTION_ENDS, '\n']).unwrap_or(part.len());
        let (turned, rest) = part.split_at(end);
        shown.extend(turned.chars().rev());
        shown.push_str(rest);
    }
    shown
}

/// A word in Latin letters; `None` if one of its letters looks like none.
fn in_latin(word: &str, read: &mut HashMap<char, Option<char>>) -> Option<String> {
    let mut letters = String::with_capacity(word.len());
    for letter in APART.normalize(word).chars() {
        if letter.is_ascii() {
            letters.push(letter);
        } else if !is_mark(letter) {
            letters.push((*read.entry(letter).or_insert_with(|| latin(letter)))?);
        }
    }
    Some(letters)
}

/// Whether a character is a mark at the letter before it (the blocks of combining marks).
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The Latin letter that a character looks like.
fn latin(letter: char) -> Option<char> {
    let of_row = ROWS_OF_LETTERS.iter().find_map(|first| {
        let place = u32::from(letter).checked_sub(u32::from(*first))?;
        ('A'..='Z').nth(place.try_into().ok()?)
    });
    let small_capital = || {
        let mut pairs = SMALL_CAPITALS.chars().zip(THEIR_LETTERS.chars());
        pairs
            .find(|(capital, _)| *capital == letter)
            .map(|(_, latin)| latin)
    };
    let alike = || {
        let looks: String = skeleton(letter.encode_utf8(&mut [0; 4])).collect();
        let case = letter.is_uppercase();
        let same = alphabet().iter().filter(|(_, skeleton)| *skeleton == looks);
        let mut same: Vec<char> = same.map(|(latin, _)| *latin).collect();
        same.sort_by_key(|latin| latin.is_uppercase() != case);
        same.first().copied()
    };
    of_row.or_else(small_capital).or_else(alike)
}

/// The Latin letters and how they look.
fn alphabet() -> &'static [(char, String)] {
    static ALPHABET: OnceLock<Vec<(char, String)>> = OnceLock::new();
    ALPHABET.get_or_init(|| {
        let letters = ('A'..='Z').chain('a'..='z');
        letters
            .map(|letter| (letter, skeleton(letter.encode_utf8(&mut [0; 4])).collect()))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_latin_letters_is_read_as_them() {
        for (text, read) in [
            // Cyrillic and Greek.
            ("ІВАΝ", "IBAN"),
            ("my ІBAN: 12", "my IBAN: 12"),
            ("раssword", "password"),
            ("ɪʙᴀɴ", "iban"),
            ("🅘🅑🅐🅝 🅸🅱🅰🅽 🄸🄱🄰🄽 🇮🇧🇦🇳", "IBAN IBAN IBAN IBAN"),
            ("I\u{336}B\u{332}Á\u{20dd}N", "IBAN"),
            ("pay \u{202e}NABI\u{202c} now", "pay IBAN now"),
        ] {
            assert_eq!(similar(text).as_deref(), Some(read), "{text:?}");
        }
    }

    #[test]
    fn other_words_are_what_they_are() {
        for text in [
            "an IBAN",
            "Привет, как дела?",
            "שלום",
            "नमस्ते",
            "日本語",
            "👍🏽",
        ] {
            assert_eq!(similar(text), None, "{text:?}");
        }
    }
}
