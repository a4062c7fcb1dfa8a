//! Hearing of changes to files through the folders that they are in.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    bell::{Bell, Cause},
    way,
};
use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};

/// Hears of changes to some files.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    heard: Arc<Mutex<Heard>>,
}

/// What is listened for.
#[derive(Default)]
struct Heard {
    entries: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    /// Rings when something has changed; however often that is, it rings once.
    pub(super) fn new(bell: Bell) -> notify::Result<Self> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let inner = heard.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.map_or(true, |event| lock(&inner).concerns(&event)) {
                bell.ring(Cause::Change);
            }
        })?;
        Ok(Self { watcher, heard })
    }

    /// Watches these files from now on, and no others.
    ///
    /// Each folder is taken anew, since another one may have its name by now. Whoever
    /// reads the files afterwards misses nothing.
    pub(super) fn set(&mut self, files: &[PathBuf]) -> notify::Result<()> {
        let entries: BTreeSet<PathBuf> = files.iter().flat_map(|file| way::entries(file)).collect();
        let folders: BTreeSet<PathBuf> = entries
            .iter()
            .filter_map(|entry| entry.parent().map(Path::to_owned))
            .collect();
        let before = {
            let mut heard = lock(&self.heard);
            heard.entries = entries;
            std::mem::replace(&mut heard.folders, folders.clone())
        };
        for folder in before {
            // One that is gone is watched no more.
            let _ = self.watcher.unwatch(&folder);
        }
        let mut outcome = Ok(());
        for folder in folders {
            let watched = self.watcher.watch(&folder, RecursiveMode::NonRecursive);
            outcome = outcome.and(watched);
        }
        outcome
    }
}

impl Heard {
    fn concerns(&self, event: &Event) -> bool {
        let changes = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            // Reading the files would ring again.
            EventKind::Access(_) => false,
            _ => true,
        };
        let known = |path: &PathBuf| self.entries.contains(path) || self.folders.contains(path);
        changes && (event.need_rescan() || event.paths.iter().any(known))
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
