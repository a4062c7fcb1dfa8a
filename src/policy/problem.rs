//! A mistake in one value of a policy, before its place in the file is known.

/// What is wrong with the value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key whose value is wrong, in the table that was read.
    pub key: &'static str,
    /// The kind of problem; the names are stable.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl Problem {
    pub(super) fn new(
        key: &'static str,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            key,
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// Words as alternatives: `allow, confirm or deny`.
pub(super) fn one_of(words: &[&str]) -> String {
    match words {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        words => words.concat(),
    }
}
