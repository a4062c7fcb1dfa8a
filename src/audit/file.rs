//! The file that lines are appended to.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::identity::Identity;
use crate::state_dir;

/// With less free disk space than this, or less below the limit on the size of files, calls
/// that have to be audited are refused.
#[cfg(unix)]
const MIN_FREE_BYTES: u64 = 256 * 1024;

/// The audit file. It is opened at the first use, and again after it was renamed, removed
/// or replaced.
pub(super) struct AuditFile {
    path: PathBuf,
    open: Option<OpenFile>,
}

struct OpenFile {
    file: File,
    identity: Identity,
    /// Its bytes when it was looked at last.
    length: u64,
    /// So many bytes end with a whole line, as they did when they were written.
    whole: u64,
}

impl AuditFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file anew at the next use.
    pub(super) fn reopen(&mut self) {
        self.open = None;
    }

    /// Checks that a line can be written, as far as that is known before writing one.
    pub(super) fn ready(&mut self) -> io::Result<()> {
        let open = self.current()?;
        #[cfg(unix)]
        {
            let disk = rustix::fs::fstatvfs(&open.file)?;
            if disk.f_bavail.saturating_mul(disk.f_frsize) < MIN_FREE_BYTES {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
            let length = open.length;
            if limit.is_some_and(|limit| limit.saturating_sub(length) < MIN_FREE_BYTES) {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        #[cfg(not(unix))]
        let _ = open;
        Ok(())
    }

    /// Appends whole lines in one write. A line that somebody could not finish, because of a
    /// crash or a full disk, is ended first.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let open = self.current()?;
        let written = match open.is_torn()? {
            false => open.write(lines),
            true => open.write(&[b"\n", lines].concat()),
        };
        if written.is_err() {
            self.open = None;
        }
        written
    }

    /// The last bytes of the file, at most so many.
    pub(super) fn tail(&mut self, max_bytes: u64) -> io::Result<Vec<u8>> {
        let open = self.current()?;
        let mut bytes = Vec::new();
        let mut reader = open.file.try_clone()?;
        io::Seek::seek(
            &mut reader,
            io::SeekFrom::Start(open.length.saturating_sub(max_bytes)),
        )?;
        io::Read::read_to_end(&mut io::Read::take(reader, max_bytes), &mut bytes)?;
        Ok(bytes)
    }

    /// The file that is at the path at this moment.
    fn current(&mut self) -> io::Result<&mut OpenFile> {
        let found = std::fs::metadata(&self.path);
        let open = match (self.open.take(), found) {
            (Some(open), Ok(found)) if Identity::of(&found) == open.identity => OpenFile {
                length: found.len(),
                ..open
            },
            _ => OpenFile::new(&self.path)?,
        };
        Ok(self.open.insert(open))
    }
}

impl OpenFile {
    fn new(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        let found = file.metadata()?;
        Ok(Self {
            identity: Identity::of(&found),
            length: found.len(),
            whole: 0,
            file,
        })
    }

    /// Whether the last line has no newline.
    fn is_torn(&mut self) -> io::Result<bool> {
        use io::{Read, Seek, SeekFrom};
        if self.length == self.whole || self.length == 0 {
            return Ok(false);
        }
        let mut last = [b'\n'];
        self.file.seek(SeekFrom::End(-1))?;
        // It was cut meanwhile if there is nothing to read; then it has no torn line.
        let _ = self.file.read(&mut last)?;
        Ok(last != [b'\n'])
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        self.file.write_all(lines)?;
        // If another process wrote too, the length will be another.
        self.whole = self.length + lines.len() as u64;
        Ok(())
    }
}

/// What a file of this type is that cannot be an audit; `None` for a regular file.
fn unfit(kind: std::fs::FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => None,
        (false, true) => Some("a folder"),
        (false, false) => Some("no regular file"),
    }
}

/// Checks a path as [`Audit::check`](super::Audit::check) does.
pub(super) fn check(path: &Path) -> Result<(), &'static str> {
    let Ok(there) = std::fs::metadata(path) else {
        return Ok(());
    };
    match unfit(there.file_type()) {
        Some(kind) => Err(kind),
        None if is_standard_stream(&there) => Err("a standard stream of the server"),
        None => Ok(()),
    }
}

/// Whether a file is the standard input, output or error.
#[cfg(unix)]
fn is_standard_stream(file: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let streams = ["/dev/fd/0", "/dev/fd/1", "/dev/fd/2"];
    let mut streams = streams.iter().flat_map(std::fs::metadata);
    streams.any(|stream| (stream.dev(), stream.ino()) == (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn is_standard_stream(_file: &std::fs::Metadata) -> bool {
    false
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Read too, to see whether the last line is whole.
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A named pipe in its place must not block.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                state_dir::create(folder)?;
            }
            options.open(path)?
        }
        opened => opened?,
    };
    match unfit(file.metadata()?.file_type()) {
        None => Ok(file),
        Some(kind) => Err(io::Error::other(format!("it is {kind}"))),
    }
}
