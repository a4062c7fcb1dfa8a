//! Saving in the inbox: under a name of our own, over nothing, through no link.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{ReceiveError, hexadecimal, kind};

/// A file's name in the inbox: made of its content alone, whatever its sender called it.
pub(super) fn name(sha256: &str, mime: &str) -> String {
    let digest = sha256.get(..24).unwrap_or(sha256);
    format!("whatsapp-{digest}.{}", kind::extension(mime))
}

/// A new file for its owner alone, which is gone when it is dropped.
pub(super) fn part(inbox: &Path) -> Result<NamedTempFile, ReceiveError> {
    tempfile::Builder::new()
        .prefix(".whatsapp-")
        .suffix(".part")
        .tempfile_in(inbox)
        .map_err(|error| unsaved(&error))
}

/// Gives a file its name, unless something of that name is there already.
pub(super) fn place(
    file: NamedTempFile,
    path: PathBuf,
    size: u64,
    sha256: &str,
) -> Result<PathBuf, ReceiveError> {
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(path),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {
            match holds(&path, size, sha256) {
                Ok(true) => Ok(path),
                Ok(false) | Err(_) => Err(ReceiveError::Unsaved(
                    "something else has its name there, and nothing is overwritten",
                )),
            }
        }
        Err(refused) => Err(unsaved(&refused.error)),
    }
}

/// Whether a regular file holds this content; symbolic links are not followed.
fn holds(path: &Path, size: u64, sha256: &str) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut file = open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() != size {
        return Ok(false);
    }
    let mut hash = Sha256::new();
    let mut batch = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut batch)?;
        match batch.get(..count) {
            Some(read) if !read.is_empty() => hash.update(read),
            _ => break,
        }
    }
    Ok(hexadecimal(&hash.finalize()) == sha256)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(openat(CWD, path, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Why nothing was saved; folders are never repeated.
pub(super) fn unsaved(error: &io::Error) -> ReceiveError {
    ReceiveError::Unsaved(match error.kind() {
        io::ErrorKind::NotFound => "the folder is not there",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "it may not be written to"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "there is no room left",
        _ => "it could not be written",
    })
}
