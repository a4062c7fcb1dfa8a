//! The file of a ledger: created with mode 0600, and verified to be the same at every use.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io,
    path::{self, Path, PathBuf},
};

use super::{LedgerErrorKind, StoreResult};

/// The path of a ledger, and the identity of the files that are open.
#[derive(Debug)]
pub(super) struct LedgerFile {
    pub(super) path: PathBuf,
    log: PathBuf,
    opened: Option<(FileId, FileId)>,
}

#[cfg(unix)]
type FileId = (u64, u64);
#[cfg(not(unix))]
type FileId = ();

impl LedgerFile {
    /// Creates the file and missing folders above it.
    ///
    /// # Errors
    /// If the path is not a regular file, or cannot be created.
    pub(super) fn prepare(path: &Path) -> StoreResult<Self> {
        // SQLite reads a relative path that begins with `file:` as a URI.
        let path = path::absolute(path)?;
        if let Some(folder) = path.parent() {
            create_folder(folder)?;
            create_file(&path, folder)?;
        }
        let kind = fs::symlink_metadata(&path)?.file_type();
        if !kind.is_file() {
            return Err(LedgerErrorKind::NotAFile(match () {
                () if kind.is_symlink() => "a symbolic link",
                () if kind.is_dir() => "a directory",
                () => "a device",
            }));
        }
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        Ok(Self {
            path,
            log: log.into(),
            opened: None,
        })
    }

    /// Records the identity of the files, which SQLite has open now.
    pub(super) fn record_identity(&mut self) -> StoreResult<()> {
        self.opened = Some((identity(&self.path)?, identity(&self.log)?));
        Ok(())
    }

    /// Fails unless the path still names the files that are open.
    pub(super) fn verify(&self) -> StoreResult<()> {
        match (identity(&self.path), identity(&self.log)) {
            (Ok(file), Ok(log)) if self.opened == Some((file, log)) => Ok(()),
            _ => Err(LedgerErrorKind::Replaced),
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<FileId> {
    fs::symlink_metadata(path).map(|_| ())
}

fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent();
    if let Some(above) = above {
        create_folder(above)?;
    }
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        // Another process was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => above.map_or(Ok(()), sync_folder),
    }
}

/// Never opens an existing file: closing it would release the POSIX locks that SQLite holds
/// on it elsewhere in this process (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
fn create_file(path: &Path, folder: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            sync_folder(folder)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) if fs::symlink_metadata(path).is_ok() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the entries of a folder survive a power failure.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
