//! Groups by name, and the people behind hidden ids, as far as they are known.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
    fmt,
    hash::{Hash, Hasher},
};

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::op::{GroupId, Identities, PersonId, is_hidden};

const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// The name of a group in a policy. Two names are equal if people would read the same:
/// hidden characters, the composition of letters, their case and blanks at the ends make no
/// difference.
#[derive(Debug, Clone)]
pub struct GroupName {
    written: Box<str>,
    key: Box<str>,
}

impl GroupName {
    /// Reads a name; `None` if nothing of it can be seen.
    pub fn parse(text: &str) -> Option<Self> {
        let key = key(text);
        (!key.is_empty()).then(|| Self {
            written: text.trim().into(),
            key: key.into(),
        })
    }
}

/// What is compared of a name.
fn key(name: &str) -> String {
    let visible: String = name.chars().filter(|c| !is_hidden(*c)).collect();
    let composed = COMPOSED.normalize(&visible);
    // Upper case unifies letters that have several lower ones, such as ς, and lower case before
    // it those that have no upper one, such as ẞ.
    let folded: String = composed
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    COMPOSED.normalize(folded.trim()).into_owned()
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for GroupName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for GroupName {}

impl PartialOrd for GroupName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GroupName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for GroupName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// What groups are called, and the people behind the hidden ids of a policy.
#[derive(Debug, Clone, Default)]
pub struct GroupNames {
    groups: HashMap<Box<str>, Vec<GroupId>>,
    /// The groups whose names are known; `None` if what is not named here is something else.
    known: Option<HashSet<GroupId>>,
    people: Identities,
    best_case: bool,
}

impl GroupNames {
    /// Before anything is looked up: any group may have any name, and any hidden id may be
    /// anybody. Only what is learnt is known then.
    pub fn unknown() -> Self {
        Self {
            known: Some(HashSet::new()),
            ..Self::default()
        }
    }

    /// Adds a group with its name, as the API writes it. A name of which nothing can be seen
    /// is none.
    pub fn learn(&mut self, name: &str, group: GroupId) {
        let key = key(name);
        if key.is_empty() {
            return;
        }
        // The same group twice makes its name no less unique.
        let of_name = self.groups.entry(key.into()).or_default();
        if !of_name.contains(&group) {
            of_name.push(group.clone());
        }
        if let Some(known) = &mut self.known {
            known.insert(group);
        }
    }

    /// The same, where what is not known is as the caller would have it: what is refused
    /// even then is refused whatever a look-up would show.
    #[must_use]
    pub fn in_best_case(&self) -> Self {
        Self {
            best_case: true,
            ..self.clone()
        }
    }

    /// The same people, and no names.
    #[must_use]
    pub fn without_names(&self) -> Self {
        Self {
            people: self.people.clone(),
            best_case: self.best_case,
            ..Self::unknown()
        }
    }

    /// Sets the people behind hidden ids.
    pub fn identify(&mut self, people: &Identities) {
        self.people.clone_from(people);
    }

    /// Whether no name is known.
    pub fn is_empty(&self) -> bool {
        self.known.as_ref().is_some_and(HashSet::is_empty)
    }

    /// Whether it is known what a group is called.
    pub fn knows(&self, group: &GroupId) -> bool {
        let known = self.known.as_ref();
        known.is_none_or(|known| known.contains(group))
    }

    /// Whether a group has this name.
    pub fn has(&self, name: &GroupName) -> bool {
        !self.of(name).is_empty()
    }

    /// The groups of this name.
    pub(super) fn of(&self, name: &GroupName) -> &[GroupId] {
        self.groups.get(&name.key).map_or(&[], Vec::as_slice)
    }

    /// The person behind a hidden id.
    pub(super) fn person(&self, hidden: &PersonId) -> Option<&PersonId> {
        self.people.get(hidden)
    }

    /// Whether a hidden id may be anybody's.
    pub(super) fn lacks_person(&self, hidden: &PersonId) -> bool {
        self.known.is_some() && self.person(hidden).is_none()
    }

    /// Whether what is not known is as the caller would have it.
    pub(super) fn is_best_case(&self) -> bool {
        self.best_case
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_equal() {
        let name = |text: &str| GroupName::parse(text).unwrap();
        for (one, other) in [
            ("❤\u{fe0f} Family", "❤ family "),
            ("Cafe\u{301}", "CAFÉ"),
            ("Stra\u{df}e", "STRASSE"),
            ("Stra\u{df}e", "STRA\u{1e9e}E"),
            ("ΟΔΟΣ", "οδος"),
            ("\u{202a}Team\u{202c}", "team"),
            ("\u{200b}Te\u{ad}am\u{2800}", "Team"),
            ("\u{a0}Team\u{3000}", "Team"),
        ] {
            assert_eq!(name(one), name(other), "{one:?} {other:?}");
        }
        for (one, other) in [("Team", "Te am"), ("Team", "Теаm"), ("a", "á")] {
            assert_ne!(name(one), name(other), "{one:?} {other:?}");
        }
        for unseen in ["", " ", "\u{200b}", "\u{fe0f} \u{2800}"] {
            assert!(GroupName::parse(unseen).is_none(), "{unseen:?}");
        }
    }

    #[test]
    fn a_group_that_was_not_listed_may_have_any_name() {
        let [one, other] = ["12345678@g.us", "87654321@g.us"].map(|id| GroupId::parse(id).unwrap());
        let mut names = GroupNames::unknown();
        names.learn("Team", one.clone());
        names.learn(" TEAM", one.clone());
        names.learn("\u{200b}", other.clone());
        let team = GroupName::parse("team").unwrap();
        assert_eq!(names.of(&team), std::slice::from_ref(&one));
        assert!(names.knows(&one) && !names.knows(&other));
        assert!(!names.without_names().knows(&one));
        assert!(names.has(&team) && !names.without_names().has(&team));
    }
}
