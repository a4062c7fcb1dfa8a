//! A transaction with cached BEGIN, COMMIT and ROLLBACK statements.

use std::ops::Deref;

use rusqlite::Connection;

use super::StoreResult;

/// Dropping it without [`commit`](Self::commit) rolls it back.
#[derive(Debug)]
pub(super) struct Transaction<'a>(&'a Connection);

impl<'a> Transaction<'a> {
    /// A read transaction, which blocks no other process.
    pub(super) fn reading(conn: &'a mut Connection) -> StoreResult<Self> {
        Self::begin(conn, "BEGIN")
    }

    /// A write transaction; no other process can write until it ends.
    pub(super) fn writing(conn: &'a mut Connection) -> StoreResult<Self> {
        Self::begin(conn, "BEGIN IMMEDIATE")
    }

    fn begin(conn: &'a mut Connection, how: &str) -> StoreResult<Self> {
        conn.prepare_cached(how)?.execute([])?;
        Ok(Self(conn))
    }

    pub(super) fn commit(self) -> StoreResult<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            let rollback = self.0.prepare_cached("ROLLBACK");
            let _ = rollback.and_then(|mut rollback| rollback.execute([]));
        }
    }
}
