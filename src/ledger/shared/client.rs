//! A small pool of connections with one deadline for connecting and answering.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Connection, ConnectionInfo, Pipeline, RedisError, Value};

use super::{LedgerErrorKind, StoreResult};

/// How long connecting and answering may take together.
const DEADLINE: Duration = Duration::from_secs(1);

/// A connection that was used within this time is reused without a PING.
const FRESH_TIME: Duration = Duration::from_secs(1);

/// How many idle connections are kept.
const MAX_IDLE: usize = 64;

pub(super) struct RedisClient {
    client: redis::Client,
    database: i64,
    location: String,
    idle: Mutex<Vec<(Connection, Instant)>>,
    warned: AtomicBool,
}

impl RedisClient {
    pub(super) fn new(info: ConnectionInfo, location: String) -> Option<Self> {
        let settings = info.redis_settings().clone();
        let database = settings.db();
        // `connect` selects the database, within the deadline.
        let info = info.set_redis_settings(settings.set_db(0));
        Some(Self {
            database,
            client: redis::Client::open(info).ok()?,
            location,
            idle: Mutex::default(),
            warned: AtomicBool::new(false),
        })
    }

    pub(super) fn location(&self) -> &str {
        &self.location
    }

    /// Runs commands on a connection. A failure is not retried: Redis may have executed
    /// the command.
    pub(super) fn run<T>(
        &self,
        mut work: impl FnMut(&mut Connection) -> Result<T, RedisError>,
    ) -> StoreResult<T> {
        self.with_connection(|connection, _| work(connection))
    }

    /// Runs several commands in one round trip; returns their results.
    pub(super) fn run_all(&self, commands: &Pipeline) -> StoreResult<Vec<Value>> {
        self.with_connection(|connection, until| all(connection, until, commands))
    }

    fn with_connection<T>(
        &self,
        work: impl FnOnce(&mut Connection, Instant) -> Result<T, RedisError>,
    ) -> StoreResult<T> {
        let until = Instant::now() + DEADLINE;
        let mut connection = match self.idle(until) {
            Some(connection) => connection,
            None => self.connect(until)?,
        };
        match within(&connection, until).and_then(|()| work(&mut connection, until)) {
            Ok(done) => {
                let mut idle = self.lock();
                if idle.len() < MAX_IDLE {
                    idle.push((connection, Instant::now()));
                }
                Ok(done)
            }
            Err(error) => {
                // The other connections have the same server.
                self.lock().clear();
                Err(kind(&error))
            }
        }
    }

    /// An idle connection, if it still works.
    fn idle(&self, until: Instant) -> Option<Connection> {
        let (mut connection, used) = self.lock().pop()?;
        if used.elapsed() < FRESH_TIME {
            return Some(connection);
        }
        let answer =
            within(&connection, until).and_then(|()| redis::cmd("PING").exec(&mut connection));
        if answer.is_err() {
            self.lock().clear();
        }
        answer.ok().map(|()| connection)
    }

    fn connect(&self, until: Instant) -> StoreResult<Connection> {
        // TLS needs it; fails if another part of the program was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let left = until.saturating_duration_since(Instant::now());
        let connected = self.client.get_connection_with_timeout(left);
        let mut connection = connected.map_err(|error| kind(&error))?;
        if self.database != 0 {
            within(&connection, until)
                .and_then(|()| {
                    redis::cmd("SELECT")
                        .arg(self.database)
                        .exec(&mut connection)
                })
                .map_err(|error| kind(&error))?;
        }
        self.check_server(&mut connection, until)?;
        Ok(connection)
    }

    /// Fails for a server whose configuration would lose counts.
    fn check_server(&self, connection: &mut Connection, until: Instant) -> StoreResult<()> {
        let info = |section| redis::cmd("INFO").arg(section).to_owned();
        let mut commands = redis::pipe();
        for section in ["replication", "memory", "persistence"] {
            commands.add_command(info(section));
        }
        let sections = all(connection, until, &commands)
            .and_then(|all| Ok(redis::from_redis_value(Value::Array(all))?));
        let (replication, memory, persistence): (String, String, String) = match sections {
            Ok(sections) => sections,
            // A user without the permission for INFO has to know the configuration.
            Err(error) if error.code() == Some("NOPERM") => return Ok(()),
            Err(error) => return Err(kind(&error)),
        };
        if value(&replication, "role") == Some("slave") {
            return Err(LedgerErrorKind::Unfit(
                "is a replica; use the address of the primary",
            ));
        }
        let bounded = value(&memory, "maxmemory").is_some_and(|bytes| bytes != "0");
        let evicts = value(&memory, "maxmemory_policy").is_some_and(|how| how != "noeviction");
        if bounded && evicts {
            return Err(LedgerErrorKind::Unfit(
                "would evict counters when its memory is full; set maxmemory-policy noeviction",
            ));
        }
        if value(&persistence, "aof_enabled") == Some("0")
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                place = self.location,
                "a restart of this Redis loses the counts since its last snapshot; `appendonly yes` keeps them"
            );
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Connection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn value<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

/// Runs several commands; redis' own pipeline would apply the timeout to each response.
fn all(
    connection: &mut Connection,
    until: Instant,
    commands: &Pipeline,
) -> Result<Vec<Value>, RedisError> {
    connection.send_packed_command(&commands.get_packed_pipeline())?;
    let mut results = Vec::with_capacity(commands.len());
    for _ in 0..commands.len() {
        within(connection, until)?;
        results.push(connection.recv_response()?.extract_error()?);
    }
    Ok(results)
}

/// Limits the next read and write to the time that is left.
fn within(connection: &Connection, until: Instant) -> Result<(), RedisError> {
    let left = until.saturating_duration_since(Instant::now());
    let left = Some(left.max(Duration::from_millis(1)));
    connection.set_read_timeout(left)?;
    connection.set_write_timeout(left)
}

/// The kind of an error, without the server's message: it may hold keys, and keys hold
/// phone numbers.
fn kind(error: &RedisError) -> LedgerErrorKind {
    if error.is_timeout() {
        return LedgerErrorKind::Unreachable("no answer within a second".into());
    }
    match error.code() {
        Some(code) => LedgerErrorKind::Rejected(code.to_owned()),
        None => LedgerErrorKind::Unreachable(error.category().to_owned()),
    }
}
