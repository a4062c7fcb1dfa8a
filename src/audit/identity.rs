//! Which file one is, whatever its name.

use std::fs::Metadata;

/// The device and the number of a file on it. Elsewhere an open file can be neither renamed
/// nor removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: found.dev(),
            inode: found.ino(),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn of(_found: &Metadata) -> Self {
        Self {}
    }
}
