//! A pause of the account, which outlasts restarts.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::{
    Trouble,
    store::{End, Work},
    time::{duration, nanos},
};

/// Why nothing is sent, and for how much longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Why it was begun.
    pub why: String,
    /// How much of it is left.
    pub remaining: Duration,
}

/// Begins a pause, or makes one longer; never shorter.
pub(super) fn begin(work: &Work<'_>, time: Duration, why: &str) -> Result<End<()>, Trouble> {
    if !work.lasting {
        return Ok(End::Lastingly);
    }
    work.tx.execute(
        "INSERT INTO pause (one, until, why) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET until = ?1, why = ?2 WHERE until < ?1",
        params![work.now.saturating_add(nanos(time)), why],
    )?;
    Ok(End::Keep(()))
}

pub(super) fn current(work: &Work<'_>) -> Result<Option<Pause>, Trouble> {
    let pause = work
        .tx
        .prepare_cached("SELECT why, until FROM pause WHERE until > ?1")?
        .query_row([work.now], |row| {
            Ok(Pause {
                why: row.get(0)?,
                remaining: duration(row.get::<_, i64>(1)?.saturating_sub(work.now)),
            })
        })
        .optional()?;
    Ok(pause)
}

pub(super) fn end(work: &Work<'_>) -> Result<End<()>, Trouble> {
    work.tx.execute("DELETE FROM pause", [])?;
    Ok(End::Keep(()))
}
