//! A transaction whose own statements are prepared once.

use std::ops::Deref;

use rusqlite::Connection;

use super::Trouble;

/// Rolled back when it is dropped before its [`commit`](Self::commit).
#[derive(Debug)]
pub(super) struct Transaction<'a>(&'a Connection);

impl<'a> Transaction<'a> {
    /// One that reads; takes no lock that another process waits for.
    pub(super) fn reading(conn: &'a mut Connection) -> Result<Self, Trouble> {
        Self::begin(conn, "BEGIN")
    }

    /// One that may write; no other process can until it is over.
    pub(super) fn writing(conn: &'a mut Connection) -> Result<Self, Trouble> {
        Self::begin(conn, "BEGIN IMMEDIATE")
    }

    fn begin(conn: &'a mut Connection, how: &str) -> Result<Self, Trouble> {
        conn.prepare_cached(how)?.execute([])?;
        Ok(Self(conn))
    }

    pub(super) fn commit(self) -> Result<(), Trouble> {
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
