//! Counts requests in exact sliding windows, all or nothing.

use std::time::Duration;

use rusqlite::params;

use super::{
    Admission, Count, DAY, FullLimit, LedgerErrorKind, Receipt, Rejection, Request, StoreResult,
    hits, lease,
    recipients::{self, first_time},
    request::{LocalHit, RecordedHit},
    series::Series,
    store::{TransactionEnd, Work},
    time::duration,
};

/// A count with the amount that the call adds: once, or for each first-time recipient.
#[derive(Clone, Copy)]
struct Amount<'a> {
    count: &'a Count,
    amount: u32,
}

/// The counts of a request with the same counter and key.
struct SeriesCounts<'a> {
    first: &'a Count,
    /// The greatest amount among them.
    amount: u32,
    series: Option<Series>,
}

impl Request {
    /// Fails for windows that are empty or longer than hits are kept.
    pub(super) fn check(&self) -> StoreResult<()> {
        let mut all = self.counts.iter().chain(&self.newcomers);
        let valid = all.all(|count| {
            !count.window.is_zero() && count.window <= DAY && count.longest_window <= DAY
        });
        valid.then_some(()).ok_or(LedgerErrorKind::Window)
    }
}

/// What would stand in the way of the request.
pub(super) fn probe(work: &Work<'_>, request: &Request) -> StoreResult<Option<Rejection>> {
    let newcomers = first_time(work, &request.people)?;
    let counts = all_counts(request, newcomers.len());
    let groups = grouped(work, &counts)?;
    Ok(fullest(work, &counts, &groups)?.map(Rejection::Full))
}

/// Counts the request, unless a limit refuses it.
pub(super) fn admit(work: &Work<'_>, request: &Request) -> StoreResult<TransactionEnd<Admission>> {
    let newcomers = first_time(work, &request.people)?;
    let counts = all_counts(request, newcomers.len());
    let groups = grouped(work, &counts)?;
    if let Some(full) = fullest(work, &counts, &groups)? {
        return Ok(TransactionEnd::RollBack(Admission::Refused(
            Rejection::Full(full),
        )));
    }
    let covered = |group: &SeriesCounts<'_>| {
        let series = group.series.unwrap_or_default();
        group.amount == 0 || series.total + i64::from(group.amount) <= series.covered
    };
    if !work.durable && !groups.iter().all(covered) {
        return Ok(TransactionEnd::RetryDurably);
    }
    let mut written = Vec::with_capacity(groups.len());
    for group in &groups {
        written.push(write(work, &counts, group)?);
    }
    recipients::remember(work, &newcomers)?;
    hits::sweep(work)?;
    let hit = |amount: &Amount<'_>| {
        let group = groups.iter().position(|group| group.holds(amount.count))?;
        written
            .get(group)
            .copied()
            .flatten()
            .map(RecordedHit::Local)
    };
    Ok(TransactionEnd::Commit(Admission::Counted(Receipt {
        hits: counts.iter().map(hit).collect(),
        newcomers,
        claim: None,
        wait: Duration::ZERO,
    })))
}

impl SeriesCounts<'_> {
    fn holds(&self, count: &Count) -> bool {
        (&self.first.counter, &self.first.key) == (&count.counter, &count.key)
    }
}

/// All counts of a request; those for newcomers are multiplied by their number.
fn all_counts(request: &Request, newcomers: usize) -> Vec<Amount<'_>> {
    let newcomers = u32::try_from(newcomers).unwrap_or(u32::MAX);
    let once = request.counts.iter().map(|count| Amount {
        count,
        amount: count.amount,
    });
    let each = request.newcomers.iter().map(|count| Amount {
        count,
        amount: count.amount.saturating_mul(newcomers),
    });
    once.chain(each).collect()
}

fn grouped<'a>(work: &Work<'_>, counts: &[Amount<'a>]) -> StoreResult<Vec<SeriesCounts<'a>>> {
    let mut groups: Vec<SeriesCounts<'a>> = Vec::with_capacity(counts.len());
    for &Amount { count, amount } in counts {
        match groups.iter_mut().find(|group| group.holds(count)) {
            Some(group) => group.amount = group.amount.max(amount),
            None => groups.push(SeriesCounts {
                first: count,
                amount,
                series: None,
            }),
        }
    }
    // An amount of zero always fits.
    for group in groups.iter_mut().filter(|group| group.amount > 0) {
        group.series = Series::find(work, &group.first.counter, &group.first.key)?;
    }
    Ok(groups)
}

/// The limit that refuses the request for the longest time.
fn fullest(
    work: &Work<'_>,
    counts: &[Amount<'_>],
    groups: &[SeriesCounts<'_>],
) -> StoreResult<Option<FullLimit>> {
    let mut worst: Option<FullLimit> = None;
    for (index, Amount { count, .. }) in counts.iter().enumerate() {
        let Some(group) = groups.iter().find(|group| group.holds(count)) else {
            continue;
        };
        let Some(full) = full(work, index, count, group)? else {
            continue;
        };
        let wait = |full: &FullLimit| (full.wait.is_none(), full.wait);
        if worst.as_ref().is_none_or(|worst| wait(&full) > wait(worst)) {
            worst = Some(full);
        }
    }
    Ok(worst)
}

fn full(
    work: &Work<'_>,
    index: usize,
    count: &Count,
    group: &SeriesCounts<'_>,
) -> StoreResult<Option<FullLimit>> {
    if group.amount == 0 {
        return Ok(None);
    }
    let (max, amount) = (i64::from(count.max), i64::from(group.amount));
    let used = match &group.series {
        Some(series) => series.used(work, count.window)?,
        None => 0,
    };
    let over = used + amount - max;
    if over <= 0 {
        return Ok(None);
    }
    let wait = match &group.series {
        _ if amount > max => None,
        Some(series) => series.comes_back(work, count.window, over)?,
        None => None,
    };
    Ok(Some(FullLimit {
        index,
        left: u32::try_from(max - used).unwrap_or(0),
        wait: wait.map(duration),
    }))
}

/// Records one hit for all counts of a group, and a lease if the last one is used up.
fn write(
    work: &Work<'_>,
    counts: &[Amount<'_>],
    group: &SeriesCounts<'_>,
) -> StoreResult<Option<LocalHit>> {
    if group.amount == 0 {
        return Ok(None);
    }
    let series = group.series.unwrap_or_default();
    let total = series.total + i64::from(group.amount);
    let mut id = series.id;
    if total > series.covered {
        let limits = counts.iter().map(|amount| amount.count);
        let limits = limits.filter(|count| group.holds(count));
        let lease = lease::size(limits.map(|count| (count.window, count.max)));
        let covered = total + if work.leases { lease } else { 0 };
        id = Series::cover(work, &group.first.counter, &group.first.key, covered)?;
    }
    let hit = LocalHit {
        series: id,
        at: work.now,
        n: if series.last == Some(work.now) {
            series.n + 1
        } else {
            0
        },
    };
    work.tx
        .prepare_cached(
            "INSERT INTO hit (series, at, n, amount, total) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![hit.series, hit.at, hit.n, group.amount, total])?;
    Ok(Some(hit))
}
