//! Usage reports: what was counted within the last day.

use super::{
    RedisAccount, StoreResult,
    counting::parts,
    time::{Read, duration, micros},
};
use crate::ledger::{CounterUsage, DAY, Hit};

impl RedisAccount {
    /// All usages, ordered by counter and key.
    pub(in crate::ledger) fn usages(&self) -> StoreResult<Vec<CounterUsage>> {
        let names = self.names()?;
        let mut commands = redis::pipe();
        commands.cmd("TIME");
        commands.cmd("GET").arg(self.key("clock"));
        for name in &names {
            commands.cmd("ZRANGE").arg(self.series(name));
            commands.arg(0).arg(-1).arg("WITHSCORES");
        }
        type Members = Vec<(String, i64)>;
        let (read, series): (Read, Vec<Members>) = self.run_all(&commands, 2)?;
        let now = self.now(read);
        let mut usages: Vec<CounterUsage> = names
            .iter()
            .zip(&series)
            .filter_map(|(name, members)| {
                let (counter, key) = parts(name)?;
                let hits: Vec<Hit> = members
                    .iter()
                    .filter_map(|member| hit(member, now))
                    .collect();
                (!hits.is_empty()).then(|| CounterUsage {
                    counter: counter.to_owned(),
                    key: key.to_owned(),
                    hits,
                })
            })
            .collect();
        usages.sort_by(|a, b| (&a.counter, &a.key).cmp(&(&b.counter, &b.key)));
        Ok(usages)
    }

    /// Sets a counter to zero; returns the number of its keys.
    pub(in crate::ledger) fn reset(&self, counter: &str) -> StoreResult<usize> {
        let mut names = self.names()?;
        names.retain(|name| parts(name).is_some_and(|(other, _)| other == counter));
        if names.is_empty() {
            return Ok(0);
        }
        let keys: Vec<_> = names.iter().map(|name| self.series(name)).collect();
        let mut commands = redis::pipe();
        commands.cmd("MULTI");
        commands.cmd("DEL").arg(&keys);
        commands.cmd("ZREM").arg(self.key("index")).arg(&names);
        commands.cmd("EXEC");
        let (_, deleted): (Vec<String>, Vec<(usize, usize)>) = self.run_all(&commands, 3)?;
        Ok(deleted.first().map_or(0, |(keys, _)| *keys))
    }

    fn names(&self) -> StoreResult<Vec<String>> {
        let index = self.key("index");
        self.run(|to| redis::cmd("ZRANGE").arg(&index).arg(0).arg(-1).query(to))
    }
}

/// Parses a member of a series; `None` if it is older than a day.
fn hit((member, at): &(String, i64), now: i64) -> Option<Hit> {
    let amount = member.split(':').nth(1)?.parse().ok()?;
    let ago = now.saturating_sub(*at);
    (amount > 0 && ago < micros(DAY)).then(|| Hit {
        ago: duration(ago),
        amount,
    })
}
