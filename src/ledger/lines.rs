//! Lines that are written already: lowering them, removing old ones.

use rusqlite::{OptionalExtension, params};

use super::{DAY, Trouble, request::Line, store::Work, time::nanos};

/// How often lines that no window reaches any more are removed.
const SWEEP: i64 = 60 * 60 * 1_000_000_000;

/// Lowers what a line holds, and the totals of all that came after it.
pub(super) fn reduce(work: &Work<'_>, line: Line, amount: u32) -> Result<(), Trouble> {
    let place = params![line.series, line.at, line.n];
    let held: Option<i64> = work
        .tx
        .prepare_cached("SELECT amount FROM hit WHERE series = ?1 AND at = ?2 AND n = ?3")?
        .query_row(place, |row| row.get(0))
        .optional()?;
    let less = held.unwrap_or(0) - i64::from(amount);
    if less > 0 {
        work.tx
            .prepare_cached(
                "UPDATE hit SET total = total - ?4,
                     amount = iif(at = ?2 AND n = ?3, amount - ?4, amount)
                 WHERE series = ?1 AND (at, n) >= (?2, ?3)",
            )?
            .execute(params![line.series, line.at, line.n, less])?;
        // Else it made room in the lease, and more could be lost than is counted for it.
        work.tx
            .prepare_cached("UPDATE series SET covered = covered - ?2 WHERE id = ?1")?
            .execute(params![line.series, less])?;
    }
    Ok(())
}

/// Removes what no window reaches any more, now and then.
pub(super) fn sweep(work: &Work<'_>) -> Result<(), Trouble> {
    if work.now - work.swept < SWEEP {
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
