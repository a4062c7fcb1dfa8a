//! Leases: counting without waiting for the disk.
//!
//! A power failure loses counts that are not on the disk yet. So a series first reserves a
//! lease durably (`covered`) and then counts within it at the speed of memory. After a
//! reboot it is unknown how much of a lease was used, so all of it counts as used.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::StoreResult;

/// The largest lease.
const MAX_LEASE: u32 = 1000;

/// The lease of a series: a tenth of the limit with the longest window, which is also the
/// most that a power failure can waste.
pub(super) fn size(limits: impl Iterator<Item = (Duration, u32)>) -> i64 {
    let longest = limits.max_by_key(|(window, max)| (*window, u32::MAX - max));
    longest.map_or(0, |(_, max)| i64::from((max / 10).min(MAX_LEASE)))
}

/// After a reboot: counts the rest of each lease as used now.
pub(super) fn count_lost(tx: &Connection, now: i64) -> StoreResult<()> {
    tx.execute(
        "INSERT INTO hit (series, at, n, amount, total)
         SELECT id, ?1, next, covered - total, covered FROM (
             SELECT id, covered,
                 coalesce((SELECT total FROM hit WHERE series = id
                     ORDER BY at DESC, n DESC LIMIT 1), 0) AS total,
                 coalesce((SELECT max(n) + 1 FROM hit WHERE series = id AND at = ?1), 0) AS next
             FROM series
         ) WHERE covered > total",
        params![now],
    )?;
    Ok(())
}

/// Ends all leases. The caller must make everything counted so far durable.
pub(super) fn end_all(tx: &Connection) -> StoreResult<()> {
    tx.execute(
        "UPDATE series SET covered = coalesce((SELECT total FROM hit WHERE series = id
             ORDER BY at DESC, n DESC LIMIT 1), 0)",
        [],
    )?;
    Ok(())
}
