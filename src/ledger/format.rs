//! The format of the file, and whether the file is intact.

use rusqlite::Connection;

use super::{LedgerErrorKind, StoreResult};

/// The `application_id` ("wgld") and `user_version` of a ledger.
const APPLICATION: i64 = 0x7767_6c64;
const FORMAT: i64 = 1;
const SCHEMA: &str = include_str!("schema.sql");

/// Fails for databases of other programs and later formats, before anything is changed.
pub(super) fn check_owner(conn: &Connection) -> StoreResult<()> {
    let tables = number(conn, "SELECT count(*) FROM sqlite_schema")?;
    let application = number(conn, "PRAGMA application_id")?;
    match number(conn, "PRAGMA user_version")? {
        0 if tables == 0 && application == 0 => Ok(()),
        _ if application != APPLICATION => Err(LedgerErrorKind::Untrusted),
        FORMAT => Ok(()),
        other => Err(LedgerErrorKind::Newer(other)),
    }
}

/// Creates the tables in an empty file.
pub(super) fn create_schema(tx: &Connection) -> StoreResult<()> {
    if number(tx, "PRAGMA user_version")? == 0 {
        tx.execute_batch(SCHEMA)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", FORMAT)?;
    }
    Ok(())
}

/// Checks the whole file for damage.
pub(super) fn check_integrity(tx: &Connection) -> StoreResult<()> {
    let result: String = tx.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match result.as_str() {
        "ok" => Ok(()),
        _ => Err(LedgerErrorKind::Corrupt(result)),
    }
}

fn number(conn: &Connection, sql: &str) -> StoreResult<i64> {
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}
