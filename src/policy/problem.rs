//! What is wrong with a part of a policy, before its place in the file is known.

/// One thing that is wrong, and with which part of what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem<At> {
    /// The part that is wrong.
    pub at: At,
    /// The kind of problem; the names are stable.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

impl<At> Problem<At> {
    pub(super) fn new(
        at: At,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            at,
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }
}
