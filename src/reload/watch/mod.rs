//! Watches files through the folders that contain them.

#[cfg(target_os = "linux")]
mod inotify;
#[cfg(not(target_os = "linux"))]
mod portable;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::Sender},
};

use super::{debounce::Trigger, watch_paths};
#[cfg(target_os = "linux")]
use inotify::InotifyFolders as FolderWatcher;
#[cfg(not(target_os = "linux"))]
use portable::PortableFolders as FolderWatcher;

/// Watches a set of files.
pub(super) struct Watch {
    watcher: FolderWatcher,
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
    pub(super) fn new(changes: Sender<Trigger>) -> io::Result<Self> {
        let watched = Arc::new(Mutex::new(Watched::default()));
        let inner = watched.clone();
        let watcher = FolderWatcher::new(move |changed: Option<&Path>| {
            if changed.is_some_and(|path| !lock(&inner).concerns(path)) {
                return Ok(());
            }
            changes.send(Trigger::Change)
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
    pub(super) fn set(&mut self, files: &[PathBuf]) -> io::Result<()> {
        let entries: BTreeSet<PathBuf> = files
            .iter()
            .flat_map(|file| watch_paths::entries(file))
            .collect();
        let folders: BTreeSet<PathBuf> = entries
            .iter()
            .filter_map(|entry| entry.parent().map(Path::to_owned))
            .collect();
        {
            let mut watched = lock(&self.watched);
            watched.entries = entries;
            watched.folders.clone_from(&folders);
        }
        self.watcher.set(folders)
    }
}

impl Watched {
    fn concerns(&self, path: &Path) -> bool {
        self.entries.contains(path) || self.folders.contains(path)
    }
}

fn lock<T>(watched: &Mutex<T>) -> MutexGuard<'_, T> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}
