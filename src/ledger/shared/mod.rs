//! The ledger in Redis or Valkey, for several servers of one account.
//!
//! Each change is one script, so that nothing comes between the look and the count. The
//! time is the server's own and never goes back: where its clock is set back, time stands
//! still until it has caught up; where it is set forward, what then seems old comes back.
//! After a failover what the new server had not heard of yet is not counted.

mod address;
mod client;
mod counting;
mod people;
mod time;
mod usages;

use std::{fmt, sync::Arc};

use redis::{Connection, FromRedisValue, Pipeline, RedisError, Script, Value};

pub use self::address::BadAddress;
use self::client::Client;
use super::{Ledger, LedgerError, Trouble};
use crate::{clock::Clock, ledger::SwitchState};

/// What every account's servers look at.
const SWITCH: &str = "wg:panic";

/// A Redis or Valkey server, connected to when it is first asked. Clones share
/// connections.
///
/// Each method may wait for it for about a second.
#[derive(Clone)]
pub struct Shared(Arc<Client>);

/// What one account keeps there.
#[derive(Clone)]
pub(super) struct Account {
    client: Arc<Client>,
    /// Before the name of each key; its hash tag keeps an account in one slot.
    keys: Arc<str>,
    /// Turned by hand in tests; the server's own otherwise.
    clock: Option<Clock>,
}

impl Shared {
    /// The ledger of an account.
    pub fn ledger(&self, account: &str) -> Ledger {
        Ledger::shared(self.account(account))
    }

    pub(super) fn account(&self, account: &str) -> Account {
        Account {
            client: self.0.clone(),
            keys: format!("wg:{{{account}}}:").into(),
            clock: None,
        }
    }

    /// Where it is, without the password.
    pub fn place(&self) -> &str {
        self.0.place()
    }

    /// What the switch stops.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn switch(&self) -> Result<SwitchState, LedgerError> {
        let asked = self.0.ask(|to| redis::cmd("GET").arg(SWITCH).query(to));
        self.told(asked.map(|word: Option<Vec<u8>>| switch(word.as_deref())))
    }

    /// Puts the switch. It stands until it is taken away: its key does not expire.
    ///
    /// # Errors
    /// When it cannot be put.
    pub fn put_switch(&self, state: SwitchState) -> Result<(), LedgerError> {
        self.told(self.0.ask(|to| match state {
            SwitchState::Off => redis::cmd("DEL").arg(SWITCH).exec(to),
            on => redis::cmd("SET").arg(SWITCH).arg(on.name()).exec(to),
        }))
    }

    fn told<T>(&self, asked: Result<T, Trouble>) -> Result<T, LedgerError> {
        asked.map_err(|trouble| LedgerError {
            place: self.place().to_owned(),
            trouble,
        })
    }
}

impl Account {
    pub(super) fn place(&self) -> &str {
        self.client.place()
    }

    #[cfg(test)]
    pub(super) fn turned_by(mut self, clock: &Clock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.keys)
    }

    fn ask<T>(
        &self,
        work: impl FnMut(&mut Connection) -> Result<T, RedisError>,
    ) -> Result<T, Trouble> {
        self.client.ask(work)
    }

    /// What several commands answer: `first` of them one thing, the rest another.
    fn ask_all<A: FromRedisValue, B: FromRedisValue>(
        &self,
        commands: &Pipeline,
        first: usize,
    ) -> Result<(A, B), Trouble> {
        let mut answers = self.client.ask_all(commands)?;
        let rest = answers.split_off(answers.len().min(first));
        let read = |_| Trouble::Rejected("an answer of another kind".into());
        Ok((
            redis::from_redis_value(Value::Array(answers)).map_err(read)?,
            redis::from_redis_value(Value::Array(rest)).map_err(read)?,
        ))
    }
}

/// What the switch's word means; what is not understood is the strictest.
fn switch(word: Option<&[u8]>) -> SwitchState {
    match word {
        None => SwitchState::Off,
        Some(b"reads") => SwitchState::ReadsOnly,
        Some(_) => SwitchState::Everything,
    }
}

/// A script with what all of them share.
fn script(body: &str) -> Script {
    Script::new(&format!("{}\n{body}", include_str!("common.lua")))
}

impl fmt::Debug for Shared {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_tuple("Shared").field(&self.place()).finish()
    }
}
