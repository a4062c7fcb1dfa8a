//! The pause of the account, which survives restarts.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::{
    StoreResult,
    store::{TransactionEnd, Work},
    time::{duration, nanos},
};

/// A pause of the account: nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Why the account was paused.
    pub why: String,
    /// The time until it ends.
    pub remaining: Duration,
}

/// Starts a pause or extends it; never shortens it.
pub(super) fn begin(work: &Work<'_>, time: Duration, why: &str) -> StoreResult<TransactionEnd<()>> {
    if !work.durable {
        return Ok(TransactionEnd::RetryDurably);
    }
    work.tx.execute(
        "INSERT INTO pause (one, until, why) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET until = ?1, why = ?2 WHERE until < ?1",
        params![work.now.saturating_add(nanos(time)), why],
    )?;
    Ok(TransactionEnd::Commit(()))
}

pub(super) fn current(work: &Work<'_>) -> StoreResult<Option<Pause>> {
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

pub(super) fn end(work: &Work<'_>) -> StoreResult<TransactionEnd<()>> {
    work.tx.execute("DELETE FROM pause", [])?;
    Ok(TransactionEnd::Commit(()))
}
