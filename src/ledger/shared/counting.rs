//! Counts requests, with the script `admit.lua`.

use std::sync::LazyLock;

use redis::Script;

use super::{
    RedisAccount, StoreResult, script,
    time::{duration, micros},
};
use crate::ledger::{
    Admission, FullLimit, Receipt, Request,
    request::{RecordedHit, RedisHit},
};

static ADMIT: LazyLock<Script> = LazyLock::new(|| script(include_str!("admit.lua")));
static READY: LazyLock<Script> = LazyLock::new(|| script(include_str!("ready.lua")));
static REDUCE: LazyLock<Script> = LazyLock::new(|| script(include_str!("reduce.lua")));

/// Whether the request was admitted; index, rest and wait of the full limit; the newcomers;
/// the hit of each series.
type AdmitReply = (bool, usize, u32, i64, Vec<String>, Vec<String>);

impl RedisAccount {
    pub(in crate::ledger) async fn admit(&self, request: &Request) -> StoreResult<Admission> {
        let (series, groups) = grouped(request);
        let (admitted, index, left, wait, newcomers, hits) =
            self.count(request, &series, &groups, true).await?;
        if !admitted {
            return Ok(Admission::Full(full(index, left, wait)));
        }
        let hit = |group: &usize| {
            let (at, number) = hits.get(*group)?.split_once(':')?;
            Some(RecordedHit::Redis(RedisHit {
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

    pub(in crate::ledger) async fn probe(
        &self,
        request: &Request,
    ) -> StoreResult<Option<FullLimit>> {
        let (series, groups) = grouped(request);
        let (admitted, index, left, wait, ..) =
            self.count(request, &series, &groups, false).await?;
        Ok((!admitted).then(|| full(index, left, wait)))
    }

    pub(in crate::ledger) async fn reduce(&self, hit: &RedisHit, amount: u32) -> StoreResult<()> {
        let series = [self.series(&hit.series)];
        self.invoke(&REDUCE, &series, |call| {
            call.arg(hit.at).arg(hit.number).arg(amount);
        })
        .await
    }

    /// Fails where a request could not be counted: makes a change that is refused alike.
    pub(in crate::ledger) async fn check_writable(&self) -> StoreResult<()> {
        let key = [self.key("ready")];
        self.invoke(&READY, &key, |_| {}).await
    }

    async fn count(
        &self,
        request: &Request,
        series: &[String],
        groups: &[usize],
        keep: bool,
    ) -> StoreResult<AdmitReply> {
        let keys = ["people", "seeded", "index", "windows"].map(|name| self.key(name));
        let series_keys = series.iter().map(|name| self.series(name));
        let keys: Vec<String> = keys.into_iter().chain(series_keys).collect();
        self.invoke(&ADMIT, &keys, |call| {
            call.arg(u8::from(keep));
            call.arg(request.people.len()).arg(&request.people);
            call.arg(groups.len());
            let counts = request.counts.iter().map(|count| (count, false));
            let each = request.newcomers.iter().map(|count| (count, true));
            for ((count, each), group) in counts.chain(each).zip(groups) {
                call.arg(group + 1)
                    .arg(count.amount)
                    .arg(count.max)
                    .arg(micros(count.window))
                    .arg(micros(count.longest_window))
                    .arg(u8::from(each));
            }
            call.arg(series);
        })
        .await
    }

    pub(super) fn series(&self, name: &str) -> String {
        self.key(&format!("count:{name}"))
    }
}

/// The distinct series of a request, and the index of the series of each count.
fn grouped(request: &Request) -> (Vec<String>, Vec<usize>) {
    let mut series: Vec<String> = Vec::new();
    let counts = request.counts.iter().chain(&request.newcomers);
    let groups = counts.map(|count| {
        let name = name(&count.counter, &count.key);
        let known = series.iter().position(|known| *known == name);
        known.unwrap_or_else(|| {
            series.push(name);
            series.len() - 1
        })
    });
    let groups = groups.collect();
    (series, groups)
}

/// The name of a series; [`parts`] splits it again.
fn name(counter: &str, key: &str) -> String {
    format!("{}:{counter}:{key}", counter.len())
}

/// The counter and the key of a series.
pub(super) fn parts(name: &str) -> Option<(&str, &str)> {
    let (length, rest) = name.split_once(':')?;
    let (counter, key) = rest.split_at_checked(length.parse().ok()?)?;
    Some((counter, key.strip_prefix(':')?))
}

fn full(index: usize, left: u32, wait: i64) -> FullLimit {
    FullLimit {
        index,
        left,
        wait: (wait >= 0).then(|| duration(wait)),
    }
}
