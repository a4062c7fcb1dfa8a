//! The size of answers, and pages of lists.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::text::json_size;

/// The most bytes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerSize(usize);

impl AnswerSize {
    /// From 8 KiB, which a QR code needs, to 1 MiB.
    pub const RANGE: std::ops::RangeInclusive<usize> = 8 * 1024..=1024 * 1024;

    /// A size; `None` outside [`Self::RANGE`].
    pub fn new(bytes: usize) -> Option<Self> {
        Self::RANGE.contains(&bytes).then_some(Self(bytes))
    }

    /// The bytes of the whole answer.
    pub const fn bytes(self) -> usize {
        self.0
    }

    /// The bytes for the structured content; the rest is for the text.
    pub const fn structured(self) -> usize {
        self.0 - self.0 / 6
    }

    /// The bytes for the items of a list; the rest is for the fields around them.
    const fn items(self) -> usize {
        self.structured() - 512
    }
}

impl Default for AnswerSize {
    fn default() -> Self {
        Self(24 * 1024)
    }
}

/// The most items of a page: 1 to 100, by default 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    items: u8,
    answer: AnswerSize,
}

/// The most items of one page.
const MAX_ITEMS: u8 = 100;

impl PageSize {
    /// The number of items.
    pub fn get(self) -> u8 {
        self.items
    }

    /// Sets the most bytes of the answer.
    pub fn within(&mut self, answer: AnswerSize) {
        self.answer = answer;
    }
}

/// The items and bytes that are left in an answer.
#[derive(Debug)]
pub struct Room {
    items: usize,
    bytes: usize,
    empty: bool,
}

impl Room {
    /// The room of an empty page.
    pub fn new(size: PageSize) -> Self {
        Self {
            items: size.get().into(),
            bytes: size.answer.items(),
            empty: true,
        }
    }

    /// Takes the room for an item, and returns whether it fits. The first item always
    /// fits, so that every page makes progress.
    pub fn take(&mut self, item: &impl Serialize) -> bool {
        let size = json_size(item).saturating_add(1);
        let fits = self.items > 0 && (size <= self.bytes || self.empty);
        if fits {
            self.items -= 1;
            self.bytes = self.bytes.saturating_sub(size);
            self.empty = false;
        }
        fits
    }

    /// Whether the page has all of its items.
    pub fn is_full(&self) -> bool {
        self.items == 0
    }
}

/// A page of a list that is ordered by a key.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) total: usize,
    /// Whether more items follow.
    pub(super) more: bool,
}

impl<T: Serialize> Page<T> {
    /// The items after the key `after`. `all` can be in any order; of items with the same
    /// key, one is kept.
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
            items: MAX_ITEMS / 2,
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
        let items = u8::deserialize(deserializer)?;
        match (1..=MAX_ITEMS).contains(&items) {
            true => Ok(Self {
                items,
                ..Self::default()
            }),
            false => Err(D::Error::custom("must be a whole number from 1 to 100")),
        }
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
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX_ITEMS })
    }
}

/// The cursor of a list: the key of the last item before the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PageCursor<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PageCursor<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer)
            .map(Self)
            .map_err(|_| D::Error::custom("must be next_cursor of the previous answer"))
    }
}

impl<T: JsonSchema> JsonSchema for PageCursor<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("PageCursor{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let schema = T::json_schema(generator);
        json_schema!({ "type": schema.get("type"), "format": "cursor" })
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
