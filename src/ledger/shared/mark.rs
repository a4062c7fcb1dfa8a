//! The mark of a state: a random value that is created once, so that a Redis that was
//! emptied or exchanged is noticed like an exchanged file. The index of the series
//! holds it again, so that one is noticed too that has lost what was counted alone. The time
//! at which something was counted last never goes back, unless a backup was restored.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use redis::{Pipeline, Script, Value};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::runtime::Handle;

use super::{LedgerErrorKind, RedisAccount, StoreResult, parsed};
use crate::{state_dir, text::hex};

static MARK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("mark.lua")));
static ACCEPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("accept.lua")));

/// A file that is longer does not hold a mark.
const MAX_MARK_BYTES: u64 = 64;

/// How much later a time has to be than the one in the file to be kept there, in microseconds.
const KEEP_EVERY: i64 = 60_000_000;

/// The mark of the state that an account's counts are in, as far as this process knows it.
#[derive(Debug)]
pub(super) struct StateMark {
    /// Where it outlives the process, if it does.
    file: Option<PathBuf>,
    known: Mutex<Option<KnownState>>,
}

/// A state that was seen, by this process or an earlier one.
#[derive(Debug, Clone)]
struct KnownState {
    mark: Arc<str>,
    /// The latest time at which something was counted, in microseconds; 0 if none was seen.
    seen: i64,
    /// The same in the file.
    kept: i64,
}

impl StateMark {
    /// The mark of the account at a server, which is kept below `directory`.
    pub(super) fn new(directory: Option<&Path>, location: &str, account: &str) -> Self {
        let digest = Sha256::digest(format!("{location} {account}"));
        let mut name = hex(&digest);
        name.truncate(16);
        Self {
            file: directory.map(|directory| directory.join(format!("redis-{name}"))),
            known: Mutex::default(),
        }
    }

    /// The mark that was seen before, by this process or an earlier one.
    ///
    /// # Errors
    /// If the file cannot be read: it is not known then whether the state is the same.
    fn known(&self) -> StoreResult<Option<Arc<str>>> {
        let mut known = self.lock();
        if known.is_none()
            && let Some(file) = &self.file
        {
            *known = read(file)?;
        }
        Ok(known.as_ref().map(|known| known.mark.clone()))
    }

    fn remember(&self, mark: &str) -> Arc<str> {
        let mark: Arc<str> = mark.into();
        let state = KnownState {
            mark: mark.clone(),
            seen: 0,
            kept: 0,
        };
        *self.lock() = Some(state.clone());
        if let Some(file) = &self.file {
            keep(file, &state);
        }
        mark
    }

    /// The latest time at which something was counted, as far as that was seen; or 0.
    pub(super) fn seen(&self) -> i64 {
        self.lock().as_ref().map_or(0, |known| known.seen)
    }

    /// Takes note of the time at which something was counted last. Returns whether it is not
    /// before the one that was seen.
    pub(super) fn see(&self, at: Option<i64>) -> bool {
        let mut known = self.lock();
        let Some(state) = &mut *known else {
            return true;
        };
        let at = at.unwrap_or_default();
        if at < state.seen {
            return false;
        }
        state.seen = at;
        if let Some(file) = &self.file
            && at.saturating_sub(state.kept) >= KEEP_EVERY
            && let Ok(runtime) = Handle::try_current()
        {
            state.kept = at;
            let (file, state) = (file.clone(), state.clone());
            runtime.spawn_blocking(move || keep(&file, &state));
        }
        true
    }

    /// Forgets the time: nothing has been counted for longer than it is stored.
    pub(super) fn forget_time(&self) {
        if let Some(known) = &mut *self.lock() {
            known.seen = 0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<KnownState>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RedisAccount {
    /// The mark that the state has to have; `None` if no state was seen before.
    pub(super) fn known_mark(&self) -> StoreResult<Option<Arc<str>>> {
        self.mark.known()
    }

    /// The mark that the state has to have; a new state gets one.
    pub(super) async fn mark(&self) -> StoreResult<Arc<str>> {
        match self.mark.known()? {
            Some(mark) => Ok(mark),
            None => self.agree_on_mark("").await,
        }
    }

    /// The mark after the known one was not found: that of a state which an operator has
    /// accepted instead.
    pub(super) async fn mark_instead_of(&self, missed: &str) -> StoreResult<Arc<str>> {
        let mark = self.agree_on_mark(missed).await?;
        let place = self.location();
        tracing::warn!(place, "the new state that an operator has accepted is used");
        Ok(mark)
    }

    /// Asks for the mark that the index holds, as a list.
    pub(super) fn read_sealed(&self, commands: &mut Pipeline) {
        let index = commands.cmd("ZRANGEBYSCORE").arg(self.key("index"));
        index.arg("+inf").arg("+inf");
    }

    async fn agree_on_mark(&self, known: &str) -> StoreResult<Arc<str>> {
        let mut call = MARK.prepare_invoke();
        self.mark_keys(&mut call).arg(known).arg(random()?);
        let mark: Option<String> = self.client.invoke(&call).await?;
        let mark = mark.ok_or(LedgerErrorKind::Emptied)?;
        Ok(self.mark.remember(&mark))
    }

    /// Whether a server misses a state, or this process the one that it knows.
    pub(in crate::ledger) async fn misses_state(&self) -> StoreResult<bool> {
        let mut commands = redis::pipe();
        commands.cmd("GET").arg(self.key("mark"));
        self.read_sealed(&mut commands);
        commands.cmd("EXISTS").arg(self.key("missed"));
        let answers = self.client.exchange(&commands).await?;
        let (held, sealed, missed): (Option<String>, Vec<String>, bool) =
            parsed(Value::Array(answers))?;
        let known = self.mark.known()?;
        let is_another = known.is_some_and(|known| held.as_deref() != Some(&*known));
        Ok(missed || is_another || held.is_some_and(|held| !sealed.contains(&held)))
    }

    /// Gives up the states that servers miss.
    pub(in crate::ledger) async fn accept_new_state(&self) -> StoreResult<()> {
        let known = self.mark.known()?;
        let mut call = ACCEPT.prepare_invoke();
        self.mark_keys(&mut call).arg(random()?);
        call.arg(known.as_deref().unwrap_or_default());
        self.client.invoke(&call).await
    }

    fn mark_keys<'c, 's>(
        &self,
        call: &'c mut redis::ScriptInvocation<'s>,
    ) -> &'c mut redis::ScriptInvocation<'s> {
        for name in ["mark", "missed", "accepted", "index"] {
            call.key(self.key(name));
        }
        call
    }
}

fn random() -> StoreResult<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| LedgerErrorKind::Unavailable(format!("no random bytes: {error}")))?;
    Ok(hex(&bytes))
}

/// Keeps a state over restarts.
fn keep(file: &Path, state: &KnownState) {
    if let Err(error) = write(file, &format!("{} {}", state.mark, state.seen)) {
        let file = file.display();
        tracing::warn!(%error, %file, "a Redis that is emptied while this server is down will not be noticed: its mark cannot be kept");
    }
}

fn read(file: &Path) -> io::Result<Option<KnownState>> {
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(found) if !found.is_file() || found.len() == 0 || found.len() > MAX_MARK_BYTES => Err(
            io::Error::other(format!("{} holds no mark", file.display())),
        ),
        Ok(_) => fs::read_to_string(file).map(|text| {
            let mut words = text.split_ascii_whitespace();
            let mark = words.next().unwrap_or_default().into();
            let seen = words.next().and_then(|word| word.parse().ok());
            let seen = seen.unwrap_or_default();
            Some(KnownState {
                mark,
                seen,
                kept: seen,
            })
        }),
    }
}

/// Replaces the file as a whole.
fn write(file: &Path, line: &str) -> io::Result<()> {
    let Some(directory) = file.parent() else {
        return Ok(());
    };
    state_dir::create(directory)?;
    let mut new = NamedTempFile::new_in(directory)?;
    writeln!(new, "{line}")?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    Ok(())
}
