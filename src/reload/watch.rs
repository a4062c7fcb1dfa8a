//! Watches files through the folders that contain them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::Sender},
};

use super::{debounce::Trigger, watch_paths};
use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};

/// Watches a set of files.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    watched: Arc<Mutex<Watched>>,
}

/// The paths whose events matter.
#[derive(Default)]
struct Watched {
    entries: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches nothing yet; sends [`Trigger::Change`] for each change of a watched file.
    ///
    /// # Errors
    /// If the operating system cannot watch files.
    pub(super) fn new(changes: Sender<Trigger>) -> notify::Result<Self> {
        let watched = Arc::new(Mutex::new(Watched::default()));
        let inner = watched.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.map_or(true, |event| lock(&inner).concerns(&event)) {
                // Fails only if nobody reloads any more.
                let _ = changes.send(Trigger::Change);
            }
        })?;
        Ok(Self { watcher, watched })
    }

    /// Watches these files from now on, and no others. A read after this call misses no
    /// change.
    ///
    /// Each folder is watched anew, since another folder may have its name by now.
    ///
    /// # Errors
    /// The first error of a folder that cannot be watched; the others are watched.
    pub(super) fn set(&mut self, files: &[PathBuf]) -> notify::Result<()> {
        let entries: BTreeSet<PathBuf> = files
            .iter()
            .flat_map(|file| watch_paths::entries(file))
            .collect();
        let folders: BTreeSet<PathBuf> = entries
            .iter()
            .filter_map(|entry| entry.parent().map(Path::to_owned))
            .collect();
        let before = {
            let mut watched = lock(&self.watched);
            watched.entries = entries;
            std::mem::replace(&mut watched.folders, folders.clone())
        };
        for folder in before {
            // Fails for a folder that was removed.
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

impl Watched {
    fn concerns(&self, event: &Event) -> bool {
        let changes = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            // Our own reads must not trigger a reload.
            EventKind::Access(_) => false,
            _ => true,
        };
        let known = |path: &PathBuf| self.entries.contains(path) || self.folders.contains(path);
        changes && (event.need_rescan() || event.paths.iter().any(known))
    }
}

fn lock(watched: &Mutex<Watched>) -> MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}
