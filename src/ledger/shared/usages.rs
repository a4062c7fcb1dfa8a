//! Usage reports: what was counted within windows. Each line holds the running total, so
//! that a report reads two lines of a series for a window, however many there are.

use std::{sync::LazyLock, time::Duration};

use redis::Script;

use super::{
    RedisAccount, StoreResult,
    counting::parts,
    script,
    time::{Read, duration, micros},
};
use crate::ledger::{CounterUsage, Window, WindowUsage, counter_usage::windows_of};

static RESET: LazyLock<Script> = LazyLock::new(|| script(include_str!("reset.lua")));

/// A member of a series with its score, if there is one.
type SeriesLine = Vec<(String, i64)>;

impl RedisAccount {
    /// All usages in these windows, ordered by counter and key.
    pub(in crate::ledger) async fn usages(
        &self,
        windows: &[Window],
    ) -> StoreResult<Vec<CounterUsage>> {
        let mut commands = self.commands();
        commands.cmd("TIME");
        commands.cmd("GET").arg(self.key("clock"));
        commands.cmd("ZRANGE").arg(self.key("index")).arg(0).arg(-1);
        type Found = ((i64, i64), Option<String>, Vec<String>);
        let ((time, stored, mut names), _) = self.exchange::<Found, ()>(&commands, 3).await?;
        let read: Read = (time, stored);
        let now = self.now(&read);
        names.sort_by(|a, b| parts(a).cmp(&parts(b)));
        let mut commands = self.commands();
        let mut asked: Vec<(&str, &str, Vec<Duration>)> = Vec::new();
        for name in &names {
            let Some((counter, key)) = parts(name) else {
                continue;
            };
            let series = self.series(name);
            let last = commands.cmd("ZREVRANGE").arg(&series);
            last.arg(0).arg(0).arg("WITHSCORES");
            let lengths = windows_of(counter, windows);
            for window in &lengths {
                let first = commands.cmd("ZRANGEBYSCORE").arg(&series);
                let from = format!("({}", now.saturating_sub(micros(*window)));
                first.arg(from).arg("+inf").arg("WITHSCORES");
                first.arg("LIMIT").arg(0).arg(1);
            }
            asked.push((counter, key, lengths));
        }
        let ((), lines) = self.exchange::<(), Vec<SeriesLine>>(&commands, 0).await?;
        let mut lines = lines.iter();
        let mut usages = Vec::new();
        for (counter, key, lengths) in asked {
            let last = lines.next();
            let mut found = Vec::new();
            for window in lengths {
                found.extend(usage(window, lines.next(), last, now));
            }
            if !found.is_empty() {
                usages.push(CounterUsage {
                    counter: counter.to_owned(),
                    key: key.to_owned(),
                    windows: found,
                });
            }
        }
        Ok(usages)
    }

    /// Sets a counter to zero; returns the number of its keys.
    pub(in crate::ledger) async fn reset(&self, counter: &str) -> StoreResult<usize> {
        let mut commands = self.commands();
        let index = self.key("index");
        commands.cmd("ZRANGE").arg(&index).arg(0).arg(-1);
        let ((mut names,), _) = self.exchange::<(Vec<String>,), ()>(&commands, 1).await?;
        names.retain(|name| parts(name).is_some_and(|(other, _)| other == counter));
        let series = names.iter().map(|name| self.series(name));
        let keys: Vec<String> = [self.key("windows")].into_iter().chain(series).collect();
        self.invoke(&RESET, &keys, |call| {
            call.arg(&names);
        })
        .await
    }
}

/// What a series holds in a window, given its first line within the window and its last one;
/// `None` if that is nothing.
fn usage(
    window: Duration,
    first: Option<&SeriesLine>,
    last: Option<&SeriesLine>,
    now: i64,
) -> Option<WindowUsage> {
    let ((first, first_at), (last, last_at)) = (first?.first()?, last?.first()?);
    let ((amount, total), (_, all)) = (amounts(first)?, amounts(last)?);
    let used = all.checked_sub(total.checked_sub(amount)?)?;
    let back = |at: i64| duration(at.saturating_add(micros(window)).saturating_sub(now));
    (used > 0).then(|| WindowUsage {
        window,
        used,
        first_back: back(*first_at),
        all_back: back(*last_at),
    })
}

/// The amount of a line, and the total up to it.
fn amounts(line: &str) -> Option<(u64, u64)> {
    let mut parts = line.split(':').skip(1);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
