//! Whether a file is a ledger, and a whole one.

use rusqlite::Connection;

use super::Trouble;

/// What the file says of itself: that it is a ledger, and of which format.
const APPLICATION: i64 = 0x7767_6c64;
const FORMAT: i64 = 1;
const SCHEMA: &str = include_str!("schema.sql");

/// Refuses what is not ours, before anything in it is changed.
pub(super) fn look(conn: &Connection) -> Result<(), Trouble> {
    let tables = number(conn, "SELECT count(*) FROM sqlite_schema")?;
    let application = number(conn, "PRAGMA application_id")?;
    match number(conn, "PRAGMA user_version")? {
        0 if tables == 0 && application == 0 => Ok(()),
        _ if application != APPLICATION => Err(Trouble::Untrusted),
        FORMAT => Ok(()),
        other => Err(Trouble::Newer(other)),
    }
}

/// Makes an empty file a ledger.
pub(super) fn make(tx: &Connection) -> Result<(), Trouble> {
    if number(tx, "PRAGMA user_version")? == 0 {
        tx.execute_batch(SCHEMA)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", FORMAT)?;
    }
    Ok(())
}

/// Reads the whole file for damage.
pub(super) fn check(tx: &Connection) -> Result<(), Trouble> {
    let sound: String = tx.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match sound.as_str() {
        "ok" => Ok(()),
        _ => Err(Trouble::Corrupt(sound)),
    }
}

fn number(conn: &Connection, sql: &str) -> Result<i64, Trouble> {
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}
