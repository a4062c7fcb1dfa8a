//! What makes two calls equal.

use std::{collections::BTreeSet, mem};

use serde_json::{Value, json};

use super::{Digest, Identities, PersonId};

/// What two equal calls of a tool have in common.
#[derive(Debug, Clone)]
pub struct CallContent {
    parts: Value,
    people: BTreeSet<PersonId>,
    repeats: bool,
}

impl CallContent {
    /// These parts, in this order.
    pub fn of(parts: Value) -> Self {
        Self {
            parts,
            people: BTreeSet::new(),
            repeats: false,
        }
    }

    /// The same of a call that is made although an equal one was, if `repeats`.
    #[must_use]
    pub fn repeated(self, repeats: bool) -> Self {
        Self { repeats, ..self }
    }

    /// Whether the call is made although an equal one was.
    pub(crate) fn repeats(&self) -> bool {
        self.repeats
    }

    /// Adds people whose order makes no difference.
    #[must_use]
    pub fn with_people<'a>(mut self, people: impl IntoIterator<Item = &'a PersonId>) -> Self {
        self.people.extend(people.into_iter().cloned());
        self
    }

    /// Adds the content of a file.
    pub(crate) fn add_file(&mut self, sha256: &str) {
        self.parts = json!([self.parts.take(), sha256]);
    }

    /// Replaces hidden identities by the people behind them, if known, and each other
    /// identity by the one spelling of its person.
    pub(crate) fn identify(&mut self, known: &Identities) {
        known.replace(&mut self.parts);
        let people = mem::take(&mut self.people).into_iter();
        self.people = people
            .map(|person| known.get(&person).cloned().unwrap_or(person))
            .collect();
    }

    /// The digest by which equal calls of a tool are found.
    pub(crate) fn digest(&self, tool: &str) -> Digest {
        let people: Vec<_> = self.people.iter().map(PersonId::key).collect();
        Digest::of(tool, &json!([self.parts, people]))
    }
}
