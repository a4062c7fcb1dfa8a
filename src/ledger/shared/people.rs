//! Recipients, the pause and used approvals, and the state for a call in one round trip.

use std::{sync::LazyLock, time::Duration};

use redis::Script;

use super::{
    RedisAccount, SWITCH, StoreResult, script, switch_state,
    time::{Read, duration, micros},
};
use crate::ledger::{Glance, Pause};

static PEOPLE: LazyLock<Script> = LazyLock::new(|| script(include_str!("people.lua")));
static PAUSE: LazyLock<Script> = LazyLock::new(|| script(include_str!("pause.lua")));

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(366 * 86_400);

impl RedisAccount {
    pub(in crate::ledger) fn glance(&self, people: &[String]) -> StoreResult<Glance> {
        let mut commands = redis::pipe();
        commands.cmd("GET").arg(SWITCH);
        commands.cmd("GET").arg(self.key("pause"));
        commands.cmd("TIME");
        commands.cmd("GET").arg(self.key("clock"));
        for person in people {
            commands
                .cmd("SISMEMBER")
                .arg(self.key("people"))
                .arg(person);
        }
        type State = (Option<Vec<u8>>, Option<String>, (i64, i64), Option<i64>);
        let (state, known): (State, Vec<bool>) = self.run_all(&commands, 4)?;
        let (word, pause, time, before) = state;
        Ok(Glance {
            stopped: switch_state(word),
            pause: pause.and_then(|pause| self.running(&pause, (time, before))),
            known,
        })
    }

    pub(in crate::ledger) fn is_known(&self, person: &str) -> StoreResult<bool> {
        let people = self.key("people");
        self.run(|to| redis::cmd("SISMEMBER").arg(&people).arg(person).query(to))
    }

    pub(in crate::ledger) fn remember(&self, people: &[String]) -> StoreResult<()> {
        self.people(false, people).map(|_| ())
    }

    pub(in crate::ledger) fn seeded(&self) -> StoreResult<bool> {
        let seeded = self.key("seeded");
        self.run(|to| redis::cmd("EXISTS").arg(&seeded).query(to))
    }

    pub(in crate::ledger) fn seed(&self, people: &[String]) -> StoreResult<bool> {
        self.people(true, people)
    }

    pub(in crate::ledger) fn forget(&self, people: &[String]) -> StoreResult<()> {
        if people.is_empty() {
            return Ok(());
        }
        let key = self.key("people");
        self.run(|to| redis::cmd("SREM").arg(&key).arg(people).exec(to))
    }

    fn people(&self, seed: bool, people: &[String]) -> StoreResult<bool> {
        let mut call = PEOPLE.key(self.key("people"));
        call.key(self.key("seeded"));
        call.arg(u8::from(seed)).arg(people);
        self.run(|to| call.invoke(to))
    }

    pub(in crate::ledger) fn pause(&self, time: Duration, why: &str) -> StoreResult<()> {
        let mut call = PAUSE.key(self.key("clock"));
        call.key(self.key("pause"));
        call.arg(self.time_argument())
            .arg(micros(time.min(MAX_PAUSE)))
            .arg(why);
        self.run(|to| call.invoke(to))
    }

    pub(in crate::ledger) fn paused(&self) -> StoreResult<Option<Pause>> {
        self.glance(&[]).map(|glance| glance.pause)
    }

    pub(in crate::ledger) fn resume(&self) -> StoreResult<()> {
        let pause = self.key("pause");
        self.run(|to| redis::cmd("DEL").arg(&pause).exec(to))
    }

    /// Marks a name as used for `time`; returns whether it was unused.
    pub(in crate::ledger) fn burn(&self, name: &str, time: Duration) -> StoreResult<bool> {
        let key = self.key(&format!("used:{name}"));
        let set: Option<String> = self.run(|to| {
            redis::cmd("SET")
                .arg(&key)
                .arg(1)
                .arg("NX")
                .arg("PX")
                .arg(micros(time) / 1000 + 1)
                .query(to)
        })?;
        Ok(set.is_some())
    }

    /// Parses a stored pause; `None` if it is over.
    fn running(&self, pause: &str, read: Read) -> Option<Pause> {
        let (until, why) = pause.split_once(':')?;
        let left = until.parse::<i64>().ok()?.saturating_sub(self.now(read));
        (left > 0).then(|| Pause {
            why: why.to_owned(),
            remaining: duration(left),
        })
    }
}
