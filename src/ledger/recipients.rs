//! Who has been written to before.

use super::{
    Trouble,
    store::{End, Work},
};

/// How many people are taken over from what was before the ledger.
pub(super) const SEEDS: usize = 100_000;

pub(super) fn is_known(work: &Work<'_>, person: &str) -> Result<bool, Trouble> {
    Ok(work
        .tx
        .prepare_cached("SELECT 1 FROM person WHERE name = ?1")?
        .exists([person])?)
}

/// Those who were never written to, each once.
pub(super) fn strangers(work: &Work<'_>, people: &[&str]) -> Result<Vec<String>, Trouble> {
    let mut strangers: Vec<String> = Vec::new();
    for person in people {
        if !strangers.iter().any(|known| known == person) && !is_known(work, person)? {
            strangers.push((*person).to_owned());
        }
    }
    Ok(strangers)
}

pub(super) fn remember(work: &Work<'_>, people: &[String]) -> Result<(), Trouble> {
    let mut insert = work
        .tx
        .prepare_cached("INSERT INTO person (name) VALUES (?1) ON CONFLICT DO NOTHING")?;
    for person in people {
        insert.execute([person])?;
    }
    Ok(())
}

pub(super) fn forget(work: &Work<'_>, people: &[String]) -> Result<(), Trouble> {
    let mut delete = work
        .tx
        .prepare_cached("DELETE FROM person WHERE name = ?1")?;
    for person in people {
        delete.execute([person])?;
    }
    Ok(())
}

pub(super) fn seeded(work: &Work<'_>) -> Result<bool, Trouble> {
    let query = "SELECT seeded FROM time";
    Ok(work.tx.query_row(query, [], |row| row.get(0))?)
}

pub(super) fn seed(work: &Work<'_>, people: &[String]) -> Result<End<bool>, Trouble> {
    if seeded(work)? {
        return Ok(End::Undo(false));
    }
    remember(work, people)?;
    work.tx.execute("UPDATE time SET seeded = 1", [])?;
    Ok(End::Keep(true))
}
