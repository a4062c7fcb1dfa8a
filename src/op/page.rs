//! How much of a list is answered at once.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

/// How large an answer may be, in bytes; a model has to read it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerSize(usize);

impl AnswerSize {
    /// What may be set: 8 KiB, which a QR code needs, to 1 MiB.
    pub const RANGE: std::ops::RangeInclusive<usize> = 8 * 1024..=1024 * 1024;

    /// A size, where it lies in [`Self::RANGE`].
    pub fn new(bytes: usize) -> Option<Self> {
        Self::RANGE.contains(&bytes).then_some(Self(bytes))
    }

    /// All of it.
    pub const fn bytes(self) -> usize {
        self.0
    }

    /// The most for the structured answer; the rest is for its text twin.
    pub const fn structured(self) -> usize {
        self.0 - self.0 / 6
    }

    /// The part for a list's items; the rest is for what stands around them.
    const fn items(self) -> usize {
        self.structured() - 512
    }
}

impl Default for AnswerSize {
    fn default() -> Self {
        Self(24 * 1024)
    }
}

/// How many items at most: 1 to 100, 50 when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    items: u8,
    answer: AnswerSize,
}

/// The most items in one answer.
const MOST: u8 = 100;

impl PageSize {
    /// The number of items.
    pub fn get(self) -> usize {
        self.items.into()
    }

    /// Sets how large the whole answer may be.
    pub fn within(&mut self, answer: AnswerSize) {
        self.answer = answer;
    }
}

/// What still fits into an answer: a number of items, and of bytes.
#[derive(Debug)]
pub struct Room {
    items: usize,
    bytes: usize,
    untouched: bool,
}

impl Room {
    /// The room of a page of this size.
    pub fn new(size: PageSize) -> Self {
        Self {
            items: size.get(),
            bytes: size.answer.items(),
            untouched: true,
        }
    }

    /// Whether an item fits; it then has its place. The first one always does, so
    /// that every page goes on.
    pub fn take(&mut self, item: &impl Serialize) -> bool {
        let size = serde_json::to_vec(item).map_or(usize::MAX, |json| json.len() + 1);
        let fits = self.items > 0 && (size <= self.bytes || self.untouched);
        if fits {
            self.items -= 1;
            self.bytes = self.bytes.saturating_sub(size);
            self.untouched = false;
        }
        fits
    }

    /// Whether no further item fits, whatever its size.
    pub fn is_full(&self) -> bool {
        self.items == 0
    }
}

/// A part of a list that is ordered by a key.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) total: usize,
    /// Whether there are items after these.
    pub(super) more: bool,
}

impl<T: Serialize> Page<T> {
    /// The items after a key; `all` in any order, each key once.
    pub(super) fn of(
        mut all: Vec<T>,
        key: impl Fn(&T) -> &str,
        after: Option<&str>,
        size: PageSize,
    ) -> Self {
        all.sort_by(|one, other| key(one).cmp(key(other)));
        all.dedup_by(|one, other| key(one) == key(other));
        let total = all.len();
        let start = after.map_or(0, |after| all.partition_point(|item| key(item) <= after));
        let mut room = Room::new(size);
        let items: Vec<T> = all
            .into_iter()
            .skip(start)
            .take_while(|item| room.take(item))
            .collect();
        Self {
            more: start + items.len() < total,
            items,
            total,
        }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self {
            items: MOST / 2,
            answer: AnswerSize::default(),
        }
    }
}

impl Serialize for PageSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PageSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer)?
            .as_u64()
            .and_then(|size| u8::try_from(size).ok())
            .filter(|size| (1..=MOST).contains(size))
            .map(|items| Self {
                items,
                ..Self::default()
            })
            .ok_or_else(|| D::Error::custom("takes a whole number from 1 to 100"))
    }
}

impl JsonSchema for PageSize {
    fn schema_name() -> Cow<'static, str> {
        "PageSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // The description says between what.
        json_schema!({ "type": "integer" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pages_follow_each_other_without_a_gap(
            lengths in prop::collection::vec(0_usize..6000, 0..60), items in 1_u8..=100,
            bytes in AnswerSize::RANGE,
        ) {
            let answer = AnswerSize(bytes);
            let size = PageSize { items, answer };
            let all: Vec<String> = lengths
                .iter()
                .enumerate()
                .map(|(index, length)| format!("{index:03}{}", "x".repeat(*length)))
                .collect();
            let (mut seen, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = Page::of(all.clone(), |item| item, after.as_deref(), size);
                prop_assert!(page.items.len() <= usize::from(items));
                let bytes: usize = page.items.iter().map(|item| item.len() + 3).sum();
                prop_assert!(bytes <= answer.items() || page.items.len() == 1);
                prop_assert_eq!(page.total, all.len());
                after = page.items.last().cloned();
                seen.extend(page.items);
                if !page.more {
                    break;
                }
                prop_assert!(after.is_some());
            }
            prop_assert_eq!(seen, all);
        }
    }
}
