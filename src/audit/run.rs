//! The file of one run of the server, beside the audit: it holds the line `admitted` of
//! each call that is open, and its lock says that the run is alive.
//!
//! So the calls of a run that was killed are found wherever the audit file went since.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    ids::RunId,
    line::OpenCall,
    slot_file::{SLOT_BYTES, SlotFile},
};

/// The most calls that are open at once. A server runs fewer.
const MAX_SLOTS: usize = 1024;

/// How often the file is created if another run removes it at once.
const MAX_ATTEMPTS: usize = 8;

/// The most files of other runs that are looked at in one start.
const MAX_RUNS: usize = 256;

/// The file of this run. Dropped, it stays, and the next start marks its open calls.
pub(super) struct RunFile {
    slots: SlotFile,
    /// Each open call.
    open: HashMap<String, HeldCall>,
    free: BTreeSet<usize>,
}

/// An open call.
struct HeldCall {
    slot: usize,
    /// Its line, to be written anew if somebody removes or cuts the file.
    line: Box<[u8]>,
}

/// The file of a run that has ended without removing it, locked.
pub(super) struct DeadRun {
    _lock: File,
    path: PathBuf,
    /// The calls that were open.
    pub(super) calls: Vec<OpenCall>,
}

impl RunFile {
    /// Creates and locks the file of a run of the audit at `audit`.
    pub(super) fn create(audit: &Path, run: &RunId) -> io::Result<Self> {
        Ok(Self {
            slots: create_slots(audit, run)?,
            open: HashMap::new(),
            free: (0..MAX_SLOTS).collect(),
        })
    }

    /// Writes the file anew if somebody has removed, replaced or cut it.
    ///
    /// # Errors
    /// If that fails; it is tried again the next time.
    pub(super) fn restore(&mut self, audit: &Path, run: &RunId) -> io::Result<()> {
        if self.slots.is_intact() {
            return Ok(());
        }
        if !self.slots.is_there() {
            self.slots = create_slots(audit, run)?;
        }
        let mut open: Vec<_> = self.open.values().collect();
        open.sort_unstable_by_key(|held| held.slot);
        let open = open.iter().map(|held| (held.slot, &*held.line));
        self.slots.rewrite(open)
    }

    /// Holds the line of a call until it is closed.
    pub(super) fn hold(&mut self, id: &str, line: &[u8]) -> io::Result<()> {
        if line.len() > SLOT_BYTES {
            return Err(io::Error::other("a line is too long"));
        }
        let slot = match self.open.get(id) {
            Some(held) => held.slot,
            None => {
                let free = self.free.pop_first();
                free.ok_or_else(|| io::Error::other("too many calls are open"))?
            }
        };
        let held = HeldCall {
            slot,
            line: line.into(),
        };
        self.open.insert(id.to_owned(), held);
        self.slots.write(slot, line)
    }

    /// Whether most of the calls that can be held are.
    pub(super) fn is_crowded(&self) -> bool {
        self.free.len() < MAX_SLOTS / 2
    }

    /// Forgets a call.
    pub(super) fn close(&mut self, id: &str) -> io::Result<()> {
        let Some(HeldCall { slot, .. }) = self.open.remove(id) else {
            return Ok(());
        };
        self.free.insert(slot);
        // What does not begin like a line is none.
        self.slots.write(slot, b"\n")
    }

    /// Ends the run in order; returns the calls that are still open.
    pub(super) fn end(self) -> DeadRun {
        let mut open: Vec<_> = self.open.into_values().collect();
        open.sort_unstable_by_key(|held| held.slot);
        let calls = open.iter().filter_map(|held| OpenCall::parse(&held.line));
        let calls = calls.collect();
        let (lock, path) = self.slots.into_parts();
        DeadRun {
            _lock: lock,
            path,
            calls,
        }
    }
}

/// Creates and locks the file of a run of the audit at `audit`. A run that started between
/// its creation and its lock takes it for dead and removes it.
fn create_slots(audit: &Path, run: &RunId) -> io::Result<SlotFile> {
    let mut name = prefix(audit);
    name.push(run.as_str());
    let path = audit.with_file_name(name);
    for _ in 0..MAX_ATTEMPTS {
        if let Some(created) = SlotFile::try_create(path.clone())? {
            return Ok(created);
        }
    }
    Err(io::Error::other(
        "the file of this run is removed again and again",
    ))
}

impl DeadRun {
    /// Removes the file: its calls are marked.
    pub(super) fn remove(self) -> io::Result<()> {
        match fs::remove_file(self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The runs of the audit at `audit` that have ended without removing their files.
pub(super) fn dead_runs(audit: &Path) -> io::Result<Vec<DeadRun>> {
    let folder = match audit.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let prefix = prefix(audit);
    let mut dead = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let of_run = name
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes());
        if !of_run.is_some_and(RunId::is_one) || dead.len() == MAX_RUNS {
            continue;
        }
        match dead_run(entry.path()) {
            Ok(run) => dead.extend(run),
            Err(error) => {
                let path = entry.path();
                tracing::warn!(%error, path = %path.display(), "calls of an earlier run cannot be marked");
            }
        }
    }
    Ok(dead)
}

/// The run of a file, unless it is alive.
fn dead_run(path: PathBuf) -> io::Result<Option<DeadRun>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
        options.custom_flags(flags.bits().cast_signed());
    }
    let mut file = match options.open(&path) {
        // Another start has marked its calls.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    if !is_linked(&file) {
        return Ok(None);
    }
    Ok(Some(DeadRun {
        calls: calls(&mut file)?,
        _lock: file,
        path,
    }))
}

/// The calls that are open in the file of a run.
fn calls(file: &mut File) -> io::Result<Vec<OpenCall>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    let max_bytes = (MAX_SLOTS * SLOT_BYTES) as u64;
    file.take(max_bytes).read_to_end(&mut bytes)?;
    let slots = bytes.chunks(SLOT_BYTES);
    let lines = slots.filter_map(|slot| slot.split(|byte| *byte == b'\n').next());
    Ok(lines.filter_map(OpenCall::parse).collect())
}

/// How the names of these files begin. They are hidden, so that no pattern that rotates the
/// audit matches them.
fn prefix(audit: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(audit.file_name().unwrap_or_default());
    prefix.push(".run-");
    prefix
}

#[cfg(unix)]
fn is_linked(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|file| file.nlink() > 0)
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_linked(_file: &File) -> bool {
    true
}
