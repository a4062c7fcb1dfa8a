//! Rate limits.

use std::{fmt, num::NonZeroU32, time::Duration};

use super::RuleLocation;
use crate::text::per;

/// Limits with this window or a longer one are counted exactly and survive a restart.
pub const LONG: Duration = Duration::from_secs(3600);

/// A rate limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The counter's name; limits with the same name count together.
    pub counter: String,
    /// How much is allowed in a window.
    pub max: NonZeroU32,
    /// How much is allowed at once, in windows below an hour.
    pub burst: NonZeroU32,
    /// The length of the window.
    pub window: Duration,
    /// Who or what has a counter of its own.
    pub scope: Scope,
    /// What is counted.
    pub of: Counted,
    /// The rule.
    pub rule: RuleLocation,
}

impl Limit {
    /// Whether it is counted exactly and survives a restart.
    pub fn is_durable(&self) -> bool {
        self.window >= LONG
    }

    /// The name of its counter, if the policy gives it one. No name that a policy gives ends
    /// in a scope.
    pub fn name(&self) -> Option<&str> {
        let scope = self.counter.rsplit_once('/').map(|(_, scope)| scope);
        let is_unnamed = scope == Some(self.scope.name());
        (!is_unnamed).then_some(self.counter.as_str())
    }

    /// Whether another limit has the same counter and numbers, wherever it is written.
    pub fn counts_like(&self, other: &Self) -> bool {
        let numbers = |limit: &Self| (limit.max, limit.burst, limit.window);
        self.counts_for(other) && numbers(self) == numbers(other)
    }

    /// Whether another limit has the same counter, so that calls counted here count there.
    pub fn counts_for(&self, other: &Self) -> bool {
        let what = |limit: &Self| (limit.scope, limit.of);
        self.counter == other.counter && what(self) == what(other)
    }

    /// Whether this limit is at least as strict as another that counts the same calls:
    /// whatever this one allows, the other allows too.
    pub fn covers(&self, other: &Self) -> bool {
        let pieces = |limit: &Self| limit.window.as_nanos() / u128::from(limit.max.get());
        // How much the other allows within its window, and at once.
        let (most, at_once) = (u128::from(other.max.get()), other.burst);
        let fits = match (self.is_durable(), other.is_durable()) {
            (true, true) => self.max <= other.max && self.window >= other.window,
            (_, false) => self.burst <= at_once && pieces(self) >= pieces(other),
            (false, true) => {
                let refilled = other.window.as_nanos() / pieces(self).max(1);
                u128::from(self.burst.get()) + refilled <= most
            }
        };
        self.of == other.of && self.scope.includes(other.scope) && fits
    }

    /// Whether calls within the other limit are always within this one.
    pub(super) fn is_looser_than(&self, other: &Self) -> bool {
        (&self.counter, self.scope, self.of) == (&other.counter, other.scope, other.of)
            && self.window <= other.window
            && self.max >= other.max
    }
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls.
    Calls,
    /// First-time recipients.
    Newcomers,
    /// Messages that are returned to the caller.
    Messages,
}

/// Who or what has a counter of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Each caller.
    Grant,
    /// Each connection.
    Session,
    /// Each chat that a call touches.
    Chat,
    /// All callers together.
    Account,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Grant, Self::Session, Self::Chat, Self::Account];

    /// Whether a counter of this scope includes all that one of the other scope counts.
    const fn includes(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Account, _)
                | (Self::Grant, Self::Grant | Self::Session)
                | (Self::Session, Self::Session)
                | (Self::Chat, Self::Chat)
        )
    }

    /// The scope's name in policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Session => "session",
            Self::Chat => "chat",
            Self::Account => "account",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.scope {
            Scope::Grant => " per caller",
            Scope::Session => " per connection",
            Scope::Chat => " per chat",
            Scope::Account => "",
        };
        let what = match self.of {
            Counted::Calls => "",
            Counted::Newcomers => " new recipients",
            Counted::Messages => " messages",
        };
        write!(f, "{}{what} per {}{scope}", self.max, per(self.window))?;
        if self.burst != self.max {
            write!(f, ", {} at once", self.burst)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(max: u32, burst: u32, seconds: u64, scope: Scope) -> Limit {
        Limit {
            counter: "c".to_owned(),
            max: NonZeroU32::new(max).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
            window: Duration::from_secs(seconds),
            scope,
            of: Counted::Calls,
            rule: "".into(),
        }
    }

    #[test]
    fn what_one_lets_pass_the_other_does_too() {
        use Scope::{Account, Chat, Grant, Session};
        let [hour, day] = [3600, 24 * 3600];
        for (one, other, covers) in [
            ((5, 5, 60, Grant), (5, 5, 60, Grant), true),
            ((5, 5, 60, Grant), (6, 6, 60, Grant), true),
            ((6, 6, 60, Grant), (5, 5, 60, Grant), false),
            // As fast, but more at once.
            ((10, 10, 120, Grant), (5, 5, 60, Grant), false),
            ((10, 5, 120, Grant), (5, 5, 60, Grant), true),
            ((5, 5, hour, Grant), (5, 5, day, Grant), false),
            ((5, 5, day, Grant), (5, 5, hour, Grant), true),
            ((5, 5, day, Grant), (4, 4, hour, Grant), false),
            ((5, 5, hour, Grant), (5, 5, 60, Grant), true),
            ((6, 6, hour, Grant), (5, 5, 60, Grant), false),
            // One at once and sixty more within the hour.
            ((1, 1, 60, Grant), (61, 61, hour, Grant), true),
            ((1, 1, 60, Grant), (60, 60, hour, Grant), false),
            ((5, 5, 60, Account), (5, 5, 60, Grant), true),
            ((5, 5, 60, Account), (5, 5, 60, Chat), true),
            ((5, 5, 60, Grant), (5, 5, 60, Account), false),
            ((5, 5, 60, Grant), (5, 5, 60, Session), true),
            ((5, 5, 60, Grant), (5, 5, 60, Chat), false),
            ((5, 5, 60, Chat), (5, 5, 60, Account), false),
        ] {
            let make = |(max, burst, seconds, scope)| limit(max, burst, seconds, scope);
            assert_eq!(make(one).covers(&make(other)), covers, "{one:?} {other:?}");
        }
        let messages = Limit {
            of: Counted::Messages,
            ..limit(5, 5, 60, Grant)
        };
        assert!(!messages.covers(&limit(5, 5, 60, Grant)));
    }

    #[test]
    fn a_looser_limit_holds_wherever_the_tighter_one_does() {
        let hour = limit(10, 10, 3600, Scope::Grant);
        let chats = Limit {
            of: Counted::Newcomers,
            ..limit(10, 10, 60, Scope::Grant)
        };
        for (other, looser) in [
            (limit(10, 10, 60, Scope::Grant), true),
            (limit(11, 11, 3600, Scope::Grant), true),
            (limit(9, 9, 60, Scope::Grant), false),
            (limit(11, 11, 3601, Scope::Grant), false),
            (limit(10, 10, 60, Scope::Chat), false),
            (chats, false),
        ] {
            assert_eq!(other.is_looser_than(&hour), looser, "{other:?}");
        }
    }

    #[test]
    fn what_is_counted_alike_counts_on_under_other_numbers() {
        let one = limit(5, 5, 60, Scope::Grant);
        let named = Limit {
            counter: "d".to_owned(),
            ..one.clone()
        };
        let messages = Limit {
            of: Counted::Messages,
            ..one.clone()
        };
        for (other, counts_for, counts_like) in [
            (one.clone(), true, true),
            (limit(6, 5, 60, Scope::Grant), true, false),
            (limit(5, 4, 60, Scope::Grant), true, false),
            (limit(5, 5, 61, Scope::Grant), true, false),
            (limit(5, 5, 60, Scope::Chat), false, false),
            (named, false, false),
            (messages, false, false),
        ] {
            assert_eq!(one.counts_for(&other), counts_for, "{other:?}");
            assert_eq!(one.counts_like(&other), counts_like, "{other:?}");
        }
    }
}
