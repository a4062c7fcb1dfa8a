//! Saves files in the inbox folder: under a name made from their content, without
//! overwriting and without following links.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{ReceiveError, mime};
use crate::text::hex;

/// A file's name in the inbox. It depends on the content only, not on the sender.
pub(super) fn file_name(sha256: &str, mime: &str) -> String {
    let digest = sha256.get(..24).unwrap_or(sha256);
    format!("whatsapp-{digest}.{}", mime::extension(mime))
}

/// A new temporary file that only its owner can read. It is deleted on drop.
pub(super) fn temporary_file(inbox: &Path) -> Result<NamedTempFile, ReceiveError> {
    tempfile::Builder::new()
        .prefix(".whatsapp-")
        .suffix(".part")
        .tempfile_in(inbox)
        .map_err(|error| save_error(&error))
}

/// Renames a temporary file to its final name, and returns the path. A file with that
/// name and the same content is reused.
///
/// # Errors
/// If something else has the name, or if the folder cannot be written to.
pub(super) fn persist(
    file: NamedTempFile,
    path: PathBuf,
    size: u64,
    sha256: &str,
) -> Result<PathBuf, ReceiveError> {
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(path),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {
            match has_content(&path, size, sha256) {
                Ok(true) => Ok(path),
                Ok(false) | Err(_) => Err(ReceiveError::NotSaved(
                    "another file has its name, and nothing is overwritten",
                )),
            }
        }
        Err(refused) => Err(save_error(&refused.error)),
    }
}

/// Whether a path is a regular file with this content. Symbolic links are not followed.
fn has_content(path: &Path, size: u64, sha256: &str) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut file = open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() != size {
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
    Ok(hex(&hash.finalize()) == sha256)
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

/// The error of a file operation in the inbox, without the path.
pub(super) fn save_error(error: &io::Error) -> ReceiveError {
    ReceiveError::NotSaved(match error.kind() {
        io::ErrorKind::NotFound => "the folder does not exist",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "this server has no permission to write to it"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full",
        _ => "it cannot be written to",
    })
}
