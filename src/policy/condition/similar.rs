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

/// What a text can be read as beside its plain form: in the order in which it is shown,
/// without marks at its letters, and its words in Latin letters where each letter of a word
/// looks like one (by the skeletons of UTS 39). There are two readings where a letter looks
/// like two, as an `l` and an `I` do.
pub(super) fn similar(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return Vec::new();
    }
    let (plain_form, shown) = (plain(text), as_shown(text));
    let shown = plain(&shown);
    let mut readings = Vec::new();
    for case in [LetterCase::Same, LetterCase::Other] {
        let read = in_latin(&shown, case);
        if read != *plain_form && !readings.contains(&read) {
            readings.push(read);
        }
    }
    readings
}

/// Which of two Latin letters a letter is read as that looks like both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LetterCase {
    /// A capital as a capital.
    Same,
    /// A capital as a small letter, any other as a capital.
    Other,
}

/// The text with what is shown from right to left turned round.
fn as_shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // What is to be turned, and how many directions have begun within it.
    let mut turned: Option<(Vec<char>, usize)> = None;
    for c in text.chars() {
        let Some((letters, depth)) = &mut turned else {
            match c {
                RIGHT_TO_LEFT => turned = Some((Vec::new(), 0)),
                c => shown.push(c),
            }
            continue;
        };
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | RIGHT_TO_LEFT => *depth += 1,
            DIRECTION_ENDS if *depth > 0 => *depth -= 1,
            DIRECTION_ENDS | '\n' => {
                shown.extend(letters.drain(..).rev());
                turned = None;
                shown.push(c);
            }
            c => letters.push(c),
        }
    }
    if let Some((letters, _)) = turned {
        shown.extend(letters.into_iter().rev());
    }
    shown
}

/// A text with each word in Latin letters of which each letter looks like one.
fn in_latin(text: &str, case: LetterCase) -> String {
    let mut read = String::with_capacity(text.len());
    let mut known = HashMap::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_part = is_of_word(c);
        let end = rest.find(|c| is_of_word(c) != is_part);
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        let latin = is_part.then(|| word_in_latin(part, case, &mut known));
        match latin.flatten() {
            Some(latin) => read.push_str(&latin),
            None => read.push_str(part),
        }
        rest = after;
    }
    read
}

/// A word in Latin letters; `None` if one of its letters looks like none.
fn word_in_latin(
    word: &str,
    case: LetterCase,
    known: &mut HashMap<char, Option<char>>,
) -> Option<String> {
    let mut letters = String::with_capacity(word.len());
    for letter in APART.normalize(word).chars() {
        if letter.is_ascii() {
            letters.push(letter);
        } else if !is_mark(letter) {
            let latin = known.entry(letter).or_insert_with(|| latin(letter, case));
            letters.push((*latin)?);
        }
    }
    Some(letters)
}

/// Whether a character is part of a word: a letter, a mark at one, or drawn as one.
fn is_of_word(c: char) -> bool {
    c.is_alphabetic() || is_mark(c) || of_row(c).is_some()
}

/// Whether a character is a mark at the letter before it (the blocks of combining marks).
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The Latin letter that a character looks like.
fn latin(letter: char, case: LetterCase) -> Option<char> {
    let small_capital = || {
        let mut pairs = SMALL_CAPITALS.chars().zip(THEIR_LETTERS.chars());
        let found = pairs.find(|(capital, _)| *capital == letter);
        found.map(|(_, latin)| latin)
    };
    let alike = || {
        let looks: String = skeleton(letter.encode_utf8(&mut [0; 4])).collect();
        let same = alphabet().iter().filter(|(_, skeleton)| *skeleton == looks);
        let capital = letter.is_uppercase() == (case == LetterCase::Same);
        same.map(|(latin, _)| *latin)
            .min_by_key(|latin| latin.is_uppercase() != capital)
    };
    of_row(letter).or_else(small_capital).or_else(alike)
}

/// The letter that a character of a row of drawn letters is.
fn of_row(c: char) -> Option<char> {
    ROWS_OF_LETTERS.iter().find_map(|first| {
        let place = u32::from(c).checked_sub(u32::from(*first))?;
        ('A'..='Z').nth(place.try_into().ok()?)
    })
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
            ("«ІВАN»", "«IBAN»"),
            ("❗ІВАN—DE", "❗IBAN—DE"),
            ("ж-ІВАN_Ж", "ж-IBAN_Ж"),
            ("раураӀ", "paypal"),
            // Lisu has no cases.
            ("ꓲꓐꓮꓠ", "IBAN"),
            ("ɪʙᴀɴ", "iban"),
            ("🅘🅑🅐🅝 🅸🅱🅰🅽 🄸🄱🄰🄽 🇮🇧🇦🇳", "IBAN IBAN IBAN IBAN"),
            ("I\u{336}B\u{332}Á\u{20dd}N", "IBAN"),
            ("pay \u{202e}NABI\u{202c} now", "pay IBAN now"),
            ("\u{202e}NA\u{202a}\u{202c}BI", "IBAN"),
            ("\u{202e}N\u{202d}\u{202c}ABI\u{202c}!", "IBAN!"),
        ] {
            let readings = similar(text);
            assert!(
                readings.iter().any(|one| one == read),
                "{text:?}: {readings:?}"
            );
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
            assert_eq!(similar(text), Vec::<String>::new(), "{text:?}");
        }
    }
}
