//! Shaping a back end's output into the answer of a call.

use serde_json::Value;

use super::{Answer, ReadFilter};
use crate::{
    op::{AnswerSize, Attachment, BackendError, ChatId, Decoys, MessageView, Output},
    text::{Secrets, json_size},
};

/// An output of any type, so that the code that shapes answers exists once and not once
/// for each tool.
pub(super) trait Render {
    fn json(&self) -> Result<Value, BackendError>;
    fn redact(&mut self, shown: &dyn Fn(&ChatId) -> MessageView);
    fn shorten(&mut self, bytes: usize);
    fn render(&self, structured: Value, left: usize) -> Answer;
}

impl<T: Output> Render for T {
    fn json(&self) -> Result<Value, BackendError> {
        serde_json::to_value(self).map_err(|error| BackendError::internal(&error))
    }

    fn redact(&mut self, shown: &dyn Fn(&ChatId) -> MessageView) {
        Output::redact(self, shown);
    }

    fn shorten(&mut self, bytes: usize) {
        Output::shorten(self, bytes);
    }

    fn render(&self, structured: Value, left: usize) -> Answer {
        Answer {
            structured,
            text: cut(self.text(), left),
            attachments: self.attachments(),
            failed: self.failed(),
            lost: self.lost(),
            reading: self.reading(),
            account_state: self.account_state(),
        }
    }
}

/// Shapes an output into an answer of at most `size`, without the messages of chats that
/// the filter keeps back.
///
/// # Errors
/// [`BackendError::TooLarge`] when the output cannot be shortened far enough.
pub(super) fn answer(
    output: &mut dyn Render,
    size: AnswerSize,
    read_filter: &ReadFilter,
) -> Result<Answer, BackendError> {
    if let Some(shown) = read_filter {
        output.redact(&**shown);
    }
    let mut structured = output.json()?;
    let mut used = json_size(&structured);
    if used > size.structured() {
        output.shorten(size.structured());
        structured = output.json()?;
        used = json_size(&structured);
        if used > size.structured() {
            return Err(BackendError::TooLarge(size.bytes()));
        }
    }
    let left = size.bytes() - used;
    Ok(output.render(structured, left))
}

impl Answer {
    /// The same answer, with the ids in it that stand-ins were named for.
    #[must_use]
    pub(super) fn revealing(mut self, decoys: &Decoys) -> Self {
        if !decoys.is_empty() {
            decoys.reveal(&mut self.structured);
            if let Some(text) = decoys.revealed(&self.text) {
                self.text = text;
            }
        }
        self
    }

    /// The same answer without secrets. The bytes of files are left as they are.
    #[must_use]
    pub(super) fn redacted(mut self, secrets: &Secrets) -> Self {
        redact_all(&mut self.structured, secrets);
        let files = self.attachments.iter_mut().filter_map(|one| match one {
            Attachment::File(_, uri) => Some(uri),
            Attachment::Image(_) | Attachment::Audio(_) => None,
        });
        let texts = files.chain([&mut self.text]).chain(&mut self.account_state);
        for text in texts {
            if let Some(redacted) = secrets.redact(text) {
                *text = redacted;
            }
        }
        self
    }
}

/// Removes secrets from every string of a value.
fn redact_all(value: &mut Value, secrets: &Secrets) {
    match value {
        Value::String(text) => {
            if let Some(redacted) = secrets.redact(text) {
                *text = redacted;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|one| redact_all(one, secrets)),
        Value::Object(fields) => fields.values_mut().for_each(|one| redact_all(one, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Cuts a text to this many bytes, at the end of a line if possible; the structured
/// answer holds the rest.
fn cut(mut text: String, bytes: usize) -> String {
    const REST: &str = "\n… the rest is in the structured content";
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes.saturating_sub(REST.len())));
        text.truncate(text.rfind('\n').unwrap_or(text.len()));
        text += REST;
    }
    text
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Serialize;

    use super::*;

    /// A text that can be shortened or not.
    #[derive(Serialize, JsonSchema)]
    struct LongText(String, #[serde(skip)] bool);

    impl Output for LongText {
        fn text(&self) -> String {
            self.0.clone()
        }

        fn shorten(&mut self, bytes: usize) {
            if self.1 {
                self.0.truncate(bytes / 2);
            }
        }
    }

    #[test]
    fn an_answer_is_shortened_or_an_error() {
        let size = AnswerSize::default();
        let long = || "word\n".repeat(8000);
        let shaped = answer(&mut LongText(long(), true), size, &None);
        assert!(shaped.is_ok_and(|shaped| {
            shaped.structured.to_string().len() + shaped.text.len() <= size.bytes()
        }));
        assert_eq!(
            cut("word\n".repeat(20), 60).strip_suffix("\n… the rest is in the structured content"),
            Some("word\nword\nword")
        );
        let shaped = answer(&mut LongText(long(), false), size, &None);
        assert_eq!(shaped.err(), Some(BackendError::TooLarge(size.bytes())));
    }
}
