//! One connection for all calls, with one deadline for a whole call.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, ConnectionInfo, FromRedisValue, Pipeline, RedisError, ScriptInvocation,
    Value, aio::MultiplexedConnection, io::tcp::TcpSettings,
};
use tokio::{sync::OnceCell, time::timeout};

use super::{LedgerErrorKind, StoreResult, breaker::Breaker, fitness::Fitness};
use crate::ledger::wait_budget::{self, DEADLINE};

/// How often the server's role and configuration are checked while it is used.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The code with which a script reports that the state is another one.
pub(super) const REPLACED: &str = "WGREPLACED";

pub(super) struct RedisClient {
    client: redis::Client,
    location: String,
    link: Mutex<Arc<RedisLink>>,
    breaker: Mutex<Breaker>,
    fitness: Fitness,
}

/// A connection that is made at its first use, and shared: requests are sent one behind the
/// other and answered in that order. An answer that nobody waits for any more is read and
/// dropped.
struct RedisLink {
    created: Instant,
    connection: OnceCell<MultiplexedConnection>,
    /// When the server was checked last; `None` after an error of the server.
    checked: Mutex<Option<Instant>>,
}

impl RedisClient {
    pub(super) fn new(info: ConnectionInfo, location: String) -> Option<Self> {
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Some(Self {
            client: redis::Client::open(info).ok()?,
            location,
            link: Mutex::new(RedisLink::new()),
            breaker: Mutex::default(),
            fitness: Fitness::default(),
        })
    }

    pub(super) fn location(&self) -> &str {
        &self.location
    }

    /// Runs a whole request within the deadline: name resolution, connection, TLS, checks and
    /// answers together. One that failed is not repeated: Redis may have executed it. The
    /// connection of one that had the whole time is not used again.
    pub(super) async fn call<T>(
        &self,
        work: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let (began, patience) = (Instant::now(), wait_budget::patience());
        if patience.is_zero() {
            let why = "the call has waited for it for a second already";
            return Err(LedgerErrorKind::Unreachable(why.into()));
        }
        if !lock(&self.breaker).admits(began) {
            let why = "it failed several times in a row, and is tried again within two seconds";
            return Err(LedgerErrorKind::Unreachable(why.into()));
        }
        let done = timeout(patience, work).await;
        wait_budget::spend(began.elapsed());
        let done = match done {
            Ok(done) => done,
            // Others may still get their answers over this connection.
            Err(_) if patience < DEADLINE => return Err(silent()),
            Err(_) => Err(silent()),
        };
        if let Err(LedgerErrorKind::Unreachable(_)) = &done {
            lock(&self.breaker).failed(began, Instant::now());
            let mut link = lock(&self.link);
            if link.created <= began {
                *link = RedisLink::new();
            }
        } else {
            lock(&self.breaker).succeeded();
        }
        done
    }

    /// Sends commands in one round trip; returns their results.
    pub(super) async fn exchange(&self, commands: &Pipeline) -> StoreResult<Vec<Value>> {
        let link = self.link();
        let mut connection = self.connection(&link).await?;
        let answers = connection.send_packed_commands(commands, 0, commands.len());
        let answers = answers.await.and_then(|answers| {
            let answers = answers.into_iter().map(Value::extract_error);
            answers.collect::<Result<Vec<Value>, _>>()
        });
        answers.map_err(|error| link.failed(&error))
    }

    /// Runs a script.
    pub(super) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> StoreResult<T> {
        let link = self.link();
        let mut connection = self.connection(&link).await?;
        let answer = script.invoke_async(&mut connection).await;
        answer.map_err(|error| link.failed(&error))
    }

    /// The connection, to a server that was fit when it was last checked. One that has died
    /// since it was used last is replaced.
    async fn connection(&self, link: &Arc<RedisLink>) -> StoreResult<MultiplexedConnection> {
        let Some(connection) = link.connection.get() else {
            return self.connected(link).await;
        };
        let mut connection = connection.clone();
        if !link.check_is_due() {
            return Ok(connection);
        }
        match self.fitness.check(&mut connection, &self.location).await {
            Ok(()) => Ok(connection),
            Err(LedgerErrorKind::Unreachable(_)) => {
                let new = self.replace(link);
                self.connected(&new).await
            }
            Err(kind) => {
                *lock(&link.checked) = None;
                Err(kind)
            }
        }
    }

    /// Connects, unless somebody else did; all wait for one attempt.
    async fn connected(&self, link: &RedisLink) -> StoreResult<MultiplexedConnection> {
        let connecting = link.connection.get_or_try_init(async || {
            // TLS needs it; fails if another part of the program was first.
            let _ = rustls::crypto::ring::default_provider().install_default();
            // The deadline of the call is the only one.
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(None)
                .set_response_timeout(None);
            let client = &self.client;
            let connected = client.get_multiplexed_async_connection_with_config(&config);
            let mut connection = connected.await.map_err(|error| kind(&error))?;
            self.fitness.check(&mut connection, &self.location).await?;
            *lock(&link.checked) = Some(Instant::now());
            Ok(connection)
        });
        connecting.await.cloned()
    }

    fn link(&self) -> Arc<RedisLink> {
        lock(&self.link).clone()
    }

    /// Replaces a link that has failed, unless somebody else did; the new one.
    fn replace(&self, failed: &Arc<RedisLink>) -> Arc<RedisLink> {
        let mut link = lock(&self.link);
        if Arc::ptr_eq(&link, failed) {
            *link = RedisLink::new();
        }
        link.clone()
    }
}

impl RedisLink {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            created: Instant::now(),
            connection: OnceCell::new(),
            checked: Mutex::default(),
        })
    }

    /// Whether the caller has to check the server now.
    fn check_is_due(&self) -> bool {
        let now = Instant::now();
        let mut checked = lock(&self.checked);
        let due = checked.is_none_or(|checked| now.duration_since(checked) >= CHECK_INTERVAL);
        if due {
            *checked = Some(now);
        }
        due
    }

    /// The kind of an error. After an error of the server the next call checks the server.
    fn failed(&self, error: &RedisError) -> LedgerErrorKind {
        let kind = kind(error);
        if let LedgerErrorKind::Rejected(_) = kind {
            *lock(&self.checked) = None;
        }
        kind
    }
}

/// The kind of an error, without the server's message: it may hold keys, and keys hold
/// phone numbers.
pub(super) fn kind(error: &RedisError) -> LedgerErrorKind {
    if error.is_timeout() {
        return silent();
    }
    match error.code() {
        Some(REPLACED) => LedgerErrorKind::Emptied,
        Some(code) => LedgerErrorKind::Rejected(code.to_owned()),
        None => LedgerErrorKind::Unreachable(error.category().to_owned()),
    }
}

fn silent() -> LedgerErrorKind {
    LedgerErrorKind::Unreachable("no answer within a second".into())
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
