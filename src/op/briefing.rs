//! Facts for a person who decides on a call.

use super::Untrusted;
use crate::text::Secrets;

/// Facts that a question to a person shows in addition to the arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Briefing {
    /// What the call acts on, such as the name of a group.
    pub subject: Option<Untrusted>,
    /// Further facts, one short sentence each, without text from WhatsApp.
    pub facts: Vec<String>,
}

impl Briefing {
    /// The same facts without secrets.
    #[must_use]
    pub(crate) fn redacted(mut self, secrets: &Secrets) -> Self {
        if let Some(subject) = &mut self.subject {
            subject.redact(secrets);
        }
        self
    }
}
