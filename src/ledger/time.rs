//! The ledger's own time, which does not depend on how the clock is set.
//!
//! It is stored in the file. Within one boot it advances with the machine's uptime; across
//! boots it advances with the time of day. It never goes back.

use std::{sync::Arc, time::Duration};

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreResult;
use crate::clock::Clock;

/// A reading of the machine's clocks.
#[derive(Debug)]
pub(super) struct ClockReading {
    boot: Arc<str>,
    uptime: i64,
    wall: i64,
}

/// The ledger's time, and what has happened since it was last stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct LedgerTime {
    /// Nanoseconds since the ledger was created.
    pub(super) at: i64,
    /// Whether it was stored in the current boot.
    pub(super) same_boot: bool,
    /// When old hits were last removed.
    pub(super) swept: i64,
    /// Whether somebody has set the time of day since.
    pub(super) jumped: bool,
}

/// A greater difference between two clocks, in nanoseconds, is not drift.
const MAX_DRIFT: u64 = 1_000_000_000;

impl ClockReading {
    pub(super) fn of(clock: &Clock) -> Self {
        let boot = clock.boot();
        let wall = clock.timestamp().as_nanosecond();
        Self {
            boot: boot.id,
            uptime: nanos(boot.uptime),
            wall: i64::try_from(wall).unwrap_or(if wall < 0 { i64::MIN } else { i64::MAX }),
        }
    }

    /// The ledger's time at this reading; zero in a new file.
    pub(super) fn read(&self, tx: &Connection) -> StoreResult<LedgerTime> {
        let mut query = tx.prepare_cached("SELECT now, boot, uptime, wall, swept FROM time")?;
        let now = query
            .query_row([], |row| {
                let (then, uptime): (i64, i64) = (row.get(0)?, row.get(2)?);
                let same_boot = row.get_ref(1)?.as_str()? == &*self.boot;
                let by_wall = self.wall.saturating_sub(row.get(3)?);
                let by_boot = self.uptime.saturating_sub(uptime);
                let passed = if same_boot { by_boot } else { by_wall };
                Ok(LedgerTime {
                    at: then.saturating_add(passed.max(0)),
                    same_boot,
                    swept: row.get(4)?,
                    jumped: same_boot && by_wall.abs_diff(by_boot) > MAX_DRIFT,
                })
            })
            .optional()?;
        Ok(now.unwrap_or(LedgerTime {
            at: 0,
            same_boot: false,
            swept: 0,
            jumped: false,
        }))
    }

    /// Stores the ledger's time and this reading.
    pub(super) fn store(&self, tx: &Connection, now: i64) -> StoreResult<()> {
        let values = params![now, &*self.boot, self.uptime, self.wall];
        let known = tx
            .prepare_cached("UPDATE time SET now = ?1, boot = ?2, uptime = ?3, wall = ?4")?
            .execute(values)?;
        if known == 0 {
            let first =
                "INSERT INTO time (one, now, boot, uptime, wall) VALUES (1, ?1, ?2, ?3, ?4)";
            tx.execute(first, values)?;
        }
        Ok(())
    }
}

pub(super) fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

pub(super) fn duration(nanos: i64) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}
