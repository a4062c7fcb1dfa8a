//! Recipients, the pause and used approvals, and the state for a call in one round trip.

use std::{sync::LazyLock, time::Duration};

use redis::{Script, Value};

use super::{
    RedisAccount, SWITCH, SWITCH_EPOCH, StoreResult, StoredSwitch, parsed, script, switch_reading,
    time::{Read, duration, micros},
};
use crate::ledger::{Glance, Pause};

static BURN: LazyLock<Script> = LazyLock::new(|| script(include_str!("burn.lua")));
static PEOPLE: LazyLock<Script> = LazyLock::new(|| script(include_str!("people.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| script(include_str!("read.lua")));
static PAUSE: LazyLock<Script> = LazyLock::new(|| script(include_str!("pause.lua")));

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(366 * 86_400);

impl RedisAccount {
    pub(in crate::ledger) async fn glance(
        &self,
        people: &[String],
        reader: Option<&str>,
    ) -> StoreResult<Glance> {
        // From here on a state that was emptied is noticed.
        self.mark().await?;
        self.look(people, reader).await
    }

    async fn look(&self, people: &[String], reader: Option<&str>) -> StoreResult<Glance> {
        let mut commands = self.commands();
        commands.cmd("TIME");
        commands.cmd("GET").arg(self.key("clock"));
        commands.cmd("MGET").arg(SWITCH).arg(SWITCH_EPOCH);
        commands.cmd("GET").arg(self.key("pause"));
        for person in people {
            commands
                .cmd("SISMEMBER")
                .arg(self.key("people"))
                .arg(person);
        }
        if let Some(reader) = reader {
            let key = read_by(reader);
            commands
                .cmd("ZRANGE")
                .arg(key)
                .arg(0)
                .arg(-1)
                .arg("WITHSCORES");
        }
        type State = ((i64, i64), Option<String>, StoredSwitch, Option<String>);
        let (state, mut rest): (State, Vec<Value>) = self.exchange(&commands, 4).await?;
        let read: Vec<(String, f64)> = match reader.and_then(|_| rest.pop()) {
            Some(read) => parsed(read)?,
            None => Vec::new(),
        };
        let (time, stored, switch, pause) = state;
        let reading = (time, stored);
        self.watch_clock(&reading);
        let wall = self.wall(&reading);
        Ok(Glance {
            switch: switch_reading(switch),
            pause: pause.and_then(|pause| self.running(&pause, &reading)),
            known: parsed(Value::Array(rest))?,
            read: read
                .into_iter()
                .map(|(chat, at)| (chat, duration(wall.saturating_sub(at as i64))))
                .collect(),
        })
    }

    /// Remembers the last `enough` chats that a caller reads in, for `time` from now on.
    pub(in crate::ledger) async fn record_reading(
        &self,
        reader: &str,
        chats: &[String],
        enough: usize,
        time: Duration,
    ) -> StoreResult<()> {
        let key = [read_by(reader)];
        self.invoke(&READ, &key, |call| {
            call.arg(enough).arg(micros(time) / 1000).arg(chats);
        })
        .await
    }

    pub(in crate::ledger) async fn is_known(&self, person: &str) -> StoreResult<bool> {
        let mut commands = self.commands();
        commands
            .cmd("SISMEMBER")
            .arg(self.key("people"))
            .arg(person);
        let ((known,), _) = self.exchange::<(bool,), ()>(&commands, 1).await?;
        Ok(known)
    }

    pub(in crate::ledger) async fn remember(&self, people: &[String]) -> StoreResult<()> {
        self.people(false, people).await.map(|_| ())
    }

    pub(in crate::ledger) async fn seeded(&self) -> StoreResult<bool> {
        let mut commands = self.commands();
        commands.cmd("EXISTS").arg(self.key("seeded"));
        let ((seeded,), _) = self.exchange::<(bool,), ()>(&commands, 1).await?;
        Ok(seeded)
    }

    pub(in crate::ledger) async fn seed(&self, people: &[String]) -> StoreResult<bool> {
        self.people(true, people).await
    }

    pub(in crate::ledger) async fn forget(&self, people: &[String]) -> StoreResult<()> {
        if people.is_empty() {
            return Ok(());
        }
        let mut commands = self.commands();
        commands.cmd("SREM").arg(self.key("people")).arg(people);
        self.exchange::<(i64,), ()>(&commands, 1).await.map(drop)
    }

    async fn people(&self, seed: bool, people: &[String]) -> StoreResult<bool> {
        let keys = ["people", "seeded"].map(|name| self.key(name));
        self.invoke(&PEOPLE, &keys, |call| {
            call.arg(u8::from(seed)).arg(people);
        })
        .await
    }

    pub(in crate::ledger) async fn pause(&self, time: Duration, why: &str) -> StoreResult<()> {
        let keys = [self.key("pause")];
        self.invoke(&PAUSE, &keys, |call| {
            call.arg(micros(time.min(MAX_PAUSE))).arg(why);
        })
        .await
    }

    pub(in crate::ledger) async fn paused(&self) -> StoreResult<Option<Pause>> {
        self.look(&[], None).await.map(|glance| glance.pause)
    }

    pub(in crate::ledger) async fn resume(&self) -> StoreResult<()> {
        let mut commands = self.commands();
        commands.cmd("DEL").arg(self.key("pause"));
        self.exchange::<(i64,), ()>(&commands, 1).await.map(drop)
    }

    /// Marks a name as used for `time`; returns whether it was unused.
    pub(in crate::ledger) async fn burn(&self, name: &str, time: Duration) -> StoreResult<bool> {
        let keys = [self.key(&format!("used:{name}"))];
        self.invoke(&BURN, &keys, |call| {
            call.arg(micros(time) / 1000 + 1);
        })
        .await
    }

    /// Parses a stored pause; `None` if it is over.
    fn running(&self, pause: &str, read: &Read) -> Option<Pause> {
        let (until, why) = pause.split_once(':')?;
        let left = until.parse::<i64>().ok()?.saturating_sub(self.now(read));
        (left > 0).then(|| Pause {
            why: why.to_owned(),
            remaining: duration(left),
        })
    }
}

/// The key of what a caller has read, over all accounts.
fn read_by(reader: &str) -> String {
    format!("wg:read:{reader}")
}
