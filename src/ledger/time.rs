//! The ledger's own time, which setting the clock does not move.
//!
//! It is kept in the file. Within one boot it runs with the machine's uptime; across
//! boots it advances by what the time of day says, and never goes back.

use std::{sync::Arc, time::Duration};

use rusqlite::{Connection, OptionalExtension, params};

use super::Trouble;
use crate::clock::Clock;

/// The machine's clocks at one moment.
#[derive(Debug)]
pub(super) struct Moment {
    boot: Arc<str>,
    uptime: i64,
    wall: i64,
}

/// What the ledger's time is, and whether this is the boot it was last written in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) at: i64,
    pub(super) same_boot: bool,
    /// When old lines were last removed.
    pub(super) swept: i64,
    /// Whether the time of day was set since then.
    pub(super) jumped: bool,
}

/// A greater difference between two clocks is no drift.
const JUMP: u64 = 1_000_000_000;

impl Moment {
    pub(super) fn of(clock: &Clock) -> Self {
        let boot = clock.boot();
        let wall = clock.timestamp().as_nanosecond();
        Self {
            boot: boot.id,
            uptime: nanos(boot.uptime),
            wall: i64::try_from(wall).unwrap_or(if wall < 0 { i64::MIN } else { i64::MAX }),
        }
    }

    /// The ledger's time at this moment; the file has none yet when it is new.
    pub(super) fn read(&self, tx: &Connection) -> Result<Now, Trouble> {
        let mut query = tx.prepare_cached("SELECT now, boot, uptime, wall, swept FROM time")?;
        let now = query
            .query_row([], |row| {
                let (then, uptime): (i64, i64) = (row.get(0)?, row.get(2)?);
                let same_boot = row.get_ref(1)?.as_str()? == &*self.boot;
                let by_day = self.wall.saturating_sub(row.get(3)?);
                let by_boot = self.uptime.saturating_sub(uptime);
                let passed = if same_boot { by_boot } else { by_day };
                Ok(Now {
                    at: then.saturating_add(passed.max(0)),
                    same_boot,
                    swept: row.get(4)?,
                    jumped: same_boot && by_day.abs_diff(by_boot) > JUMP,
                })
            })
            .optional()?;
        Ok(now.unwrap_or(Now {
            at: 0,
            same_boot: false,
            swept: 0,
            jumped: false,
        }))
    }

    /// Keeps the ledger's time, so that it goes on from here.
    pub(super) fn keep(&self, tx: &Connection, now: i64) -> Result<(), Trouble> {
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
