//! The ledger in Redis or Valkey, for several servers of one account.
//!
//! Each change is one script, so that checking and counting are atomic. The time is that of
//! the Redis server, and never goes back: if its clock is set back, the time goes on from the
//! new clock; if it is set forward, counts expire early. After a failover, counts that were
//! not replicated are lost. A Redis that was emptied, exchanged or restored from an old backup is
//! refused (`mark`).

mod address;
mod breaker;
mod claims;
mod client;
mod counting;
mod fitness;
mod mark;
mod people;
mod time;
mod usages;

use std::{
    fmt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, LazyLock},
};

use redis::{FromRedisValue, Pipeline, Script, ScriptInvocation, Value};

pub use self::address::BadAddress;
use self::{
    client::RedisClient,
    mark::StateMark,
    time::{ClockWatch, stored_time},
};
use super::{Ledger, LedgerError, LedgerErrorKind, StoreResult};
use crate::{
    clock::Clock,
    ledger::{SwitchEpoch, SwitchReading, SwitchState},
};

/// The key of the kill switch, for all accounts.
const SWITCH: &str = "wg:panic";

/// The key that counts how often the switch was turned off.
const SWITCH_EPOCH: &str = "wg:panic:epoch";

static SET_SWITCH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("switch.lua")));

/// The kill switch as it is stored: the state, and the epoch.
type StoredSwitch = (Option<Vec<u8>>, Option<u64>);

/// A Redis or Valkey server; connects at the first use. Clones share the connection.
///
/// An answer takes at most a second. After several failures in a row calls fail at once for
/// two seconds.
#[derive(Clone)]
pub struct Shared {
    client: Arc<RedisClient>,
    /// Where the marks of its states are kept over restarts.
    marks: Option<PathBuf>,
}

/// The data of one account in Redis.
#[derive(Clone)]
pub(super) struct RedisAccount {
    client: Arc<RedisClient>,
    /// The prefix of each key.
    prefix: Arc<str>,
    mark: Arc<StateMark>,
    watch: Arc<ClockWatch>,
    /// A manual clock, in tests; `None`: the clock of the Redis server.
    clock: Option<Clock>,
}

impl Shared {
    /// Keeps the marks of states in a directory, so that a Redis that was emptied or
    /// exchanged is noticed after a restart too.
    #[must_use]
    pub fn remembering_in(mut self, directory: Option<PathBuf>) -> Self {
        self.marks = directory;
        self
    }

    /// The ledger of an account.
    pub fn ledger(&self, account: &str) -> Ledger {
        Ledger::shared(self.account(account))
    }

    pub(super) fn account(&self, account: &str) -> RedisAccount {
        let marks: Option<&Path> = self.marks.as_deref();
        RedisAccount {
            client: self.client.clone(),
            prefix: format!("wg:{{{account}}}:").into(),
            mark: Arc::new(StateMark::new(marks, self.location(), account)),
            watch: Arc::default(),
            clock: None,
        }
    }

    /// Its address, without user and password.
    pub fn location(&self) -> &str {
        self.client.location()
    }

    /// Checks that it answers, and keeps what is counted.
    ///
    /// # Errors
    /// If it does not; [`LedgerError::is_unfit`] if it would lose counts.
    pub async fn check(&self) -> Result<(), LedgerError> {
        let mut commands = redis::pipe();
        commands.cmd("TIME");
        let answer = self.client.call(self.client.exchange(&commands)).await;
        self.with_location(answer.map(drop))
    }

    /// The kill switch.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn switch(&self) -> Result<SwitchReading, LedgerError> {
        let mut commands = redis::pipe();
        commands.cmd("MGET").arg(SWITCH).arg(SWITCH_EPOCH);
        let answer = self.client.call(self.client.exchange(&commands)).await;
        self.with_location(answer.and_then(|answers| {
            let (switch,) = parsed(Value::Array(answers))?;
            Ok(switch_reading(switch))
        }))
    }

    /// Sets the kill switch, also while the memory of Redis is full. Only `Off` loosens a
    /// stop. The key does not expire. Returns the state afterwards.
    ///
    /// # Errors
    /// If Redis does not confirm it; it may be set then.
    pub async fn set_switch(&self, state: SwitchState) -> Result<SwitchState, LedgerError> {
        let mut call = SET_SWITCH.key(SWITCH);
        call.key(SWITCH_EPOCH).arg(state.name());
        let set = self.client.call(self.client.invoke(&call)).await;
        self.with_location(set.map(switch_state))
    }

    fn with_location<T>(&self, done: StoreResult<T>) -> Result<T, LedgerError> {
        done.map_err(|kind| LedgerError {
            location: self.location().to_owned(),
            kind,
        })
    }
}

impl RedisAccount {
    /// Runs a whole call within the deadline. It is boxed: it takes kilobytes, which whoever
    /// asks a ledger in a file would move about as well.
    pub(super) fn call<'a, T: 'a>(
        &'a self,
        work: impl Future<Output = StoreResult<T>> + Send + 'a,
    ) -> Pin<Box<dyn Future<Output = StoreResult<T>> + Send + 'a>> {
        Box::pin(self.client.call(work))
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

    /// Commands for [`exchange`](Self::exchange).
    fn commands(&self) -> Pipeline {
        let mut commands = redis::pipe();
        let state = commands.cmd("MGET");
        state.arg(self.key("mark")).arg(self.key("clock"));
        self.read_sealed(&mut commands);
        commands
    }

    /// The results of several commands: those of the first `first` ones, and those of the
    /// rest. Fails if they are of another state than the one that is known.
    async fn exchange<A: FromRedisValue, B: FromRedisValue>(
        &self,
        commands: &Pipeline,
        first: usize,
    ) -> StoreResult<(A, B)> {
        let known = self.known_mark()?;
        let mut results = self.client.exchange(commands).await?;
        let rest = results.split_off(results.len().min(first + 2));
        let results_of_first = results.split_off(results.len().min(2));
        type State = ((Option<String>, Option<String>), Vec<String>);
        let ((held, clock), sealed): State = parsed(Value::Array(results))?;
        let is_state_of = |mark: &str| {
            held.as_deref() == Some(mark) && sealed.iter().any(|sealed| sealed == mark)
        };
        if let Some(known) = known
            && !is_state_of(&known)
            && !is_state_of(&self.mark_instead_of(&known).await?)
        {
            return Err(LedgerErrorKind::Emptied);
        }
        let stored = clock.as_deref().and_then(stored_time);
        if !self.mark.see(stored.map(|(at, _)| at)) {
            // The script compares the two, and ends a state from a backup.
            self.check_writable().await?;
            if stored.is_none() {
                self.mark.forget_time();
            }
        }
        Ok((
            parsed(Value::Array(results_of_first))?,
            parsed(Value::Array(rest))?,
        ))
    }

    /// Runs a script over keys of the account; `arguments` adds those after the common ones.
    async fn invoke<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        arguments: impl Fn(&mut ScriptInvocation<'_>),
    ) -> StoreResult<T> {
        let invocation = |mark: &str| {
            let mut call = script.key(self.key("mark"));
            call.key(self.key("clock")).key(self.key("index"));
            for key in keys {
                call.key(key);
            }
            call.arg(mark).arg(self.time_argument());
            arguments(&mut call);
            call
        };
        let mark = self.mark().await?;
        let call = invocation(&mark);
        match self.client.invoke(&call).await {
            // Nothing was changed then.
            Err(LedgerErrorKind::Emptied) => {
                let mark = self.mark_instead_of(&mark).await?;
                self.client.invoke(&invocation(&mark)).await
            }
            answer => answer,
        }
    }
}

fn parsed<T: FromRedisValue>(value: Value) -> StoreResult<T> {
    redis::from_redis_value(value)
        .map_err(|_| LedgerErrorKind::Rejected("a result of an unexpected type".into()))
}

/// The state that the value of the key means; no value means off.
fn switch_state(word: Option<Vec<u8>>) -> SwitchState {
    word.map_or(SwitchState::Off, |word| SwitchState::parse(&word))
}

fn switch_reading((word, epoch): StoredSwitch) -> SwitchReading {
    SwitchReading {
        state: switch_state(word),
        epoch: SwitchEpoch(epoch.unwrap_or_default()),
    }
}

/// A script, with the beginning that all scripts share.
fn script(body: &str) -> Script {
    Script::new(&format!("{}\n{body}", include_str!("common.lua")))
}

impl fmt::Debug for Shared {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_tuple("Shared").field(&self.location()).finish()
    }
}
