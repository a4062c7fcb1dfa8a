//! What does not exist for a caller.

use std::{
    collections::hash_map::DefaultHasher,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde_json::Value;

use super::{ChatId, PersonId};

/// Decides what does not exist for the caller of a call.
pub trait Conceals: Send + Sync {
    /// Whether a chat does not exist.
    fn chat(&self, chat: &ChatId) -> bool;

    /// Whether a person is not shown, neither as a member nor as an author. These are all
    /// ids of the person that an API reports.
    fn person(&self, ids: &[&PersonId]) -> bool;
}

/// What does not exist for the caller of a call; nothing by default.
#[derive(Clone, Default)]
pub struct Concealment(Option<Arc<dyn Conceals>>);

impl Concealment {
    /// What `conceals` decides.
    pub fn by(conceals: Arc<dyn Conceals>) -> Self {
        Self(Some(conceals))
    }

    /// Whether a chat does not exist.
    pub fn chat(&self, chat: &ChatId) -> bool {
        self.0.as_ref().is_some_and(|conceals| conceals.chat(chat))
    }

    /// Whether a person with these ids is not shown.
    pub fn person<'a>(&self, ids: impl IntoIterator<Item = &'a PersonId>) -> bool {
        let Some(conceals) = &self.0 else {
            return false;
        };
        let ids: Vec<&PersonId> = ids.into_iter().collect();
        !ids.is_empty() && conceals.person(&ids)
    }

    /// A text without the mentions of people who are not shown: WhatsApp writes them as `@`
    /// and the digits of an id.
    pub fn without_mentions(&self, text: &str) -> Option<String> {
        if self.0.is_none() || !text.contains('@') {
            return None;
        }
        let mut parts = text.split('@');
        let mut shown = parts.next().unwrap_or_default().to_owned();
        let mut is_changed = false;
        for part in parts {
            shown.push('@');
            let end = part.find(|c: char| !c.is_ascii_digit());
            let (digits, rest) = part.split_at(end.unwrap_or(part.len()));
            let ids = ["c.us", "lid"].map(|kind| PersonId::parse(&format!("{digits}@{kind}")));
            let hides = |id: &PersonId| self.person([id]);
            if digits.len() > 4 && ids.iter().flatten().any(hides) {
                shown.push_str("unknown");
                is_changed = true;
            } else {
                shown.push_str(digits);
            }
            shown.push_str(rest);
        }
        is_changed.then_some(shown)
    }
}

impl fmt::Debug for Concealment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Concealment")
            .field(&self.0.is_some())
            .finish()
    }
}

/// Ids that nobody has, in the place of ids that do not exist for a caller: what an API
/// answers to them is what it answers of a chat that does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoys(Vec<(String, String)>);

impl Decoys {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id in the place of this one, which stays the same for the same id.
    pub fn stand_in(&mut self, chat: &ChatId) -> ChatId {
        let (local, kind) = chat
            .as_str()
            .split_once('@')
            .unwrap_or((chat.as_str(), "c.us"));
        let mut hash = DefaultHasher::new();
        chat.hash(&mut hash);
        // No country has this code, and no group such a short name.
        let decoy = format!("999{:012}", hash.finish() % 1_000_000_000_000);
        let kind = if kind == "s.whatsapp.net" {
            "c.us"
        } else {
            kind
        };
        let Ok(stand_in) = ChatId::parse(&format!("{decoy}@{kind}")) else {
            return chat.clone();
        };
        self.0.push((local.to_owned(), decoy));
        stand_in
    }

    /// Puts the stand-ins into every string of a value.
    pub fn conceal(&self, value: &mut Value) {
        let pairs = || self.0.iter().map(|(real, decoy)| (&**real, &**decoy));
        in_strings(value, &|text| replaced(text, pairs()));
    }

    /// Puts the ids back into every string of a value.
    pub fn reveal(&self, value: &mut Value) {
        in_strings(value, &|text| self.revealed(text));
    }

    /// A text with the ids back in it.
    pub fn revealed(&self, text: &str) -> Option<String> {
        replaced(text, self.0.iter().map(|(real, decoy)| (&**decoy, &**real)))
    }
}

fn in_strings(value: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_strings(item, change)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| in_strings(field, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text with other words in the place of some; `None` if it has none of them.
fn replaced<'a>(text: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut changed = None;
    for (from, to) in pairs {
        let current: &str = changed.as_deref().unwrap_or(text);
        if !current.contains(from) {
            continue;
        }
        let (mut next, mut rest) = (String::new(), current);
        while let Some((before, after)) = rest.split_once(from) {
            next.push_str(before);
            let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            let is_part = is_digit(before.chars().next_back()) || is_digit(after.chars().next());
            next.push_str(if is_part { from } else { to });
            rest = after;
        }
        next.push_str(rest);
        changed = Some(next);
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stand_in_is_put_into_ids_and_taken_out_again() {
        let mut decoys = Decoys::default();
        for id in [
            "15552220001@c.us",
            "777000111222@lid",
            "120363025246125486@g.us",
        ] {
            let chat = ChatId::parse(id).unwrap();
            let stand_in = decoys.stand_in(&chat);
            assert!(stand_in.as_str().starts_with("999"), "{stand_in}");
            assert_eq!(stand_in.as_str().split('@').nth(1), id.split('@').nth(1));
            let mut value =
                json!({ "chat": id, "all": [format!("false_{id}_3EB0"), "12155522200013"] });
            let before = value.clone();
            decoys.conceal(&mut value);
            assert!(!value.to_string().contains(id), "{value}");
            decoys.reveal(&mut value);
            assert_eq!(value, before);
        }
    }
}
