//! What may be counted before the disk has it.
//!
//! A count that is not on the disk is lost when the power fails, and what is lost would
//! be given back. So a series first has the disk promise some room (`covered`), and
//! counts within it at the speed of memory. After another boot nobody knows how much
//! of that room was used: all of it is taken as used.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::Trouble;

/// The most that one lease covers.
const MOST: u32 = 1000;

/// How much a series may count ahead of the disk: a tenth of what its longest window
/// takes, which is also the most that a power failure costs it.
pub(super) fn room(limits: impl Iterator<Item = (Duration, u32)>) -> i64 {
    let longest = limits.max_by_key(|(window, max)| (*window, u32::MAX - max));
    longest.map_or(0, |(_, max)| i64::from((max / 10).min(MOST)))
}

/// In a new boot: counts the room of each lease as if it had been used just now.
pub(super) fn count_unknown(tx: &Connection, now: i64) -> Result<(), Trouble> {
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

/// Ends all leases, once everything counted so far is on the disk.
pub(super) fn give_back(tx: &Connection) -> Result<(), Trouble> {
    tx.execute(
        "UPDATE series SET covered = coalesce((SELECT total FROM hit WHERE series = id
             ORDER BY at DESC, n DESC LIMIT 1), 0)",
        [],
    )?;
    Ok(())
}
