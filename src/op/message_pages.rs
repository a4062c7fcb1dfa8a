//! Pages of messages.

use std::iter;

use jiff::Timestamp;

use super::{
    Concealment, Cursor, FormattedMessage, ListMessages, Message, MessageList, PersonId, Room,
};

/// A message from the list of an API, with what the filters need.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The message as an answer has it.
    pub message: Message,
    /// Its author, if known.
    pub writer: Option<PersonId>,
    /// Its text, not cut.
    pub text: String,
}

impl Listed {
    /// The same, without an author and mentions that are not shown.
    #[must_use]
    pub fn concealing(mut self, concealment: &Concealment) -> Self {
        let message = &mut self.message;
        let named = message.message.participant().cloned();
        if concealment.person(self.writer.iter().chain(&named)) {
            message.from = "unknown".to_owned();
            message.from_name = None;
            message.message = message.message.bare_key();
            self.writer = None;
        }
        if let Some(quoted) = &message.reply_to
            && concealment.person(quoted.participant())
        {
            message.reply_to = Some(quoted.bare_key());
        }
        let change = |text: &str| concealment.without_mentions(text);
        if let Some(text) = &mut message.text {
            text.change(change);
        }
        if let Some(text) = change(&self.text) {
            self.text = text;
        }
        self
    }

    /// Its place in the chat; the id orders messages of the same second.
    fn place(&self) -> (Timestamp, &str) {
        (self.message.at, self.message.message.as_str())
    }

    fn cursor(&self) -> Cursor {
        Cursor {
            second: self.message.at.as_second(),
            message: self.message.message.clone(),
        }
    }

    /// Whether it passes the filters; `contains` is in lower case.
    fn passes(&self, op: &ListMessages, contains: Option<&str>) -> bool {
        op.after.is_none_or(|after| self.message.at >= after)
            && op.before.is_none_or(|before| self.message.at < before)
            && op
                .from
                .as_ref()
                .is_none_or(|from| self.writer.as_ref() == Some(from))
            && contains.is_none_or(|text| self.text.to_lowercase().contains(text))
    }
}

/// Newest first, each message once.
fn sorted(mut all: Vec<Listed>) -> Vec<Listed> {
    all.sort_by(|one, other| other.place().cmp(&one.place()));
    all.dedup_by(|one, other| one.place() == other.place());
    all
}

impl MessageList {
    /// The requested page of `all`, which can be in any order. `more` is whether the API has
    /// older messages.
    pub fn page(all: Vec<Listed>, more: bool, op: &ListMessages) -> Self {
        let all = sorted(all);
        let after_cursor = |listed: &&Listed| {
            op.cursor.as_ref().is_none_or(|cursor| {
                let at = listed.message.at.as_second();
                (at, listed.message.message.as_str()) < (cursor.second, cursor.message.as_str())
            })
        };
        let contains = op.contains.as_ref().map(|text| text.to_lowercase());
        let (mut messages, mut scanned, mut room) = (Vec::new(), 0, Room::new(op.limit));
        let (mut last, mut full) = (None, false);
        for listed in all.iter().filter(after_cursor) {
            if listed.passes(op, contains.as_deref()) {
                let message = listed.message.clone().formatted(op.format);
                full = !room.take(&message);
                if full {
                    break;
                }
                messages.push(message);
            }
            scanned += 1;
            last = Some(listed.cursor());
        }
        Self::new(messages, scanned, last, full || more)
    }

    /// The messages around `middle`, taken in turns before and after it. `more` is whether the
    /// API has older messages.
    pub fn around(all: Vec<Listed>, middle: &Message, more: bool, op: &ListMessages) -> Self {
        let (all, middle) = (sorted(all), (middle.at, middle.message.as_str()));
        let contains = op.contains.as_ref().map(|text| text.to_lowercase());
        let passing = || {
            all.iter()
                .filter(|listed| listed.passes(op, contains.as_deref()))
        };
        // The message itself is the first of the older ones.
        let mut older = passing().filter(|listed| listed.place() <= middle);
        let mut newer = passing().rev().filter(|listed| listed.place() > middle);
        let mut before = false;
        let in_turns = iter::from_fn(|| {
            before = !before;
            if before {
                older.next().or_else(|| newer.next())
            } else {
                newer.next().or_else(|| older.next())
            }
        });
        let mut room = Room::new(op.limit);
        let formatted = |listed: &Listed| listed.message.clone().formatted(op.format);
        let fits = |listed: &&Listed| room.take(&formatted(listed));
        let mut chosen: Vec<_> = in_turns.take_while(fits).collect();
        chosen.sort_by(|one, other| other.place().cmp(&one.place()));
        let last = chosen.last().map_or(middle, |listed| listed.place());
        let left = passing().any(|listed| listed.place() < last);
        // If no matching message is left, the next page starts after all of these.
        let last = match chosen.last() {
            Some(listed) if left => Some(listed.cursor()),
            _ => all.last().map(Listed::cursor),
        };
        let messages = chosen.iter().map(|listed| formatted(listed));
        Self::new(messages.collect(), all.len(), last, left || more)
    }

    fn new(
        messages: Vec<FormattedMessage>,
        scanned: usize,
        last: Option<Cursor>,
        older: bool,
    ) -> Self {
        Self {
            messages,
            scanned,
            back_to: last
                .as_ref()
                .and_then(|last| Timestamp::from_second(last.second).ok()),
            next_cursor: last.filter(|_| older),
        }
    }
}
