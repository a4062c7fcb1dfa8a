//! Finds secrets in text, however they are spelled.

use std::{borrow::Cow, fmt, ops::Range};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use secrecy::{ExposeSecret, SecretString};

/// What stands in the place of a secret; no longer than the shortest part that is replaced.
const MARK: &str = "[secret]";

/// The shortest run of a secret's characters that is taken for a part of the secret. A
/// shorter one stands in texts by chance.
const MIN_RUN: usize = 8;

/// The length of the windows by which the spellings of secrets are found, in bytes.
const SEED: usize = 4;

/// The most bytes of an error's message that are searched; fewer are shown.
const MAX_MESSAGE_BYTES: usize = 4096;

/// The secrets of an account. A text is without them if it has no run of half of a
/// secret's characters, and of at least eight: in upper or lower case, in base64 of
/// either alphabet, or percent-encoded.
pub struct Secrets {
    spellings: Vec<Spelling>,
    /// Every window of every spelling, ordered.
    seeds: Vec<Seed>,
    /// The bytes with which a window begins.
    begins: [bool; 256],
    /// The distance of the windows of a text that are compared: each run has one of them.
    step: usize,
    /// Secrets that are too short to be told from other text.
    short: Vec<SecretString>,
}

/// A secret in lower case, as it is or in base64 at one alignment.
struct Spelling {
    bytes: Vec<u8>,
    /// How many bytes of it in a row count as a part of the secret.
    run: usize,
}

/// A window of a spelling.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Seed {
    window: [u8; SEED],
    spelling: usize,
    at: usize,
}

impl Secrets {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut this = Self {
            spellings: Vec::new(),
            seeds: Vec::new(),
            begins: [false; 256],
            step: usize::MAX,
            short: Vec::new(),
        };
        for secret in secrets {
            match secret.expose_secret().len() {
                0 => {}
                1..MIN_RUN => this.short.push(secret.clone()),
                _ => this.spell(secret.expose_secret().as_bytes()),
            }
        }
        this.seeds.sort_unstable();
        this
    }

    fn spell(&mut self, secret: &[u8]) {
        let run = secret.len().div_ceil(2).max(MIN_RUN);
        self.add(secret.to_vec(), run);
        // At the worst alignment this many characters depend on the run alone.
        let run = (run * 8 - 4) / 6;
        for alignment in 0..3 {
            let whole = [[0; 3].get(..alignment).unwrap_or_default(), secret].concat();
            let begin = (alignment * 8).div_ceil(6);
            let end = whole.len() * 8 / 6;
            let [standard, url] = [STANDARD.encode(&whole), URL_SAFE.encode(&whole)]
                .map(|text| text.as_bytes().get(begin..end).unwrap_or_default().to_vec());
            if url != standard {
                self.add(url, run);
            }
            self.add(standard, run);
        }
    }

    fn add(&mut self, mut bytes: Vec<u8>, run: usize) {
        bytes.make_ascii_lowercase();
        let spelling = self.spellings.len();
        for (at, window) in bytes.windows(SEED).enumerate() {
            if let Ok(window) = <[u8; SEED]>::try_from(window) {
                if let Some(begins) = self.begins.get_mut(usize::from(window[0])) {
                    *begins = true;
                }
                self.seeds.push(Seed {
                    window,
                    spelling,
                    at,
                });
            }
        }
        self.step = self.step.min(run + 1 - SEED);
        self.spellings.push(Spelling { bytes, run });
    }

    /// The text without secrets; `None` if it has none.
    pub(crate) fn redact(&self, text: &str) -> Option<String> {
        let mut runs = self.runs(text.as_bytes());
        if text.contains('%') {
            runs.extend(self.encoded_runs(text.as_bytes()));
            runs.sort_unstable_by_key(|run| run.start);
        }
        if runs.is_empty() {
            return None;
        }
        let mut redacted = String::new();
        let mut shown = 0;
        for run in runs {
            // A run ends at whole characters.
            let (start, end) = (
                text.floor_char_boundary(run.start),
                text.ceil_char_boundary(run.end),
            );
            if start >= shown {
                redacted += text.get(shown..start).unwrap_or_default();
                redacted += MARK;
            }
            shown = shown.max(end);
        }
        redacted += text.get(shown..).unwrap_or_default();
        Some(redacted)
    }

    /// The beginning of an error's message without secrets, short ones included.
    pub(crate) fn message(&self, text: &str) -> String {
        let text = text.get(..text.floor_char_boundary(MAX_MESSAGE_BYTES));
        let text = text.unwrap_or_default();
        let redacted = self.redact(text).map_or(Cow::Borrowed(text), Cow::Owned);
        let short = self.short.iter().map(ExposeSecret::expose_secret);
        short.fold(redacted.into_owned(), |text, secret| {
            text.replace(secret, MARK)
        })
    }

    /// The runs of secrets in a text, ordered by their starts.
    fn runs(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        if self.seeds.is_empty() {
            return runs;
        }
        for (number, window) in text.windows(SEED).step_by(self.step).enumerate() {
            let begins = window.first().map(u8::to_ascii_lowercase);
            let begins = begins.and_then(|first| self.begins.get(usize::from(first)));
            if begins != Some(&true) {
                continue;
            }
            let at = number * self.step;
            let found = self
                .seeded(window)
                .filter_map(|seed| self.run(text, at, seed));
            for run in found {
                match runs.last_mut() {
                    Some(last) if run.start <= last.end => {
                        *last = last.start.min(run.start)..last.end.max(run.end);
                    }
                    _ => runs.push(run),
                }
            }
        }
        runs
    }

    fn seeded(&self, window: &[u8]) -> impl Iterator<Item = &Seed> {
        let window = <[u8; SEED]>::try_from(window).unwrap_or_default();
        let window = window.map(|byte| byte.to_ascii_lowercase());
        let first = self.seeds.partition_point(|seed| seed.window < window);
        let seeds = self.seeds.iter().skip(first);
        seeds.take_while(move |seed| seed.window == window)
    }

    /// The run around a window that a text has in common with a spelling, if it is long
    /// enough.
    fn run(&self, text: &[u8], at: usize, seed: &Seed) -> Option<Range<usize>> {
        let spelling = self.spellings.get(seed.spelling)?;
        let equal = |(one, other): &(&u8, &u8)| one.to_ascii_lowercase() == **other;
        let before = text.get(..at)?.iter().rev();
        let before = before.zip(spelling.bytes.get(..seed.at)?.iter().rev());
        let after = text.get(at..)?.iter().zip(spelling.bytes.get(seed.at..)?);
        let start = at - before.take_while(equal).count();
        let end = at + after.take_while(equal).count();
        (end - start >= spelling.run).then_some(start..end)
    }

    /// The runs that a text has once its percent-encoded bytes are decoded.
    fn encoded_runs(&self, text: &[u8]) -> Vec<Range<usize>> {
        let (mut decoded, mut places) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            places.push(at);
            let escaped = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
            match escaped.and_then(unescaped) {
                Some(byte) => {
                    decoded.push(byte);
                    at += 3;
                }
                None => {
                    decoded.push(byte);
                    at += 1;
                }
            }
        }
        places.push(at);
        let place = |at: usize| places.get(at).copied();
        let runs = self.runs(&decoded).into_iter();
        runs.filter_map(|run| Some(place(run.start)?..place(run.end)?))
            .collect()
    }
}

/// The byte of two hexadecimal digits.
fn unescaped(digits: &[u8]) -> Option<u8> {
    let text = str::from_utf8(digits).ok()?;
    let are_digits = digits.iter().all(u8::is_ascii_hexdigit);
    u8::from_str_radix(text, 16).ok().filter(|_| are_digits)
}

impl Default for Secrets {
    /// No secret.
    fn default() -> Self {
        Self::new([])
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "9F2c-7b~Q>?10/xyZ";

    fn secrets(secret: &str) -> Secrets {
        Secrets::new([&SecretString::from(secret)])
    }

    fn redacted(text: &str) -> String {
        secrets(KEY).redact(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_secret_is_found_in_every_spelling() {
        let every: String = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let encoded = percent_encode(KEY.as_bytes(), NON_ALPHANUMERIC).to_string();
        for spelling in [
            KEY,
            &KEY.to_uppercase(),
            &KEY.to_lowercase(),
            &encoded,
            &every,
        ] {
            assert_eq!(redacted(&format!("a {spelling}, b")), "a [secret], b");
            assert_eq!(redacted(spelling), "[secret]");
        }
        let doubled = format!("<{KEY}{KEY}> {KEY}");
        assert_eq!(redacted(&doubled), "<[secret]> [secret]");
        for (part, is_long) in [(..9, true), (..8, false)] {
            let text = format!("ü{}ü", &KEY[part]);
            assert_eq!(redacted(&text).contains("[secret]"), is_long, "{text}");
        }
    }

    #[test]
    fn a_short_secret_is_removed_from_messages_alone() {
        let secrets = secrets("hunter2");
        assert_eq!(secrets.redact("no hunter2 here"), None);
        assert_eq!(secrets.message("no hunter2 here"), "no [secret] here");
    }

    proptest! {
        #[test]
        fn a_half_is_found_wherever_it_stands(
            secret in "[!-~]{8,60}", at in any::<prop::sample::Index>(),
            before in "[^%]{0,40}", after in "[^%]{0,40}", spelling in 0..8_usize,
        ) {
            let run = secret.len().div_ceil(2).max(MIN_RUN);
            let at = at.index(secret.len() + 1 - run);
            let half = &secret[at..at + run];
            let whole = format!("{before}{half}{after}");
            let text = match spelling {
                0 => whole,
                1 => whole.to_ascii_uppercase(),
                2 => STANDARD.encode(&whole),
                3 => STANDARD_NO_PAD.encode(&whole),
                4 => URL_SAFE.encode(&whole),
                5 => URL_SAFE_NO_PAD.encode(&whole),
                6 => percent_encode(whole.as_bytes(), NON_ALPHANUMERIC).to_string(),
                _ => format!("{before}{}{after}", STANDARD.encode(half)),
            };
            let found = secrets(&secret).redact(&text);
            prop_assert!(found.is_some(), "{text}");
            let found = found.unwrap();
            prop_assert!(found.len() <= text.len());
            prop_assert!(!found.contains(half));
        }

        #[test]
        fn other_text_is_left_alone(text in "[^%]{0,200}") {
            prop_assert_eq!(secrets("\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}").redact(&text), None);
        }

        #[test]
        fn hostile_text_breaks_nothing(text in any::<String>(), secret in "\\PC{0,30}") {
            let secrets = secrets(&secret);
            let _ = (secrets.redact(&text), secrets.message(&text));
            let mixed = format!("{text}%{secret}%4{text}%");
            let _ = (secrets.redact(&mixed), secrets.message(&mixed));
        }
    }
}
