//! Whether a Redis server keeps what is counted.

use std::sync::atomic::{AtomicBool, Ordering};

use redis::{RedisError, aio::MultiplexedConnection};

use super::{LedgerErrorKind, StoreResult, client::kind};

/// Checks the configuration and the role of a server; says once what is only a warning.
#[derive(Debug, Default)]
pub(super) struct Fitness {
    warned: AtomicBool,
}

impl Fitness {
    /// Fails for a server that would lose counts, or refuse them.
    pub(super) async fn check(
        &self,
        connection: &mut MultiplexedConnection,
        location: &str,
    ) -> StoreResult<()> {
        let info: Result<String, RedisError> = redis::cmd("INFO").query_async(connection).await;
        let info = match info {
            Ok(info) => info,
            Err(error) if error.code() == Some("NOPERM") => {
                self.warn_once(
                    location,
                    "the user of this Redis may not run INFO, so its role, eviction and persistence are not checked",
                );
                return Ok(());
            }
            Err(error) => return Err(kind(&error)),
        };
        judge(&info)?;
        if value(&info, "aof_enabled") == Some("0") {
            self.warn_once(
                location,
                "a restart of this Redis loses the counts since its last snapshot; `appendonly yes` keeps them",
            );
        }
        Ok(())
    }

    fn warn_once(&self, location: &str, what: &str) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(place = location, "{what}");
        }
    }
}

/// Fails if INFO shows a server that would lose counts, or refuse them.
fn judge(info: &str) -> StoreResult<()> {
    let is = |name: &str, wanted: &str| value(info, name) == Some(wanted);
    let why = if is("cluster_enabled", "1") {
        "is a Redis Cluster, which is not supported; use a server that runs without cluster mode"
    } else if is("role", "slave") {
        "is a replica; use the address of the primary"
    } else if value(info, "maxmemory").is_some_and(|bytes| bytes != "0")
        && value(info, "maxmemory_policy").is_some_and(|how| how != "noeviction")
    {
        "would evict counters when its memory is full; set maxmemory-policy noeviction"
    } else {
        return Ok(());
    };
    Err(LedgerErrorKind::Unfit(why))
}

fn value<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}
