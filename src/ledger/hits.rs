//! Recorded hits: lowering them, and removing old ones.

use rusqlite::{OptionalExtension, params};

use super::{DAY, StoreResult, request::LocalHit, store::Work, time::nanos};

/// Nanoseconds between removals of hits that are older than any window.
const SWEEP_INTERVAL: i64 = 60 * 60 * 1_000_000_000;

/// Lowers the amount of a hit, and the totals of all hits after it.
pub(super) fn reduce(work: &Work<'_>, hit: LocalHit, amount: u32) -> StoreResult<()> {
    let key = params![hit.series, hit.at, hit.n];
    let held: Option<i64> = work
        .tx
        .prepare_cached("SELECT amount FROM hit WHERE series = ?1 AND at = ?2 AND n = ?3")?
        .query_row(key, |row| row.get(0))
        .optional()?;
    let less = held.unwrap_or(0) - i64::from(amount);
    if less > 0 {
        work.tx
            .prepare_cached(
                "UPDATE hit SET total = total - ?4,
                     amount = iif(at = ?2 AND n = ?3, amount - ?4, amount)
                 WHERE series = ?1 AND (at, n) >= (?2, ?3)",
            )?
            .execute(params![hit.series, hit.at, hit.n, less])?;
        // Otherwise the lease would grow, and a power failure could lose more than is counted.
        work.tx
            .prepare_cached("UPDATE series SET covered = covered - ?2 WHERE id = ?1")?
            .execute(params![hit.series, less])?;
    }
    Ok(())
}

/// Removes hits that are older than any window, at most once an hour.
pub(super) fn sweep(work: &Work<'_>) -> StoreResult<()> {
    if work.now - work.swept < SWEEP_INTERVAL {
        return Ok(());
    }
    let gone = work.now - nanos(DAY);
    work.tx.execute("DELETE FROM hit WHERE at <= ?1", [gone])?;
    work.tx.execute_batch(
        "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM hit WHERE series = id)",
    )?;
    work.tx.execute("UPDATE time SET swept = ?1", [work.now])?;
    Ok(())
}
