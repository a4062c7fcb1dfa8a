//! Counting in exact sliding windows, all or nothing.

use rusqlite::params;

use super::{
    Admission, Count, DAY, Full, Receipt, Request, Trouble, lease, lines,
    recipients::{self, strangers},
    request::{Line, Written},
    series::Series,
    store::{End, Work},
    time::duration,
};

/// Counts that name the same counter and key.
struct Group<'a> {
    first: Count<'a>,
    /// The greatest amount that is asked of it.
    amount: u32,
    series: Option<Series>,
}

impl Request<'_> {
    /// Windows that are kept for long enough, and are no moments.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        let mut all = self.counts.iter().chain(self.newcomers);
        match all.all(|count| !count.window.is_zero() && count.window <= DAY) {
            true => Ok(()),
            false => Err(Trouble::Window),
        }
    }
}

/// What would stand against the request.
pub(super) fn probe(work: &Work<'_>, request: &Request<'_>) -> Result<Option<Full>, Trouble> {
    let news = strangers(work, request.people)?;
    let counts = wanted(request, news.len());
    let groups = grouped(work, &counts)?;
    fullest(work, &counts, &groups)
}

/// Counts the request, unless something stands against it.
pub(super) fn admit(work: &Work<'_>, request: &Request<'_>) -> Result<End<Admission>, Trouble> {
    let newcomers = strangers(work, request.people)?;
    let counts = wanted(request, newcomers.len());
    let groups = grouped(work, &counts)?;
    if let Some(full) = fullest(work, &counts, &groups)? {
        return Ok(End::Undo(Admission::Full(full)));
    }
    let covered = |group: &Group<'_>| {
        let series = group.series.unwrap_or_default();
        group.amount == 0 || series.total + i64::from(group.amount) <= series.covered
    };
    if !work.lasting && !groups.iter().all(covered) {
        return Ok(End::Lastingly);
    }
    let mut written = Vec::with_capacity(groups.len());
    for group in &groups {
        written.push(write(work, &counts, group)?);
    }
    recipients::remember(work, &newcomers)?;
    lines::sweep(work)?;
    let line = |count: &Count<'_>| {
        let group = groups.iter().position(|group| group.holds(count))?;
        written.get(group).copied().flatten().map(Written::Here)
    };
    Ok(End::Keep(Admission::Counted(Receipt {
        hits: counts.iter().map(line).collect(),
        newcomers,
    })))
}

impl Group<'_> {
    fn holds(&self, count: &Count<'_>) -> bool {
        (self.first.counter, self.first.key) == (count.counter, count.key)
    }
}

/// All counts of a request, those of newcomers by how many there are.
fn wanted<'a>(request: &Request<'a>, newcomers: usize) -> Vec<Count<'a>> {
    let newcomers = u32::try_from(newcomers).unwrap_or(u32::MAX);
    let each = request.newcomers.iter().map(|count| Count {
        amount: count.amount.saturating_mul(newcomers),
        ..*count
    });
    request.counts.iter().copied().chain(each).collect()
}

fn grouped<'a>(work: &Work<'_>, counts: &[Count<'a>]) -> Result<Vec<Group<'a>>, Trouble> {
    let mut groups: Vec<Group<'a>> = Vec::with_capacity(counts.len());
    for count in counts {
        match groups.iter_mut().find(|group| group.holds(count)) {
            Some(group) => group.amount = group.amount.max(count.amount),
            None => groups.push(Group {
                first: *count,
                amount: count.amount,
                series: None,
            }),
        }
    }
    // What takes nothing passes anyway.
    for group in groups.iter_mut().filter(|group| group.amount > 0) {
        group.series = Series::find(work, group.first.counter, group.first.key)?;
    }
    Ok(groups)
}

/// The count that is full for the longest time.
fn fullest(
    work: &Work<'_>,
    counts: &[Count<'_>],
    groups: &[Group<'_>],
) -> Result<Option<Full>, Trouble> {
    let mut worst: Option<Full> = None;
    for (index, count) in counts.iter().enumerate() {
        let Some(group) = groups.iter().find(|group| group.holds(count)) else {
            continue;
        };
        let Some(full) = full(work, index, count, group)? else {
            continue;
        };
        let timeouts = |full: &Full| (full.wait.is_none(), full.wait);
        if worst
            .as_ref()
            .is_none_or(|worst| timeouts(&full) > timeouts(worst))
        {
            worst = Some(full);
        }
    }
    Ok(worst)
}

fn full(
    work: &Work<'_>,
    index: usize,
    count: &Count<'_>,
    group: &Group<'_>,
) -> Result<Option<Full>, Trouble> {
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
    Ok(Some(Full {
        index,
        left: u32::try_from(max - used).unwrap_or(0),
        wait: wait.map(duration),
    }))
}

/// Writes one line for all counts of a group, and a lease if the last one is used up.
fn write(
    work: &Work<'_>,
    counts: &[Count<'_>],
    group: &Group<'_>,
) -> Result<Option<Line>, Trouble> {
    if group.amount == 0 {
        return Ok(None);
    }
    let series = group.series.unwrap_or_default();
    let total = series.total + i64::from(group.amount);
    let mut id = series.id;
    if total > series.covered {
        let limits = counts.iter().filter(|count| group.holds(count));
        let room = lease::room(limits.map(|count| (count.window, count.max)));
        let covered = total + if work.leases { room } else { 0 };
        id = Series::cover(work, group.first.counter, group.first.key, covered)?;
    }
    let line = Line {
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
        .execute(params![line.series, line.at, line.n, group.amount, total])?;
    Ok(Some(line))
}
