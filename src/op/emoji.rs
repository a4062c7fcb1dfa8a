//! The emoji of a reaction.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BadId;

/// One emoji: a flag of two letters, a keycap, or up to ten joined emoji, each with a skin
/// tone, a variation selector or the tags of a flag (UTS 51, "EBNF and Regex"). A digit
/// alone has the property `Emoji`, but is none.
const ONE_EMOJI: &str = r"(?x) ^ (?:
    \p{RI}{2}
    | [\#*0-9] \x{FE0F}? \x{20E3}
    | [\p{Emoji}--[\#*0-9\p{RI}]] (?: \p{EMod} | \x{FE0F} | [\x{E0020}-\x{E007E}]{1,8} \x{E007F} )?
      (?: \x{200D} [\p{Emoji}--[\#*0-9\p{RI}]] (?: \p{EMod} | \x{FE0F} )? ){0,9}
    ) $";

/// `None` is a defect of the pattern; then nothing is an emoji.
static EMOJI: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ONE_EMOJI).ok());

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
        let is_emoji = || EMOJI.as_ref().is_some_and(|emoji| emoji.is_match(&text));
        if text.is_empty() || is_emoji() {
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

    fn is_emoji(text: &str) -> bool {
        Emoji::try_from(text.to_owned()).is_ok()
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
            assert!(is_emoji(emoji), "{emoji:?}");
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
            "💰→1",
        ] {
            assert!(!is_emoji(text), "{text:?}");
        }
        assert!(!is_emoji(&"👍".repeat(16)));
        assert!(!is_emoji(&"👍\u{200d}".repeat(1000)));
    }
}
