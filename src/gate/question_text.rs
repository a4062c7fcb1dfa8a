//! The text of a question: the call as a whole, laid out for what clients show.

use serde_json::Value;

use super::Refusal;
use crate::{
    op::{Facts, FileFacts, Untrusted},
    policy::Code,
};

/// The most lines of a message that every client shows as a whole.
const MESSAGE_LINES: usize = 4;

/// The most columns of a line that clients show as a whole in a terminal of 80 columns.
const LINE_COLUMNS: usize = 66;

/// The most characters that the arguments of a call take in a question.
const MAX_SHOWN_CHARS: usize = 4000;

/// How many hexadecimal digits of a file's SHA-256 are shown.
const SHOWN_SHA256_DIGITS: usize = 12;

/// The beginning of a line that continues the one before. No other line begins so.
const INDENT: &str = "  ";

/// A question in the two places that a form has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionText {
    /// The message: at most four lines.
    pub message: String,
    /// The rest, for the description of the field; empty if the message is the whole.
    pub details: String,
}

impl QuestionText {
    /// Lays lines out. Clients cut a message that is longer than four lines, and show the
    /// description of a field as a whole.
    pub(super) fn of(lines: &[String]) -> Self {
        let mut wrapped: Vec<Vec<String>> = lines.iter().map(|line| wrap(line)).collect();
        let height = |lines: &[Vec<String>]| lines.iter().map(Vec::len).sum::<usize>();
        let mut details = Vec::new();
        if height(&wrapped) > MESSAGE_LINES {
            // One line says where the rest is.
            while height(&wrapped) >= MESSAGE_LINES
                && let Some(last) = wrapped.pop()
            {
                details.insert(0, last);
            }
            wrapped.push(vec![
                "The rest of the question is below, at `decision`.".to_owned(),
            ]);
        }
        Self {
            message: wrapped.concat().join("\n"),
            details: details.concat().join("\n"),
        }
    }
}

/// Refuses a call that is too long to be shown to a person.
pub(super) fn check_length(facts: &Facts) -> Result<(), Refusal> {
    let lines = described(facts);
    let length: usize = lines.iter().map(|line| line.chars().count()).sum();
    if length <= MAX_SHOWN_CHARS {
        return Ok(());
    }
    let reason = format!(
        "A person has to approve this call of `{}`, and can be shown at most {MAX_SHOWN_CHARS} \
         characters of it; it has {length}.",
        facts.tool
    );
    Err(Refusal::new(Code::QuestionTooLong, reason))
}

/// The file and all arguments of a call, each value on a line.
pub(super) fn described(facts: &Facts) -> Vec<String> {
    let mut lines: Vec<String> = facts.file.iter().map(file_line).collect();
    if let Some(arguments) = facts.arguments.as_object() {
        for (name, value) in arguments {
            describe(&mut lines, name, value, facts.file.is_some());
        }
    }
    lines
}

fn describe(lines: &mut Vec<String>, name: &str, value: &Value, has_file: bool) {
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                // The content of the file is shown by its digest.
                if !(has_file && part == "base64") {
                    describe(lines, &format!("{name}.{part}"), value, has_file);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in (1..).zip(items) {
                describe(lines, &format!("{name} {index}"), item, has_file);
            }
        }
        Value::String(text) => {
            let text = Untrusted::whole(text);
            lines.push(format!("{name}: {}", plain(text.as_str())));
        }
        value => lines.push(format!("{name}: {value}")),
    }
}

/// The file that is sent.
fn file_line(file: &FileFacts) -> String {
    let sha256 = file.sha256.get(..SHOWN_SHA256_DIGITS).unwrap_or_default();
    let name = Untrusted::whole(&file.name);
    format!(
        "file: {}, {} bytes, {}, SHA-256 {sha256}",
        plain(name.as_str()),
        file.bytes,
        file.mime
    )
}

/// Escaped text without anything that a form would turn into a link, and without
/// quotation marks.
pub(super) fn plain(text: &str) -> String {
    text.replace(['“', '”', '"'], "'")
        .replace("://", ":\u{2215}\u{2215}")
        .replace("www.", "www\u{2024}")
}

/// A line in parts that are narrow enough, broken after a blank where there is one. The
/// parts keep every character.
fn wrap(line: &str) -> Vec<String> {
    let (mut parts, mut part, mut width) = (Vec::new(), String::new(), 0);
    for word in line.split_inclusive(' ') {
        let word_width: usize = word.chars().map(columns).sum();
        if width + word_width > LINE_COLUMNS && width > INDENT.len() {
            parts.push(std::mem::replace(&mut part, INDENT.to_owned()));
            width = INDENT.len();
        }
        for c in word.chars() {
            if width + columns(c) > LINE_COLUMNS {
                parts.push(std::mem::replace(&mut part, INDENT.to_owned()));
                width = INDENT.len();
            }
            part.push(c);
            width += columns(c);
        }
    }
    parts.push(part);
    parts
}

/// The most columns that a character takes.
const fn columns(c: char) -> usize {
    if c < '\u{1100}' { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_question_is_a_message_alone() {
        let lines = ["An agent wants to.", "chat: 1", "Do it?"].map(str::to_owned);
        let text = QuestionText::of(&lines);
        assert_eq!(text.message, "An agent wants to.\nchat: 1\nDo it?");
        assert_eq!(text.details, "");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_is_cut(lines in prop::collection::vec("[a-z][ -~ü漢😀]{0,300}", 1..12)) {
            let text = QuestionText::of(&lines);
            let message: Vec<&str> = text.message.lines().collect();
            prop_assert!(message.len() <= MESSAGE_LINES);
            let kept = match text.details.is_empty() {
                true => message,
                false => [&message[..message.len() - 1], &text.details.lines().collect::<Vec<_>>()].concat(),
            };
            for line in &kept {
                prop_assert!(line.chars().map(columns).sum::<usize>() <= LINE_COLUMNS, "{line:?}");
            }
            prop_assert_eq!(kept.join("\n").replace("\n  ", ""), lines.join("\n"));
        }
    }
}
