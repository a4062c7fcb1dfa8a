//! The emoji of a reaction.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BadId;

/// An emoji of one character, with a skin tone where it has skin or with a variation
/// selector, or a keycap (UTS 51, "EBNF and Regex"). A digit alone and a bare skin tone
/// have the property `Emoji`, but are none.
const ONE_CHARACTER: &str = r"(?x) ^ (?:
    [\#*0-9] \x{FE0F}? \x{20E3}
    | \p{EBase} \p{EMod}
    | [\p{Emoji}--[\#*0-9\p{RI}\p{EMod}]] \x{FE0F}?
    ) $";

/// The shape of the other emoji: a flag, or up to ten joined ones.
const SEQUENCE: &str = r"(?x) ^ (?:
    \p{RI}{2}
    | \x{1F3F4} [\x{E0030}-\x{E007A}]{3,6} \x{E007F}
    | (?: \p{EBase} \p{EMod} | [\p{ExtPict}\p{Emoji}--\p{EMod}] \x{FE0F}? )
      (?: \x{200D} (?: \p{EBase} \p{EMod} | [\p{ExtPict}\p{Emoji}--\p{EMod}] \x{FE0F}? ) ){1,9}
    ) $";

/// The sequences that Unicode 17 recommends (RGI), without skin tones and variation
/// selectors. Any others show as several emoji, or carry text that nobody sees.
const SEQUENCES: &str = include_str!("emoji_sequences.txt");

/// `None` is a defect of a pattern; then nothing is an emoji.
static PATTERNS: LazyLock<Option<[Regex; 2]>> = LazyLock::new(|| {
    let [character, sequence] = [ONE_CHARACTER, SEQUENCE].map(Regex::new);
    Some([character.ok()?, sequence.ok()?])
});

fn is_emoji(text: &str) -> bool {
    let Some([character, sequence]) = &*PATTERNS else {
        return false;
    };
    character.is_match(text) || (sequence.is_match(text) && is_recommended(text))
}

fn is_recommended(sequence: &str) -> bool {
    let is_variant = |part: &char| matches!(part, '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}');
    let plain: String = sequence.chars().filter(|part| !is_variant(part)).collect();
    SEQUENCES.lines().any(|known| known == plain)
}

/// One emoji, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, extend("format" = "emoji"))]
pub struct Emoji(String);

impl Emoji {
    /// The emoji as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Emoji {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        if text.is_empty() || is_emoji(&text) {
            Ok(Self(text))
        } else {
            Err(BadId::new(
                "must be one emoji, or empty to remove the reaction",
            ))
        }
    }
}

impl From<Emoji> for String {
    fn from(emoji: Emoji) -> Self {
        emoji.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(text: &str) -> bool {
        Emoji::try_from(text.to_owned()).is_ok()
    }

    /// The newest emoji whose characters the regular expressions know.
    const KNOWN: (u32, u32) = (16, 0);

    #[test]
    fn each_emoji_of_unicode_is_taken_in_each_skin_tone_and_alone() {
        let mut taken = 0;
        for emoji in emojis::iter() {
            let version = emoji.emoji_version();
            if (version.major(), version.minor()) > KNOWN {
                continue;
            }
            let tones = emoji.skin_tones().into_iter().flatten();
            for one in tones.chain([emoji]) {
                let text = one.as_str();
                taken += 1;
                assert!(is_taken(text), "{text:?}");
                // Most keyboards leave the selectors out somewhere.
                let bare = text.replace('\u{fe0f}', "");
                assert!(is_taken(&bare), "{bare:?}");
            }
            for other in ["👍", "\u{200d}👍", "\u{e0061}\u{e007f}", "\u{200d}"] {
                let two = format!("{}{other}", emoji.as_str());
                assert!(!is_taken(&two), "{two:?}");
            }
        }
        assert!(taken > 3500, "{taken}");
    }

    #[test]
    fn one_emoji_is_taken() {
        for emoji in [
            "",
            "👍",
            "👍🏽",
            "❤",
            "❤\u{fe0f}",
            "🇩🇪",
            "1\u{fe0f}\u{20e3}",
            "#\u{20e3}",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "👩🏽\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏿",
            "🏳\u{fe0f}\u{200d}🌈",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ] {
            assert!(is_taken(emoji), "{emoji:?}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "1",
            "12345",
            "no",
            "!?",
            " ",
            "👍👍",
            "👍 ",
            "👍\n",
            "👍!",
            "🇩",
            "🇩🇪🇫🇷",
            "\u{200d}",
            "👍\u{200d}",
            "👍\u{200b}",
            "👍\u{202e}",
            "\u{e0067}\u{e007f}",
            "👍\u{fe0f}\u{fe0f}",
            "👍\u{200d}👍",
            "👍🏽\u{200d}👍🏿",
            "😀\u{200d}👨",
            "👨\u{200d}👨\u{200d}👨",
            "\u{1f3fd}",
            "\u{1f3fd}\u{fe0f}",
            "😀🏽",
            "👍🏽🏽",
            "👍🏽\u{fe0f}",
            "🇽🇽",
            "👍\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "🏴\u{e0068}\u{e0069}\u{e0064}\u{e0065}\u{e007f}",
            "1\u{200d}1",
            "💰→1",
        ] {
            assert!(!is_taken(text), "{text:?}");
        }
        assert!(!is_taken(&"👍".repeat(16)));
        assert!(!is_taken(&"👍\u{200d}".repeat(1000)));
    }
}
