//! Connections: few, kept, made anew when they are lost, and never waited for long.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Connection, ConnectionInfo, Pipeline, RedisError, Value};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::Trouble;

/// How long connecting and answering may take together.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection that was used within this time is taken for a good one.
const FRESH: Duration = Duration::from_secs(1);

/// How many connections are kept.
const MANY: usize = 64;

pub(super) struct Client {
    client: redis::Client,
    database: i64,
    place: String,
    idle: Mutex<Vec<(Connection, Instant)>>,
    warned: AtomicBool,
}

impl Client {
    pub(super) fn new(info: ConnectionInfo, place: String) -> Option<Self> {
        let settings = info.redis_settings().clone();
        let database = settings.db();
        // Two commands at the beginning could wait twice as long; it is chosen later.
        let info = info.set_redis_settings(settings.set_db(0));
        Some(Self {
            database,
            client: redis::Client::open(info).ok()?,
            place,
            idle: Mutex::default(),
            warned: AtomicBool::new(false),
        })
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Does the work on a connection. What fails is not done again: it may have been
    /// done.
    pub(super) fn ask<T>(
        &self,
        mut work: impl FnMut(&mut Connection) -> Result<T, RedisError>,
    ) -> Result<T, Trouble> {
        blocking(|| self.wait_for(|connection, _| work(connection)))
    }

    /// What each of several commands answers.
    pub(super) fn ask_all(&self, commands: &Pipeline) -> Result<Vec<Value>, Trouble> {
        blocking(|| self.wait_for(|connection, until| all(connection, until, commands)))
    }

    fn wait_for<T>(
        &self,
        work: impl FnOnce(&mut Connection, Instant) -> Result<T, RedisError>,
    ) -> Result<T, Trouble> {
        let until = Instant::now() + PATIENCE;
        let mut connection = match self.idle(until) {
            Some(connection) => connection,
            None => self.connect(until)?,
        };
        match within(&connection, until).and_then(|()| work(&mut connection, until)) {
            Ok(done) => {
                let mut idle = self.lock();
                if idle.len() < MANY {
                    idle.push((connection, Instant::now()));
                }
                Ok(done)
            }
            Err(error) => {
                // The others lead to the same server.
                self.lock().clear();
                Err(trouble(&error))
            }
        }
    }

    /// A connection that is kept, if the server still knows of it.
    fn idle(&self, until: Instant) -> Option<Connection> {
        let (mut connection, used) = self.lock().pop()?;
        if used.elapsed() < FRESH {
            return Some(connection);
        }
        let answer =
            within(&connection, until).and_then(|()| redis::cmd("PING").exec(&mut connection));
        if answer.is_err() {
            self.lock().clear();
        }
        answer.ok().map(|()| connection)
    }

    fn connect(&self, until: Instant) -> Result<Connection, Trouble> {
        // TLS asks for it; another part of the program may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let left = until.saturating_duration_since(Instant::now());
        let connected = self.client.get_connection_with_timeout(left);
        let mut connection = connected.map_err(|error| trouble(&error))?;
        if self.database != 0 {
            within(&connection, until)
                .and_then(|()| {
                    redis::cmd("SELECT")
                        .arg(self.database)
                        .exec(&mut connection)
                })
                .map_err(|error| trouble(&error))?;
        }
        self.examine(&mut connection, until)?;
        Ok(connection)
    }

    /// Refuses a server that would not keep what it is told.
    fn examine(&self, connection: &mut Connection, until: Instant) -> Result<(), Trouble> {
        let info = |section| redis::cmd("INFO").arg(section).to_owned();
        let mut asked = redis::pipe();
        for section in ["replication", "memory", "persistence"] {
            asked.add_command(info(section));
        }
        let told = all(connection, until, &asked)
            .and_then(|told| Ok(redis::from_redis_value(Value::Array(told))?));
        let (replication, memory, persistence): (String, String, String) = match told {
            Ok(told) => told,
            // Who may not ask has to know.
            Err(error) if error.code() == Some("NOPERM") => return Ok(()),
            Err(error) => return Err(trouble(&error)),
        };
        if value(&replication, "role") == Some("slave") {
            return Err(Trouble::Unfit("is a replica; name the primary"));
        }
        let bounded = value(&memory, "maxmemory").is_some_and(|bytes| bytes != "0");
        let evicts = value(&memory, "maxmemory_policy").is_some_and(|how| how != "noeviction");
        if bounded && evicts {
            return Err(Trouble::Unfit(
                "throws away what was counted when its memory is full; set maxmemory-policy noeviction",
            ));
        }
        if value(&persistence, "aof_enabled") == Some("0")
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                place = self.place,
                "a restart of this Redis forgets what was counted since its last snapshot; `appendonly yes` keeps it"
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

/// Lets the thread's other tasks go on elsewhere meanwhile, where there is an elsewhere.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    let runtime = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match runtime {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// What each command answers; the crate's own would wait anew for each.
fn all(
    connection: &mut Connection,
    until: Instant,
    commands: &Pipeline,
) -> Result<Vec<Value>, RedisError> {
    connection.send_packed_command(&commands.get_packed_pipeline())?;
    let mut answers = Vec::with_capacity(commands.len());
    for _ in 0..commands.len() {
        within(connection, until)?;
        answers.push(connection.recv_response()?.extract_error()?);
    }
    Ok(answers)
}

/// What is asked next takes no longer than this.
fn within(connection: &Connection, until: Instant) -> Result<(), RedisError> {
    let left = until.saturating_duration_since(Instant::now());
    let left = Some(left.max(Duration::from_millis(1)));
    connection.set_read_timeout(left)?;
    connection.set_write_timeout(left)
}

/// What an error comes to, without what the server says in its own words: it may hold
/// keys, and keys hold people.
fn trouble(error: &RedisError) -> Trouble {
    if error.is_timeout() {
        return Trouble::Unreachable("no answer within a second".into());
    }
    match error.code() {
        Some(code) => Trouble::Rejected(code.to_owned()),
        None => Trouble::Unreachable(error.category().to_owned()),
    }
}
