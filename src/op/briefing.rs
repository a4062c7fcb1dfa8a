//! What a person is shown beside the call itself.

use super::Untrusted;

/// What a person needs to know before deciding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Briefing {
    /// What would be done to what, for example a group's name.
    pub subject: Option<Untrusted>,
    /// Further facts, one short sentence each, in this program's own words.
    pub facts: Vec<String>,
}
