//! Folders, watched by inotify.
//!
//! Only what ends a change is asked for: a file that is closed, not each write to it. The
//! audit may be in the folder of the policy, and a line in it wakes nobody.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    io,
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags},
    io::Errno,
};

use super::lock;

/// The bytes of events that are read at once; one takes at most 272.
const EVENT_BYTES: usize = 4096;

/// The folders by the descriptors of their watches. Two names of one folder have one watch.
type WatchedFolders = BTreeMap<i32, BTreeSet<PathBuf>>;

/// Watches a set of folders.
pub(super) struct InotifyFolders {
    inotify: Arc<OwnedFd>,
    folders: Arc<Mutex<WatchedFolders>>,
}

impl InotifyFolders {
    /// Watches nothing yet. Calls `changed` with the path of each change, or without one if
    /// changes may have been missed, on a thread of its own.
    ///
    /// # Errors
    /// If the operating system cannot watch files.
    pub(super) fn new<E>(
        changed: impl Fn(Option<&Path>) -> Result<(), E> + Send + 'static,
    ) -> io::Result<Self> {
        let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
        let folders = Arc::new(Mutex::new(WatchedFolders::new()));
        let (events, watched) = (inotify.clone(), folders.clone());
        thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || follow(&events, &watched, &changed))?;
        Ok(Self { inotify, folders })
    }

    /// Watches these folders from now on, and no others.
    ///
    /// # Errors
    /// The first error of a folder that cannot be watched; the others are watched.
    pub(super) fn set(&mut self, folders: BTreeSet<PathBuf>) -> io::Result<()> {
        let kinds = WatchFlags::CLOSE_WRITE
            | WatchFlags::ATTRIB
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        // Events are looked up only when all watches are known.
        let mut known = lock(&self.folders);
        let (mut watched, mut outcome) = (WatchedFolders::new(), Ok(()));
        for folder in folders {
            match inotify::add_watch(&self.inotify, &folder, kinds) {
                Ok(watch) => {
                    watched.entry(watch).or_default().insert(folder);
                }
                Err(error) => outcome = outcome.and(Err(error.into())),
            }
        }
        for watch in known.keys().filter(|watch| !watched.contains_key(watch)) {
            // Fails for a folder that was removed.
            let _ = inotify::remove_watch(&self.inotify, *watch);
        }
        *known = watched;
        outcome
    }
}

/// Reads events until nobody wants to know of changes any more.
fn follow<E>(
    inotify: &OwnedFd,
    folders: &Mutex<WatchedFolders>,
    changed: &impl Fn(Option<&Path>) -> Result<(), E>,
) {
    let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
    let mut events = Reader::new(inotify, &mut buffer);
    loop {
        let told = match events.next() {
            Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => changed(None),
            Ok(event) => {
                let name = event
                    .file_name()
                    .map(|name| OsStr::from_bytes(name.to_bytes()));
                let folders = lock(folders).get(&event.wd()).cloned().unwrap_or_default();
                folders.iter().try_for_each(|folder| match name {
                    Some(name) => changed(Some(&folder.join(name))),
                    None => changed(Some(folder)),
                })
            }
            Err(Errno::INTR) => Ok(()),
            Err(_) => return,
        };
        if told.is_err() {
            return;
        }
    }
}
