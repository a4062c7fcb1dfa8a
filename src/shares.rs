//! Bounded units (calls, questions, sessions, bytes) that keys share without starving each
//! other.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// Units that keys share.
///
/// A key gets more while as much as it already holds stays free for others. So one key
/// alone gets half of all units, and two keys get a third each. Whoever holds most is
/// refused first, and a key that holds nothing gets a unit while there is one. (The
/// dynamic thresholds of Choudhury and Hahne for buffers that queues share.)
#[derive(Debug, Clone)]
pub(crate) struct Shares(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    total: usize,
    held: Mutex<Held>,
    /// Notified when units are given back.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    /// What each key holds. Keys without units are removed.
    by_key: HashMap<Arc<str>, usize>,
}

/// Units of one key. Dropped, it gives them back.
#[derive(Debug)]
pub(crate) struct Share {
    pool: Arc<Pool>,
    key: Arc<str>,
    units: usize,
}

impl Shares {
    /// This many units.
    pub(crate) fn new(total: usize) -> Self {
        Self(Arc::new(Pool {
            total,
            held: Mutex::default(),
            freed: Notify::new(),
        }))
    }

    /// Takes units for a key. `None` if that is more than its fair share.
    pub(crate) fn take(&self, key: &str, units: usize) -> Option<Share> {
        let mut share = Share {
            pool: self.0.clone(),
            key: key.into(),
            units: 0,
        };
        share.grow(units).then_some(share)
    }

    /// Takes units for a key as soon as that is no more than its fair share. Waits for ever
    /// for more units than there are.
    pub(crate) async fn acquire(&self, key: &str, units: usize) -> Share {
        loop {
            let mut freed = pin!(self.0.freed.notified());
            // From here on no unit is given back unnoticed.
            freed.as_mut().enable();
            if let Some(share) = self.take(key, units) {
                return share;
            }
            freed.await;
        }
    }
}

impl Share {
    /// Takes more units for the same key. Returns whether it got them.
    pub(crate) fn grow(&mut self, units: usize) -> bool {
        let mut held = self.pool.lock();
        let own = held.by_key.get(&self.key).copied().unwrap_or_default();
        let free = self.pool.total.saturating_sub(held.all);
        if free.checked_sub(units).is_none_or(|rest| rest < own) {
            return false;
        }
        held.all += units;
        if own + units > 0 {
            held.by_key.insert(self.key.clone(), own + units);
        }
        drop(held);
        self.units += units;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.units == 0 {
            // Whoever waits for units would be woken by each attempt to get some.
            return;
        }
        let mut held = self.pool.lock();
        held.all = held.all.saturating_sub(self.units);
        if let Some(own) = held.by_key.get_mut(&self.key) {
            *own = own.saturating_sub(self.units);
            if *own == 0 {
                held.by_key.remove(&self.key);
            }
        }
        drop(held);
        self.pool.freed.notify_waiters();
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes one unit after another for a key until it is refused.
    fn all(shares: &Shares, key: &str) -> Vec<Share> {
        std::iter::from_fn(|| shares.take(key, 1)).collect()
    }

    #[test]
    fn one_key_alone_gets_half_and_the_next_half_of_the_rest() {
        let shares = Shares::new(128);
        let first = all(&shares, "first");
        assert_eq!(first.len(), 64);
        let second = all(&shares, "second");
        assert_eq!(second.len(), 32);
        // As the first gives back, the second gets as much as the first.
        drop(first);
        let more = all(&shares, "second").len() + second.len();
        assert_eq!(more, 64);
    }

    #[test]
    fn a_newcomer_gets_the_last_unit_and_the_largest_is_refused_first() {
        let shares = Shares::new(8);
        let large = all(&shares, "large");
        let small = all(&shares, "small");
        assert_eq!((large.len(), small.len()), (4, 2));
        let other = all(&shares, "other");
        assert_eq!(other.len(), 1);
        let last = shares.take("last", 1);
        assert!(last.is_some());
        assert!(shares.take("too late", 1).is_none());
        drop(last);
        assert!(shares.take("large", 1).is_none());
        assert!(shares.take("small", 1).is_none());
        assert!(shares.take("last", 1).is_some());
    }

    #[tokio::test]
    async fn whoever_waits_gets_units_in_fair_shares() {
        let shares = Shares::new(4);
        let large = all(&shares, "large");
        assert_eq!(large.len(), 2);
        let wait = |key| {
            let shares = shares.clone();
            tokio::spawn(async move { shares.acquire(key, 1).await })
        };
        let waiting = wait("large");
        // A key with less waits for none of those that have more.
        let other = wait("other").await.unwrap();
        assert!(!waiting.is_finished());
        drop(large);
        waiting.await.unwrap();
        drop(other);
    }

    #[test]
    fn amounts_are_shared_like_single_units() {
        let shares = Shares::new(100);
        let mut one = shares.take("one", 0).unwrap();
        assert!(one.grow(40));
        assert!(!one.grow(30), "less than it holds would stay free");
        assert!(one.grow(20));
        let mut other = shares.take("other", 40).unwrap();
        assert!(!other.grow(1));
        assert!(shares.take("third", 0).is_some());
        drop(one);
        assert!(other.grow(20));
        drop(other);
        assert!(shares.take("all", usize::MAX).is_none());
        assert!(shares.take("all", 100).is_some());
        assert!(shares.0.lock().by_key.is_empty());
    }
}
