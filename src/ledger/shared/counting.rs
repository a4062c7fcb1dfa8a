//! Counting: what a script is told, and what it answers.

use std::sync::LazyLock;

use redis::Script;

use super::{
    Account, Trouble, script,
    time::{duration, micros},
};
use crate::ledger::{
    Admission, Full, Receipt, Request,
    request::{Entry, Written},
};

static ADMIT: LazyLock<Script> = LazyLock::new(|| script(include_str!("admit.lua")));
static REDUCE: LazyLock<Script> = LazyLock::new(|| script(include_str!("reduce.lua")));

/// Whether it passed; which count is full, what is left there and for how long; who
/// was new; a line for each series.
type Answer = (bool, usize, u32, i64, Vec<String>, Vec<String>);

impl Account {
    pub(in crate::ledger) fn admit(&self, request: &Request<'_>) -> Result<Admission, Trouble> {
        let (series, groups) = grouped(request);
        let (passed, index, left, wait, newcomers, lines) =
            self.count(request, &series, &groups, true)?;
        if !passed {
            return Ok(Admission::Full(full(index, left, wait)));
        }
        let hit = |group: &usize| {
            let (at, number) = lines.get(*group)?.split_once(':')?;
            Some(Written::Shared(Entry {
                series: series.get(*group)?.clone(),
                at: at.parse().ok()?,
                number: number.parse().ok()?,
            }))
        };
        Ok(Admission::Counted(Receipt {
            hits: groups.iter().map(hit).collect(),
            newcomers,
        }))
    }

    pub(in crate::ledger) fn probe(&self, request: &Request<'_>) -> Result<Option<Full>, Trouble> {
        let (series, groups) = grouped(request);
        let (passed, index, left, wait, ..) = self.count(request, &series, &groups, false)?;
        Ok((!passed).then(|| full(index, left, wait)))
    }

    pub(in crate::ledger) fn reduce(&self, entry: &Entry, amount: u32) -> Result<(), Trouble> {
        let mut call = REDUCE.key(self.series(&entry.series));
        call.arg(entry.at).arg(entry.number).arg(amount);
        self.ask(|to| call.invoke(to))
    }

    fn count(
        &self,
        request: &Request<'_>,
        series: &[String],
        groups: &[usize],
        keep: bool,
    ) -> Result<Answer, Trouble> {
        let mut call = ADMIT.prepare_invoke();
        for key in ["clock", "people", "seeded", "index"] {
            call.key(self.key(key));
        }
        for name in series {
            call.key(self.series(name));
        }
        call.arg(self.given()).arg(u8::from(keep));
        call.arg(request.people.len()).arg(request.people);
        call.arg(groups.len());
        let counts = request.counts.iter().map(|count| (count, false));
        let each = request.newcomers.iter().map(|count| (count, true));
        for ((count, each), group) in counts.chain(each).zip(groups) {
            call.arg(group + 1)
                .arg(count.amount)
                .arg(count.max)
                .arg(micros(count.window))
                .arg(u8::from(each));
        }
        call.arg(series);
        self.ask(|to| call.invoke(to))
    }

    pub(super) fn series(&self, name: &str) -> String {
        self.key(&format!("count:{name}"))
    }
}

/// The series of a request, each once, and which of them each count belongs to.
fn grouped(request: &Request<'_>) -> (Vec<String>, Vec<usize>) {
    let mut series: Vec<String> = Vec::new();
    let counts = request.counts.iter().chain(request.newcomers);
    let groups = counts.map(|count| {
        let name = name(count.counter, count.key);
        let known = series.iter().position(|known| *known == name);
        known.unwrap_or_else(|| {
            series.push(name);
            series.len() - 1
        })
    });
    let groups = groups.collect();
    (series, groups)
}

/// One name for a counter and a key, which can be taken apart again.
fn name(counter: &str, key: &str) -> String {
    format!("{}:{counter}:{key}", counter.len())
}

/// The counter and the key of a name.
pub(super) fn parts(name: &str) -> Option<(&str, &str)> {
    let (length, rest) = name.split_once(':')?;
    let (counter, key) = rest.split_at_checked(length.parse().ok()?)?;
    Some((counter, key.strip_prefix(':')?))
}

fn full(index: usize, left: u32, wait: i64) -> Full {
    Full {
        index,
        left,
        wait: (wait >= 0).then(|| duration(wait)),
    }
}
