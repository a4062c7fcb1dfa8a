//! The file: made for its owner alone, and the same one at every call.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io,
    path::{self, Path, PathBuf},
};

use super::Trouble;

/// Where a ledger is, and which files were found there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    log: PathBuf,
    found: Option<(Identity, Identity)>,
}

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

impl Place {
    /// Makes the file and the folders above it where they are missing.
    pub(super) fn prepare(path: &Path) -> Result<Self, Trouble> {
        // SQLite reads a relative path that begins with `file:` as an address.
        let path = path::absolute(path)?;
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
            make_file(&path, folder)?;
        }
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_symlink() {
            return Err(Trouble::NotAFile("a symbolic link"));
        } else if kind.is_dir() {
            return Err(Trouble::NotAFile("a directory"));
        } else if !kind.is_file() {
            return Err(Trouble::NotAFile("a device"));
        }
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        Ok(Self {
            path,
            log: log.into(),
            found: None,
        })
    }

    /// Remembers which files are open now.
    pub(super) fn settle(&mut self) -> Result<(), Trouble> {
        self.found = Some((identity(&self.path)?, identity(&self.log)?));
        Ok(())
    }

    /// Whether the files at the path are still those that are open.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        let (Ok(file), Ok(log)) = (identity(&self.path), identity(&self.log)) else {
            return Err(Trouble::Replaced);
        };
        if self.found == Some((file, log)) {
            Ok(())
        } else {
            Err(Trouble::Replaced)
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    let about = fs::symlink_metadata(path)?;
    Ok((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::symlink_metadata(path).map(|_| ())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent();
    if let Some(above) = above {
        make_folder(above)?;
    }
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are of Unix"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        // Another process was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => above.map_or(Ok(()), keep_names),
    }
}

/// Never opens a file that is there: closing it would end the locks that SQLite holds
/// on it elsewhere in this process.
fn make_file(path: &Path, folder: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            keep_names(folder)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) if fs::symlink_metadata(path).is_ok() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the names in a folder last through a power failure.
#[cfg(unix)]
fn keep_names(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn keep_names(_: &Path) -> io::Result<()> {
    Ok(())
}
