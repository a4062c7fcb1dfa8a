//! A series: the hits of one counter and key.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::{StoreResult, store::Work, time::nanos};

/// A series with its newest hit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Series {
    pub(super) id: i64,
    /// The total that may be reached before the next durable write.
    pub(super) covered: i64,
    pub(super) total: i64,
    /// The time of the newest hit.
    pub(super) last: Option<i64>,
    pub(super) n: i64,
}

impl Series {
    pub(super) fn find(work: &Work<'_>, counter: &str, key: &str) -> StoreResult<Option<Self>> {
        let found = work
            .tx
            .prepare_cached(
                "SELECT id, covered, total, at, n
                 FROM series LEFT JOIN hit ON hit.series = series.id
                 WHERE counter = ?1 AND key = ?2 ORDER BY at DESC, n DESC LIMIT 1",
            )?
            .query_row([counter, key], |row| {
                Ok(Self {
                    id: row.get(0)?,
                    covered: row.get(1)?,
                    total: row.get::<_, Option<i64>>(2)?.unwrap_or(0),
                    last: row.get(3)?,
                    n: row.get::<_, Option<i64>>(4)?.unwrap_or(0),
                })
            })
            .optional()?;
        Ok(found)
    }

    /// Stores the lease of a series, which is created if it is new; returns its id.
    pub(super) fn cover(
        work: &Work<'_>,
        counter: &str,
        key: &str,
        covered: i64,
    ) -> StoreResult<i64> {
        let id = work
            .tx
            .prepare_cached(
                "INSERT INTO series (counter, key, covered) VALUES (?1, ?2, ?3)
                 ON CONFLICT (counter, key) DO UPDATE SET covered = ?3 RETURNING id",
            )?
            .query_row(params![counter, key, covered], |row| row.get(0))?;
        Ok(id)
    }

    /// What was counted within the last `window`.
    pub(super) fn used(&self, work: &Work<'_>, window: Duration) -> StoreResult<i64> {
        Ok(self.total - self.before(work, window)?.unwrap_or(self.total))
    }

    /// Nanoseconds until `over` of it will have left the window.
    pub(super) fn comes_back(
        &self,
        work: &Work<'_>,
        window: Duration,
        over: i64,
    ) -> StoreResult<Option<i64>> {
        let Some(before) = self.before(work, window)? else {
            return Ok(None);
        };
        let begin = work.now - nanos(window);
        let at: Option<i64> = work
            .tx
            .prepare_cached(
                "SELECT at FROM hit WHERE series = ?1 AND at > ?2 AND total >= ?3
                 ORDER BY at, n LIMIT 1",
            )?
            .query_row([self.id, begin, before + over], |row| row.get(0))
            .optional()?;
        Ok(at.map(|at| at - begin))
    }

    /// The total before the first hit within the window; `None` without hits in it.
    fn before(&self, work: &Work<'_>, window: Duration) -> StoreResult<Option<i64>> {
        let before = work
            .tx
            .prepare_cached(
                "SELECT total - amount FROM hit WHERE series = ?1 AND at > ?2
                 ORDER BY at, n LIMIT 1",
            )?
            .query_row([self.id, work.now - nanos(window)], |row| row.get(0))
            .optional()?;
        Ok(before)
    }
}
