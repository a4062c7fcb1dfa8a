//! What the ledger is asked, and what it answers.

use std::time::Duration;

use super::Pause;
use crate::ledger::SwitchState;

/// The longest window that can be counted in.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One limit that a call has to keep: never more than `max` in any window.
#[derive(Debug, Clone, Copy)]
pub struct Count<'a> {
    /// What is counted, as the policy calls it.
    pub counter: &'a str,
    /// Whose it is: a grant, a chat, the account.
    pub key: &'a str,
    /// How much this call takes.
    pub amount: u32,
    /// How much fits into a window.
    pub max: u32,
    /// The window's length, at most a [`DAY`].
    pub window: Duration,
}

/// Everything that a call has to keep. It counts in all of them or in none.
///
/// Counts that name the same counter and key are one series: what is counted there is
/// counted once, with the greatest amount, and has to fit into each of their windows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// What it takes in any case.
    pub counts: &'a [Count<'a>],
    /// Whom it writes to.
    pub people: &'a [&'a str],
    /// What each of them takes who was never written to before.
    pub newcomers: &'a [Count<'a>],
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It is counted, and its people are remembered.
    Counted(Receipt),
    /// A limit is reached; nothing was counted.
    Full(Full),
}

/// The limit that stands against a request for the longest time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// Which it is, in the order of `counts` and then of `newcomers`.
    pub index: usize,
    /// How much would still fit.
    pub left: u32,
    /// When the request would pass if nothing else is counted; `None` when it is greater
    /// than the limit itself.
    pub wait: Option<Duration>,
}

/// What was counted, for [`Ledger::reduce`](super::Ledger::reduce).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The people who were new, in the order they were named.
    pub newcomers: Vec<String>,
    /// For each count the line it went to.
    pub(super) hits: Vec<Option<Written>>,
}

/// What a call is looked at for before its arguments are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// What the switch stops.
    pub stopped: SwitchState,
    /// The pause that runs.
    pub pause: Option<Pause>,
    /// For each person that was named, whether they were written to before.
    pub known: Vec<bool>,
}

/// Where a count went to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    Here(Line),
    Shared(Entry),
}

/// A line in Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) series: String,
    pub(super) at: i64,
    pub(super) number: i64,
}

/// A line of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) series: i64,
    pub(super) at: i64,
    pub(super) n: i64,
}
