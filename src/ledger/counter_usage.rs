//! Usage reports: what was counted within windows.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::{
    DAY, StoreResult,
    series::Series,
    store::Work,
    time::{duration, nanos},
};

/// A window to report about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The counter's name.
    pub counter: String,
    /// Its length, at most a [`DAY`].
    pub length: Duration,
}

/// What was counted for one counter and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterUsage {
    /// The counter's name.
    pub counter: String,
    /// The key: a grant, a chat, the account.
    pub key: String,
    /// What it has in each window in which it has something, shortest first.
    pub windows: Vec<WindowUsage>,
}

/// What was counted within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowUsage {
    /// The length of the window.
    pub window: Duration,
    /// The amount, above zero.
    pub used: u64,
    /// Time until the first amount leaves the window.
    pub first_back: Duration,
    /// Time until all has left it.
    pub all_back: Duration,
}

impl CounterUsage {
    /// What it has within a window; `None` if that is nothing, or was not asked for.
    pub fn within(&self, window: Duration) -> Option<&WindowUsage> {
        self.windows.iter().find(|one| one.window == window)
    }

    /// The amount within a window; zero if it was not asked for.
    pub fn used(&self, window: Duration) -> u64 {
        self.within(window).map_or(0, |one| one.used)
    }
}

/// The windows that a report about a counter has: those that are asked for, and a day.
pub(super) fn windows_of(counter: &str, asked: &[Window]) -> Vec<Duration> {
    let asked = asked.iter().filter(|window| window.counter == counter);
    let mut lengths: Vec<Duration> = asked.map(|window| window.length.min(DAY)).collect();
    lengths.push(DAY);
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// All usages, ordered by counter and key.
pub(super) fn all(work: &Work<'_>, windows: &[Window]) -> StoreResult<Vec<CounterUsage>> {
    let mut query = work
        .tx
        .prepare_cached("SELECT counter, key FROM series ORDER BY counter, key")?;
    let mut rows = query.query([])?;
    let mut usages: Vec<CounterUsage> = Vec::new();
    while let Some(row) = rows.next()? {
        let (counter, key): (String, String) = (row.get(0)?, row.get(1)?);
        let Some(series) = Series::find(work, &counter, &key)? else {
            continue;
        };
        let mut found = Vec::new();
        for window in windows_of(&counter, windows) {
            found.extend(within(work, &series, window)?);
        }
        if !found.is_empty() {
            usages.push(CounterUsage {
                counter,
                key,
                windows: found,
            });
        }
    }
    Ok(usages)
}

fn within(work: &Work<'_>, series: &Series, window: Duration) -> StoreResult<Option<WindowUsage>> {
    let used = u64::try_from(series.used(work, window)?).unwrap_or(0);
    if used == 0 {
        return Ok(None);
    }
    let begin = work.now - nanos(window);
    let back = |order: &str| {
        let query = format!(
            "SELECT at FROM hit WHERE series = ?1 AND at > ?2 AND amount > 0
             ORDER BY at {order} LIMIT 1"
        );
        let at: Option<i64> = work
            .tx
            .prepare_cached(&query)?
            .query_row(params![series.id, begin], |row| row.get(0))
            .optional()?;
        StoreResult::Ok(duration(at.unwrap_or(begin) - begin))
    };
    Ok(Some(WindowUsage {
        window,
        used,
        first_back: back("ASC")?,
        all_back: back("DESC")?,
    }))
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
