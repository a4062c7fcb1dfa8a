//! The ledger in Redis or Valkey, for several servers of one account.
//!
//! Each change is one script, so that checking and counting are atomic. The time is that of
//! the Redis server and never goes back: if its clock is set back, time stands still until
//! it has caught up; if it is set forward, counts expire early. After a failover, counts
//! that were not replicated are lost.

mod address;
mod client;
mod counting;
mod people;
mod time;
mod usages;

use std::{fmt, sync::Arc};

use redis::{Connection, FromRedisValue, Pipeline, RedisError, Script, Value};

pub use self::address::BadAddress;
use self::client::RedisClient;
use super::{Ledger, LedgerError, LedgerErrorKind, StoreResult};
use crate::{clock::Clock, ledger::SwitchState};

/// The key of the kill switch, for all accounts.
const SWITCH: &str = "wg:panic";

/// A Redis or Valkey server; connects at the first use. Clones share connections.
///
/// An answer may take about a second.
#[derive(Clone)]
pub struct Shared(Arc<RedisClient>);

/// The data of one account in Redis.
#[derive(Clone)]
pub(super) struct RedisAccount {
    client: Arc<RedisClient>,
    /// The prefix of each key; its hash tag keeps an account in one cluster slot.
    prefix: Arc<str>,
    /// A manual clock, in tests; `None`: the clock of the Redis server.
    clock: Option<Clock>,
}

impl Shared {
    /// The ledger of an account.
    pub fn ledger(&self, account: &str) -> Ledger {
        Ledger::shared(self.account(account))
    }

    pub(super) fn account(&self, account: &str) -> RedisAccount {
        RedisAccount {
            client: self.0.clone(),
            prefix: format!("wg:{{{account}}}:").into(),
            clock: None,
        }
    }

    /// Its address, without user and password.
    pub fn location(&self) -> &str {
        self.0.location()
    }

    /// The state of the kill switch.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn switch(&self) -> Result<SwitchState, LedgerError> {
        let client = self.0.clone();
        let word = blocking(move || client.run(|to| redis::cmd("GET").arg(SWITCH).query(to)));
        self.with_location(word.await.map(switch_state))
    }

    /// Sets the kill switch. Its key does not expire.
    ///
    /// # Errors
    /// If Redis does not confirm it.
    pub async fn set_switch(&self, state: SwitchState) -> Result<(), LedgerError> {
        let client = self.0.clone();
        let set = blocking(move || {
            client.run(|to| match state {
                SwitchState::Off => redis::cmd("DEL").arg(SWITCH).exec(to),
                on => redis::cmd("SET").arg(SWITCH).arg(on.name()).exec(to),
            })
        });
        self.with_location(set.await)
    }

    fn with_location<T>(&self, done: StoreResult<T>) -> Result<T, LedgerError> {
        done.map_err(|kind| LedgerError {
            location: self.location().to_owned(),
            kind,
        })
    }
}

impl RedisAccount {
    /// Runs a request on a thread for blocking work.
    pub(super) async fn request<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let account = self.clone();
        blocking(move || work(&account)).await
    }

    pub(super) fn location(&self) -> &str {
        self.client.location()
    }

    #[cfg(test)]
    pub(super) fn with_clock(mut self, clock: &Clock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn run<T>(&self, work: impl FnMut(&mut Connection) -> Result<T, RedisError>) -> StoreResult<T> {
        self.client.run(work)
    }

    /// The results of several commands: those of the first `first` ones, and those of the rest.
    fn run_all<A: FromRedisValue, B: FromRedisValue>(
        &self,
        commands: &Pipeline,
        first: usize,
    ) -> StoreResult<(A, B)> {
        let mut results = self.client.run_all(commands)?;
        let rest = results.split_off(results.len().min(first));
        let read = |_| LedgerErrorKind::Rejected("a result of an unexpected type".into());
        Ok((
            redis::from_redis_value(Value::Array(results)).map_err(read)?,
            redis::from_redis_value(Value::Array(rest)).map_err(read)?,
        ))
    }
}

/// Runs blocking work on a thread of the runtime's own for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|_| {
        let why = "the request broke off inside the server";
        Err(LedgerErrorKind::Unreachable(why.into()))
    })
}

/// The state that the value of the key means; no value means off.
fn switch_state(word: Option<Vec<u8>>) -> SwitchState {
    word.map_or(SwitchState::Off, |word| SwitchState::parse(&word))
}

/// A script, with the functions that all scripts share.
fn script(body: &str) -> Script {
    Script::new(&format!("{}\n{body}", include_str!("common.lua")))
}

impl fmt::Debug for Shared {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_tuple("Shared").field(&self.location()).finish()
    }
}
