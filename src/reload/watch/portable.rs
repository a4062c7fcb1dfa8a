//! Folders, watched by what the operating system offers.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};

/// Watches a set of folders.
pub(super) struct PortableFolders {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
}

impl PortableFolders {
    /// Watches nothing yet. Calls `changed` with the path of each change, or without one if
    /// changes may have been missed.
    ///
    /// # Errors
    /// If the operating system cannot watch files.
    pub(super) fn new<E>(
        changed: impl Fn(Option<&Path>) -> Result<(), E> + Send + 'static,
    ) -> io::Result<Self> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error of `changed` means that nobody reloads any more.
            let _ = match &event {
                Ok(event) if event.need_rescan() => changed(None),
                Ok(event) if is_change(event) => {
                    event.paths.iter().try_for_each(|path| changed(Some(path)))
                }
                Ok(_) => Ok(()),
                Err(_) => changed(None),
            };
        });
        Ok(Self {
            watcher: watcher.map_err(io::Error::other)?,
            folders: BTreeSet::new(),
        })
    }

    /// Watches these folders from now on, and no others.
    ///
    /// # Errors
    /// The first error of a folder that cannot be watched; the others are watched.
    pub(super) fn set(&mut self, folders: BTreeSet<PathBuf>) -> io::Result<()> {
        for folder in &self.folders {
            // Fails for a folder that was removed.
            let _ = self.watcher.unwatch(folder);
        }
        let mut outcome = Ok(());
        for folder in &folders {
            let watched = self.watcher.watch(folder, RecursiveMode::NonRecursive);
            outcome = outcome.and(watched.map_err(io::Error::other));
        }
        self.folders = folders;
        outcome
    }
}

fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        // Our own reads must not trigger a reload.
        EventKind::Access(_) => false,
        _ => true,
    }
}
