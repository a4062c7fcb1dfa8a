//! Text from other people.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::text::Secrets;

/// Text from other people, safe to show: control, bidi and invisible characters are
/// escaped, and the length is bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted {
    text: String,
    is_cut: bool,
}

/// The most characters of a name.
const MAX_NAME: usize = 200;

/// The most characters of a message.
const MAX_MESSAGE: usize = 4000;

impl Untrusted {
    /// Escapes `text` and cuts it to 200 characters: enough for a name.
    pub fn new(text: &str) -> Self {
        Self::cut(text, MAX_NAME)
    }

    /// Escapes `text` and cuts it to 4,000 characters: enough for most messages.
    pub fn long(text: &str) -> Self {
        Self::cut(text, MAX_MESSAGE)
    }

    /// Escapes `text` and cuts nothing.
    pub fn whole(text: &str) -> Self {
        Self::cut(text, usize::MAX)
    }

    fn cut(text: &str, max: usize) -> Self {
        let mut shown = Self {
            text: String::new(),
            is_cut: false,
        };
        let mut room = max;
        for c in text.chars() {
            let escaped = is_hidden(c).then(|| c.escape_default());
            let length = escaped.as_ref().map_or(1, ExactSizeIterator::len);
            if length > room {
                shown.text.push('…');
                shown.is_cut = true;
                break;
            }
            room -= length;
            match escaped {
                Some(escaped) => shown.text.extend(escaped),
                None => shown.text.push(c),
            }
        }
        shown
    }

    /// As [`Self::new`]; `None` for blank text.
    pub fn nonempty(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self::new(text))
    }

    /// Cuts it to at most this many bytes.
    pub fn shorten(&mut self, bytes: usize) {
        if self.text.len() > bytes {
            self.text.truncate(self.text.floor_char_boundary(bytes));
            self.text.push('…');
            self.is_cut = true;
        }
    }

    /// Replaces its text by what `change` makes of it, if anything.
    pub(crate) fn change(&mut self, change: impl Fn(&str) -> Option<String>) {
        if let Some(text) = change(&self.text) {
            self.text = text;
        }
    }

    /// Removes secrets.
    pub(crate) fn redact(&mut self, secrets: &Secrets) {
        if let Some(text) = secrets.redact(&self.text) {
            self.text = text;
        }
    }

    /// Whether the end was cut off.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether a character is invisible or changes how others look: controls, all format
/// characters (the category Cf of Unicode 17), line and paragraph separators, variation
/// selectors, tags and blank letters.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Untrusted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl JsonSchema for Untrusted {
    fn schema_name() -> Cow<'static, str> {
        "Untrusted".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(
            Untrusted::new("a\u{202e}b\nc\u{200b}d").as_str(),
            "a\\u{202e}b\\nc\\u{200b}d"
        );
    }

    #[test]
    fn every_format_character_is_hidden() {
        let format = regex::Regex::new(r"\p{Cf}").unwrap();
        let all: String = ('\0'..=char::MAX).collect();
        let formats = format.find_iter(&all).map(|found| found.as_str());
        let shown: Vec<&str> = formats.filter(|c| !c.chars().all(is_hidden)).collect();
        assert!(shown.is_empty(), "{shown:?}");
    }

    #[test]
    fn long_text_is_cut() {
        for text in ["x", "ü", "\u{202e}"] {
            let length = Untrusted::new(&text.repeat(100_000))
                .as_str()
                .chars()
                .count();
            assert_eq!(length, MAX_NAME + 1, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!Untrusted::new(&text).as_str().chars().any(is_hidden));
            prop_assert!(!Untrusted::long(&text).as_str().chars().any(is_hidden));
        }

        #[test]
        fn hidden_ones_are_escaped_wherever_they_stand(
            text in "[a-z\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{e0020}-\u{e007f}]{0,300}"
        ) {
            let shown = Untrusted::new(&text);
            prop_assert!(!shown.as_str().chars().any(|c| c.is_control() || is_hidden(c)));
            if !shown.is_cut() {
                prop_assert_eq!(shown.as_str().len(), text.chars().map(|c| {
                    if is_hidden(c) { c.escape_default().len() } else { c.len_utf8() }
                }).sum::<usize>());
            }
        }

        #[test]
        fn cutting_leaves_text_that_json_takes(text in any::<String>(), bytes in 0_usize..600) {
            let whole = Untrusted::new(&text);
            let mut cut = whole.clone();
            cut.shorten(bytes);
            prop_assert!(cut.as_str().len() <= bytes + '…'.len_utf8());
            let kept = cut.as_str().trim_end_matches('…');
            prop_assert!(whole.as_str().starts_with(kept));
            prop_assert_eq!(cut.is_cut(), whole.is_cut() || cut != whole);
            let json = serde_json::to_string(&cut).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), cut.as_str());
        }
    }
}
