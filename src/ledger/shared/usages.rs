//! What was counted within the last day, for people to look at.

use super::{
    Account, Trouble,
    counting::parts,
    time::{Read, duration, micros},
};
use crate::ledger::{CounterUsage, DAY, Hit};

impl Account {
    /// All of them, by counter and key.
    pub(in crate::ledger) fn usages(&self) -> Result<Vec<CounterUsage>, Trouble> {
        let names = self.names()?;
        let mut asked = redis::pipe();
        asked.cmd("TIME");
        asked.cmd("GET").arg(self.key("clock"));
        for name in &names {
            asked.cmd("ZRANGE").arg(self.series(name));
            asked.arg(0).arg(-1).arg("WITHSCORES");
        }
        type Lines = Vec<(String, i64)>;
        let (read, lines): (Read, Vec<Lines>) = self.ask_all(&asked, 2)?;
        let now = self.now(read);
        let mut usages: Vec<CounterUsage> = names
            .iter()
            .zip(&lines)
            .filter_map(|(name, lines)| {
                let (counter, key) = parts(name)?;
                let hits: Vec<Hit> = lines.iter().filter_map(|line| hit(line, now)).collect();
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

    /// Forgets what a counter holds; says of how many keys.
    pub(in crate::ledger) fn reset(&self, counter: &str) -> Result<usize, Trouble> {
        let mut names = self.names()?;
        names.retain(|name| parts(name).is_some_and(|(other, _)| other == counter));
        if names.is_empty() {
            return Ok(0);
        }
        let keys: Vec<_> = names.iter().map(|name| self.series(name)).collect();
        let mut asked = redis::pipe();
        asked.cmd("MULTI");
        asked.cmd("DEL").arg(&keys);
        asked.cmd("ZREM").arg(self.key("index")).arg(&names);
        asked.cmd("EXEC");
        let (_, done): (Vec<String>, Vec<(usize, usize)>) = self.ask_all(&asked, 3)?;
        Ok(done.first().map_or(0, |(gone, _)| *gone))
    }

    fn names(&self) -> Result<Vec<String>, Trouble> {
        let index = self.key("index");
        self.ask(|to| redis::cmd("ZRANGE").arg(&index).arg(0).arg(-1).query(to))
    }
}

/// What a line says, if it is not older than a day.
fn hit((line, at): &(String, i64), now: i64) -> Option<Hit> {
    let amount = line.split(':').nth(1)?.parse().ok()?;
    let ago = now.saturating_sub(*at);
    (amount > 0 && ago < micros(DAY)).then(|| Hit {
        ago: duration(ago),
        amount,
    })
}
