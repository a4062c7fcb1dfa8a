//! Who was written to, the pause, approvals that were used, and all that a call is
//! looked at for in one go.

use std::{sync::LazyLock, time::Duration};

use redis::Script;

use super::{
    Account, SWITCH, Trouble, script, switch,
    time::{Read, duration, micros},
};
use crate::ledger::{Glance, Pause};

static PEOPLE: LazyLock<Script> = LazyLock::new(|| script(include_str!("people.lua")));
static PAUSE: LazyLock<Script> = LazyLock::new(|| script(include_str!("pause.lua")));

/// The longest pause.
const YEAR: Duration = Duration::from_secs(366 * 86_400);

impl Account {
    pub(in crate::ledger) fn glance(&self, people: &[&str]) -> Result<Glance, Trouble> {
        let mut asked = redis::pipe();
        asked.cmd("GET").arg(SWITCH);
        asked.cmd("GET").arg(self.key("pause"));
        asked.cmd("TIME");
        asked.cmd("GET").arg(self.key("clock"));
        for person in people {
            asked.cmd("SISMEMBER").arg(self.key("people")).arg(person);
        }
        type Told = (Option<Vec<u8>>, Option<String>, (i64, i64), Option<i64>);
        let (told, known): (Told, Vec<bool>) = self.ask_all(&asked, 4)?;
        let (word, pause, time, before) = told;
        Ok(Glance {
            stopped: switch(word.as_deref()),
            pause: pause.and_then(|pause| self.running(&pause, (time, before))),
            known,
        })
    }

    pub(in crate::ledger) fn is_known(&self, person: &str) -> Result<bool, Trouble> {
        let people = self.key("people");
        self.ask(|to| redis::cmd("SISMEMBER").arg(&people).arg(person).query(to))
    }

    pub(in crate::ledger) fn remember(&self, people: &[String]) -> Result<(), Trouble> {
        self.people(false, people).map(|_| ())
    }

    pub(in crate::ledger) fn seeded(&self) -> Result<bool, Trouble> {
        let seeded = self.key("seeded");
        self.ask(|to| redis::cmd("EXISTS").arg(&seeded).query(to))
    }

    pub(in crate::ledger) fn seed(&self, people: &[String]) -> Result<bool, Trouble> {
        self.people(true, people)
    }

    pub(in crate::ledger) fn forget(&self, people: &[String]) -> Result<(), Trouble> {
        if people.is_empty() {
            return Ok(());
        }
        let key = self.key("people");
        self.ask(|to| redis::cmd("SREM").arg(&key).arg(people).exec(to))
    }

    fn people(&self, seed: bool, people: &[String]) -> Result<bool, Trouble> {
        let mut call = PEOPLE.key(self.key("people"));
        call.key(self.key("seeded"));
        call.arg(u8::from(seed)).arg(people);
        self.ask(|to| call.invoke(to))
    }

    pub(in crate::ledger) fn pause(&self, time: Duration, why: &str) -> Result<(), Trouble> {
        let mut call = PAUSE.key(self.key("clock"));
        call.key(self.key("pause"));
        call.arg(self.given()).arg(micros(time.min(YEAR))).arg(why);
        self.ask(|to| call.invoke(to))
    }

    pub(in crate::ledger) fn paused(&self) -> Result<Option<Pause>, Trouble> {
        self.glance(&[]).map(|glance| glance.pause)
    }

    pub(in crate::ledger) fn resume(&self) -> Result<(), Trouble> {
        let pause = self.key("pause");
        self.ask(|to| redis::cmd("DEL").arg(&pause).exec(to))
    }

    /// Whether nobody has used this yet; it is remembered as used for so long.
    pub(in crate::ledger) fn burn(&self, name: &str, time: Duration) -> Result<bool, Trouble> {
        let key = self.key(&format!("used:{name}"));
        let set: Option<String> = self.ask(|to| {
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

    /// The pause, if it is not over.
    fn running(&self, pause: &str, read: Read) -> Option<Pause> {
        let (until, why) = pause.split_once(':')?;
        let left = until.parse::<i64>().ok()?.saturating_sub(self.now(read));
        (left > 0).then(|| Pause {
            why: why.to_owned(),
            remaining: duration(left),
        })
    }
}
