//! A file of slots of one size, which is locked while it is open.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::PathBuf,
};

use super::identity::Identity;

/// The bytes of a slot.
pub(super) const SLOT_BYTES: usize = 4096;

/// A file that somebody else may remove, replace or cut at any time.
pub(super) struct SlotFile {
    file: File,
    identity: Identity,
    path: PathBuf,
    /// How long it is, unless somebody has cut it.
    length: u64,
}

impl SlotFile {
    /// Creates, empties and locks the file at a path. `None` if somebody else holds it, or has
    /// removed it meanwhile.
    pub(super) fn try_create(path: PathBuf) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.write(true).read(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // Whatever somebody has put in its place is not ours.
        file.set_len(0)?;
        let created = Self {
            identity: Identity::of(&file.metadata()?),
            file,
            path,
            length: 0,
        };
        Ok(Some(created).filter(Self::is_there))
    }

    /// Whether it is at its path.
    pub(super) fn is_there(&self) -> bool {
        self.found().is_some()
    }

    /// Whether it is at its path, and nobody has cut it.
    pub(super) fn is_intact(&self) -> bool {
        self.found().is_some_and(|length| length >= self.length)
    }

    /// Its length at its path, if it is there.
    fn found(&self) -> Option<u64> {
        let found = fs::symlink_metadata(&self.path).ok()?;
        (Identity::of(&found) == self.identity).then_some(found.len())
    }

    /// Writes at the beginning of a slot.
    pub(super) fn write(&mut self, slot: usize, bytes: &[u8]) -> io::Result<()> {
        let position = (slot * SLOT_BYTES) as u64;
        write_at(&mut self.file, position, bytes)?;
        self.length = self.length.max(position + bytes.len() as u64);
        Ok(())
    }

    /// Writes these slots, in their order. A file of which not all can be written is not
    /// intact.
    pub(super) fn rewrite<'a>(
        &mut self,
        slots: impl DoubleEndedIterator<Item = (usize, &'a [u8])> + Clone,
    ) -> io::Result<()> {
        let last = slots.clone().next_back();
        self.length = last.map_or(0, |(slot, bytes)| (slot * SLOT_BYTES + bytes.len()) as u64);
        let mut slots = slots;
        slots.try_for_each(|(slot, bytes)| self.write(slot, bytes))
    }

    /// The lock, and where the file is.
    pub(super) fn into_parts(self) -> (File, PathBuf) {
        (self.file, self.path)
    }
}

#[cfg(unix)]
fn write_at(file: &mut File, position: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

#[cfg(not(unix))]
fn write_at(file: &mut File, position: u64, bytes: &[u8]) -> io::Result<()> {
    use io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(position))?;
    file.write_all(bytes)
}
