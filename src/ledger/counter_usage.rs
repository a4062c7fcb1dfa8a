//! Usage reports: what was counted within the last day.

use std::time::Duration;

use super::{
    DAY, StoreResult,
    store::Work,
    time::{duration, nanos},
};

/// What was counted for one counter and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterUsage {
    /// The counter's name.
    pub counter: String,
    /// The key: a grant, a chat, the account.
    pub key: String,
    /// What was counted within the last [`DAY`], oldest first.
    pub hits: Vec<Hit>,
}

/// An amount that was counted at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Time since then.
    pub ago: Duration,
    /// The amount.
    pub amount: u32,
}

impl CounterUsage {
    /// The amount within the last `window`.
    pub fn used(&self, window: Duration) -> u64 {
        self.within(window).map(|hit| u64::from(hit.amount)).sum()
    }

    /// The times until amounts leave the window, soonest first.
    pub fn comes_back(&self, window: Duration) -> impl Iterator<Item = (Duration, u32)> {
        self.within(window)
            .map(move |hit| (window.saturating_sub(hit.ago), hit.amount))
    }

    fn within(&self, window: Duration) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(move |hit| hit.ago < window)
    }
}

/// All usages, ordered by counter and key.
pub(super) fn all(work: &Work<'_>) -> StoreResult<Vec<CounterUsage>> {
    let mut query = work.tx.prepare_cached(
        "SELECT counter, key, at, amount FROM hit JOIN series ON series.id = hit.series
         WHERE at > ?1 AND amount > 0 ORDER BY counter, key, at, n",
    )?;
    let mut rows = query.query([work.now - nanos(DAY)])?;
    let mut usages: Vec<CounterUsage> = Vec::new();
    while let Some(row) = rows.next()? {
        let (counter, key): (String, String) = (row.get(0)?, row.get(1)?);
        let hit = Hit {
            ago: duration(work.now - row.get::<_, i64>(2)?),
            amount: row.get(3)?,
        };
        match usages.last_mut() {
            Some(last) if (&last.counter, &last.key) == (&counter, &key) => last.hits.push(hit),
            _ => usages.push(CounterUsage {
                counter,
                key,
                hits: vec![hit],
            }),
        }
    }
    Ok(usages)
}

/// Sets a counter to zero; returns the number of its keys.
pub(super) fn reset(work: &Work<'_>, counter: &str) -> StoreResult<usize> {
    work.tx.execute(
        "DELETE FROM hit WHERE series IN (SELECT id FROM series WHERE counter = ?1)",
        [counter],
    )?;
    Ok(work
        .tx
        .execute("DELETE FROM series WHERE counter = ?1", [counter])?)
}
