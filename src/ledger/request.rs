//! Requests to the ledger and their results.

use std::time::Duration;

use super::{Pause, SwitchReading};

/// The longest window that the ledger supports.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One limit for a call: never more than `max` in any window.
#[derive(Debug, Clone)]
pub struct Count {
    /// The counter's name in the policy.
    pub counter: String,
    /// The key that is counted: a grant, a chat, the account.
    pub key: String,
    /// How much this call adds.
    pub amount: u32,
    /// The maximum in a window.
    pub max: u32,
    /// The length of the window, at most a [`DAY`].
    pub window: Duration,
    /// The longest window of all limits with this counter, at most a [`DAY`]: what is counted
    /// is kept as long. A shorter one than `window` means `window`.
    pub longest_window: Duration,
}

/// All limits for a call. It is counted in all of them or in none.
///
/// Counts with the same counter and key are one series. The call is counted there once,
/// with the greatest amount, and must fit into each of their windows.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Limits for the call itself.
    pub counts: Vec<Count>,
    /// The recipients.
    pub people: Vec<String>,
    /// Limits for each first-time recipient.
    pub newcomers: Vec<Count>,
    /// What only one call may do at a time. A local ledger ignores it: it is asked by one
    /// process, which knows its own calls.
    pub claim: Option<Claim>,
    /// The place in the queue that the call takes. A local ledger ignores it as well.
    pub turn: Option<Turn>,
}

/// A place in the queue of calls that keep a delay between them, over all servers that share
/// the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// How long the next call waits after this one's turn.
    pub delay: Duration,
    /// A call that would have to wait longer takes no place.
    pub max_wait: Duration,
}

/// What only one call may do at a time, over all servers that share the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// How long the call is taken for one in flight, unless the claim is renewed or settled.
    pub lease: Duration,
    /// How long its end is remembered, or that it has no known end.
    pub memory: Duration,
}

/// A claim that a call holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldClaim {
    pub(super) claim: Claim,
    /// Tells it from later claims of the same name.
    pub(super) token: String,
}

/// What is known of a call that holds a claim, or held it until a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimState {
    /// It is in flight.
    InFlight,
    /// Its lease is over, and nobody has settled it: its server ended or lost the ledger.
    Lapsed,
    /// It was settled with this.
    Settled(String),
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It was counted, and its recipients are remembered.
    Counted(Receipt),
    /// It was rejected; nothing was counted.
    Refused(Rejection),
}

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// A limit is reached.
    Full(FullLimit),
    /// Another call holds the claim, or held it until a moment ago.
    Claimed(ClaimState),
    /// The call's turn would come only after this time.
    TooSoon(Duration),
}

/// The limit that refuses a request for the longest time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullLimit {
    /// Its index, in the order of `counts` and then of `newcomers`.
    pub index: usize,
    /// The amount that would still fit.
    pub left: u32,
    /// How long until the request would fit if nothing else is counted; `None` if it is
    /// greater than the limit itself.
    pub wait: Option<Duration>,
}

/// What was counted, for [`Ledger::reduce`](super::Ledger::reduce).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The first-time recipients, in the order of the request.
    pub newcomers: Vec<String>,
    /// The recorded hit of each count.
    pub(super) hits: Vec<Option<RecordedHit>>,
    /// The claim that the call now holds.
    pub claim: Option<HeldClaim>,
    /// How long the call has to wait for its turn.
    pub wait: Duration,
}

/// The stored state that decides about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// The kill switch.
    pub switch: SwitchReading,
    /// The current pause.
    pub pause: Option<Pause>,
    /// For each person of the request, whether they received a message before.
    pub known: Vec<bool>,
    /// The chats that the caller has read in last at any server, and how long ago, if they
    /// were asked for.
    pub read: Vec<(String, Duration)>,
}

/// A count as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordedHit {
    Local(LocalHit),
    Redis(RedisHit),
}

/// The key of a hit in Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RedisHit {
    pub(super) series: String,
    pub(super) at: i64,
    pub(super) number: i64,
}

/// The primary key of a row of the table `hit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocalHit {
    pub(super) series: i64,
    pub(super) at: i64,
    pub(super) n: i64,
}
