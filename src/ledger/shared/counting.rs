//! Counts requests, with the script `admit.lua`.

use std::sync::LazyLock;

use redis::Script;

use super::{
    RedisAccount, StoreResult,
    claims::{claim_state, in_flight},
    script,
    time::{duration, micros},
};
use crate::ledger::{
    Admission, FullLimit, HeldClaim, Receipt, Rejection, Request,
    request::{RecordedHit, RedisHit},
};

static ADMIT: LazyLock<Script> = LazyLock::new(|| script(include_str!("admit.lua")));
static READY: LazyLock<Script> = LazyLock::new(|| script(include_str!("ready.lua")));
static REDUCE: LazyLock<Script> = LazyLock::new(|| script(include_str!("reduce.lua")));

/// What `admit.lua` answers first.
const FULL: u8 = 0;
const COUNTED: u8 = 1;
const CLAIMED: u8 = 2;

/// [`FULL`] with index, rest and wait of the limit; [`COUNTED`] with the wait for the turn;
/// [`CLAIMED`] with the claim's life in the place of the wait, and its value in that of the
/// newcomers; or too soon, with the wait. Then the newcomers, the hit of each series, and the
/// claim's value.
type AdmitReply = (u8, usize, u32, i64, Vec<String>, Vec<String>, String);

impl RedisAccount {
    pub(in crate::ledger) async fn admit(&self, request: &Request) -> StoreResult<Admission> {
        let (series, groups) = grouped(request);
        let reply = self.count(request, &series, &groups, true).await?;
        if let Some(rejection) = rejection(request, &reply) {
            return Ok(Admission::Refused(rejection));
        }
        let (_, _, _, wait, newcomers, hits, token) = reply;
        self.mark.see(token.parse().ok());
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
            claim: request
                .claim
                .clone()
                .map(|claim| HeldClaim { claim, token }),
            wait: duration(wait),
        }))
    }

    pub(in crate::ledger) async fn probe(
        &self,
        request: &Request,
    ) -> StoreResult<Option<Rejection>> {
        let (series, groups) = grouped(request);
        let reply = self.count(request, &series, &groups, false).await?;
        Ok(rejection(request, &reply))
    }

    pub(in crate::ledger) async fn reduce(&self, hit: &RedisHit, amount: u32) -> StoreResult<()> {
        let series = [self.series(&hit.series)];
        self.invoke(&REDUCE, &series, |call| {
            call.arg(hit.at).arg(hit.number).arg(amount);
            call.arg(&hit.series);
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
        let keys = ["people", "seeded", "windows"].map(|name| self.key(name));
        let claim = request.claim.as_ref();
        let claim_key = self.claim(claim.map_or("", |claim| &claim.name));
        let series_keys = series.iter().map(|name| self.series(name));
        let keys = keys.into_iter().chain([claim_key, self.key("turn")]);
        let keys = keys.chain(series_keys);
        let keys: Vec<String> = keys.collect();
        self.invoke(&ADMIT, &keys, |call| {
            call.arg(u8::from(keep));
            call.arg(claim.map_or(0, in_flight));
            let turn = request.turn.as_ref();
            call.arg(turn.map_or(-1, |turn| micros(turn.delay)));
            call.arg(turn.map_or(0, |turn| micros(turn.max_wait)));
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

/// What stands in the way of a request, by the script's reply.
fn rejection(request: &Request, reply: &AdmitReply) -> Option<Rejection> {
    let (kind, index, left, wait, held, ..) = reply;
    match *kind {
        COUNTED => None,
        FULL => Some(Rejection::Full(FullLimit {
            index: *index,
            left: *left,
            wait: (*wait >= 0).then(|| duration(*wait)),
        })),
        CLAIMED => {
            let memory = request.claim.as_ref().map(|claim| claim.memory);
            let held = held.first().map_or("", String::as_str);
            Some(Rejection::Claimed(claim_state(
                held,
                *wait,
                memory.unwrap_or_default(),
            )))
        }
        _ => Some(Rejection::TooSoon(duration(*wait))),
    }
}
