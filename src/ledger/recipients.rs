//! The people who have received a message before.

use super::{
    StoreResult,
    store::{TransactionEnd, Work},
};

/// How many earlier recipients [`seed`] accepts.
pub(super) const MAX_SEEDS: usize = 100_000;

pub(super) fn is_known(work: &Work<'_>, person: &str) -> StoreResult<bool> {
    Ok(work
        .tx
        .prepare_cached("SELECT 1 FROM person WHERE name = ?1")?
        .exists([person])?)
}

/// The first-time recipients among `people`, without duplicates.
pub(super) fn first_time(work: &Work<'_>, people: &[String]) -> StoreResult<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    for person in people {
        if !found.contains(person) && !is_known(work, person)? {
            found.push(person.clone());
        }
    }
    Ok(found)
}

pub(super) fn remember(work: &Work<'_>, people: &[String]) -> StoreResult<()> {
    let mut insert = work
        .tx
        .prepare_cached("INSERT INTO person (name) VALUES (?1) ON CONFLICT DO NOTHING")?;
    for person in people {
        insert.execute([person])?;
    }
    Ok(())
}

pub(super) fn forget(work: &Work<'_>, people: &[String]) -> StoreResult<()> {
    let mut delete = work
        .tx
        .prepare_cached("DELETE FROM person WHERE name = ?1")?;
    for person in people {
        delete.execute([person])?;
    }
    Ok(())
}

pub(super) fn seeded(work: &Work<'_>) -> StoreResult<bool> {
    let query = "SELECT seeded FROM time";
    Ok(work.tx.query_row(query, [], |row| row.get(0))?)
}

pub(super) fn seed(work: &Work<'_>, people: &[String]) -> StoreResult<TransactionEnd<bool>> {
    let first = !seeded(work)?;
    remember(work, people)?;
    if first {
        work.tx.execute("UPDATE time SET seeded = 1", [])?;
    }
    Ok(TransactionEnd::Commit(first))
}
