//! Names in policies, and what is known of them: what groups are called, whom the address book
//! lists, and the people behind hidden ids.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
    fmt,
    hash::{Hash, Hasher},
};

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::op::{ChatId, GroupId, Identities, PersonId, is_hidden};

const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// What a name is a name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A group; anybody can make another one of the same name.
    Group,
    /// A person in the account's own address book.
    Contact,
}

impl NameKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Group, Self::Contact];

    /// The word that policies write before the name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Contact => "contact",
        }
    }
}

/// The name of a group or of a contact in a policy. Two names are equal if people would read
/// the same: hidden characters, the composition of letters, their case and blanks at the ends
/// make no difference.
#[derive(Debug, Clone)]
pub struct EntryName {
    kind: NameKind,
    written: Box<str>,
    key: Box<str>,
}

impl EntryName {
    /// Reads a name; `None` if nothing of it can be seen.
    pub fn parse(kind: NameKind, text: &str) -> Option<Self> {
        let key = key(text);
        (!key.is_empty()).then(|| Self {
            kind,
            written: text.trim().into(),
            key: key.into(),
        })
    }

    /// What it is a name of.
    pub fn kind(&self) -> NameKind {
        self.kind
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

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for EntryName {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.key) == (other.kind, &other.key)
    }
}

impl Eq for EntryName {}

impl PartialOrd for EntryName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EntryName {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.kind, &self.key).cmp(&(other.kind, &other.key))
    }
}

impl Hash for EntryName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, &self.key).hash(state);
    }
}

/// What groups and contacts are called, and the people behind the hidden ids of a policy.
#[derive(Debug, Clone, Default)]
pub struct KnownNames {
    groups: NameIndex,
    contacts: NameIndex,
    people: Identities,
    /// Hidden ids with the numbers that the address book has beside them.
    listed: Identities,
    /// Whether a hidden id without a person may be anybody's.
    is_open: bool,
    best_case: bool,
}

/// The chats of one kind by their names.
#[derive(Debug, Clone, Default)]
struct NameIndex {
    chats: HashMap<Box<str>, Vec<ChatId>>,
    known: HashSet<ChatId>,
    unlisted: Unlisted,
}

/// What is known of a chat that is not in an index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Unlisted {
    /// It has none of the names.
    #[default]
    Nameless,
    /// It may have any name.
    AnyName,
}

impl NameIndex {
    fn unknown() -> Self {
        Self {
            unlisted: Unlisted::AnyName,
            ..Self::default()
        }
    }

    fn learn(&mut self, name: &str, chat: ChatId) {
        let key = key(name);
        if key.is_empty() {
            return;
        }
        // The same chat twice makes its name no less unique.
        let of_name = self.chats.entry(key.into()).or_default();
        if !of_name.contains(&chat) {
            of_name.push(chat.clone());
        }
        self.known.insert(chat);
    }
}

impl KnownNames {
    /// Before anything is looked up: any group and any person may have any name, and any
    /// hidden id may be anybody. Only what is learnt is known then.
    pub fn unknown() -> Self {
        Self {
            groups: NameIndex::unknown(),
            contacts: NameIndex::unknown(),
            is_open: true,
            ..Self::default()
        }
    }

    /// Adds a group with its name, as the API writes it. A name of which nothing can be seen
    /// is none.
    pub fn learn(&mut self, name: &str, group: GroupId) {
        self.groups.learn(name, ChatId::Group(group));
    }

    /// Adds a person with a name of the address book.
    pub fn learn_contact(&mut self, name: &str, person: PersonId) {
        self.contacts.learn(name, ChatId::Person(person));
    }

    /// From now on, whoever was not added has no name in the address book.
    pub fn close_contacts(&mut self) {
        self.contacts.unlisted = Unlisted::Nameless;
    }

    /// Adds hidden ids with the numbers that the address book has beside them.
    pub fn list_identities(&mut self, people: Identities) {
        self.listed = people;
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

    /// The same without the names of this kind.
    #[must_use]
    pub fn without_names(&self, kind: NameKind) -> Self {
        let mut rest = self.clone();
        *rest.index_mut(kind) = NameIndex::unknown();
        if kind == NameKind::Contact {
            rest.listed = Identities::default();
        }
        rest
    }

    /// Sets the people behind hidden ids.
    pub fn identify(&mut self, people: &Identities) {
        self.people.clone_from(people);
    }

    /// Whether no name of this kind is known.
    pub fn is_empty(&self, kind: NameKind) -> bool {
        let index = self.index(kind);
        index.unlisted == Unlisted::AnyName && index.known.is_empty()
    }

    /// Whether it is known what a chat is called, by names of its kind. A person may be
    /// in the address book by a number that is not known.
    pub fn knows(&self, chat: &ChatId) -> bool {
        let index = match chat {
            ChatId::Group(_) => &self.groups,
            ChatId::Person(person) if person.is_hidden() && self.is_open => {
                return self.contacts.known.contains(chat);
            }
            ChatId::Person(_) => &self.contacts,
            ChatId::Channel(_) => return true,
        };
        index.unlisted == Unlisted::Nameless || index.known.contains(chat)
    }

    /// Whether anybody has this name.
    pub fn has(&self, name: &EntryName) -> bool {
        !self.of(name).is_empty()
    }

    /// The chats of this name.
    pub(super) fn of(&self, name: &EntryName) -> &[ChatId] {
        let chats = &self.index(name.kind).chats;
        chats.get(&name.key).map_or(&[], Vec::as_slice)
    }

    /// Whether a chat is one of this name.
    pub(super) fn is_named(&self, chat: &ChatId, name: &EntryName) -> bool {
        let ChatId::Person(person) = chat else {
            return self.of(name).contains(chat);
        };
        self.of(name)
            .iter()
            .any(|one| one == chat || self.hidden_of(one) == Some(person))
    }

    /// Whether a person may be one of this name, who is listed by a hidden id alone.
    pub(super) fn may_be_named(&self, name: &EntryName) -> bool {
        self.hidden_people(name).any(|one| self.lacks_person(one))
    }

    /// The people of this name who are listed by a hidden id.
    pub fn hidden_people(&self, name: &EntryName) -> impl Iterator<Item = &PersonId> {
        self.of(name).iter().filter_map(|chat| match chat {
            ChatId::Person(person) if person.is_hidden() => Some(person),
            _ => None,
        })
    }

    /// The person behind the hidden id of a chat.
    fn hidden_of(&self, chat: &ChatId) -> Option<&PersonId> {
        match chat {
            ChatId::Person(person) => self.person(person),
            _ => None,
        }
    }

    /// The person behind a hidden id.
    pub(super) fn person(&self, hidden: &PersonId) -> Option<&PersonId> {
        self.people.get(hidden).or_else(|| self.listed.get(hidden))
    }

    /// Whether a hidden id may be anybody's.
    pub fn lacks_person(&self, hidden: &PersonId) -> bool {
        self.is_open && self.person(hidden).is_none()
    }

    /// Whether what is not known is as the caller would have it.
    pub(super) fn is_best_case(&self) -> bool {
        self.best_case
    }

    fn index(&self, kind: NameKind) -> &NameIndex {
        match kind {
            NameKind::Group => &self.groups,
            NameKind::Contact => &self.contacts,
        }
    }

    fn index_mut(&mut self, kind: NameKind) -> &mut NameIndex {
        match kind {
            NameKind::Group => &mut self.groups,
            NameKind::Contact => &mut self.contacts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_equal() {
        let name = |text: &str| EntryName::parse(NameKind::Group, text).unwrap();
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
            assert!(
                EntryName::parse(NameKind::Group, unseen).is_none(),
                "{unseen:?}"
            );
        }
    }

    #[test]
    fn a_group_that_was_not_listed_may_have_any_name() {
        let [one, other] = ["12345678@g.us", "87654321@g.us"].map(|id| GroupId::parse(id).unwrap());
        let mut names = KnownNames::unknown();
        names.learn("Team", one.clone());
        names.learn(" TEAM", one.clone());
        names.learn("\u{200b}", other.clone());
        let team = EntryName::parse(NameKind::Group, "team").unwrap();
        let [one, other] = [one, other].map(ChatId::Group);
        assert_eq!(names.of(&team), std::slice::from_ref(&one));
        assert!(names.knows(&one) && !names.knows(&other));
        assert!(!names.without_names(NameKind::Group).knows(&one));
        assert!(names.has(&team) && !names.without_names(NameKind::Group).has(&team));
    }
}
