//! Reads files from the outbox folder.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

use tokio::task::spawn_blocking;

use super::{LoadError, MediaRules, RawMedia, take};
use crate::shares::Share;

const UNREADABLE: &str = "it cannot be read";

/// Reads a regular file in the outbox or in a folder below it.
pub(super) async fn read(
    path: &str,
    rules: &MediaRules,
    room: &mut Share,
) -> Result<RawMedia, LoadError> {
    let outbox = rules.outbox.clone().ok_or(LoadError::NoOutbox)?;
    let (path, max_bytes) = (PathBuf::from(path), rules.max_bytes);
    let opening = spawn_blocking(move || open_file(&outbox, &path, max_bytes));
    let (file, length, name) = opening.await.map_err(|_| unusable(UNREADABLE))??;
    take(room, length)?;
    let reading = spawn_blocking(move || read_file(file, length));
    let bytes = reading.await.map_err(|_| unusable(UNREADABLE))??;
    Ok(RawMedia {
        bytes,
        declared: None,
        name,
    })
}

/// Opens a regular file. Returns it with its length in bytes and its name.
fn open_file(
    outbox: &Path,
    path: &Path,
    max_bytes: usize,
) -> Result<(File, usize, Option<String>), LoadError> {
    let below = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !path.components().all(below) {
        return Err(unusable("its path must be relative, without `..`"));
    }
    let outbox =
        fs::canonicalize(outbox).map_err(|_| unusable("the outbox folder does not exist"))?;
    let real = fs::canonicalize(outbox.join(path)).map_err(|error| read_error(&error))?;
    let Ok(inside) = real.strip_prefix(&outbox) else {
        return Err(unusable("it is outside of the outbox"));
    };
    let file = open(&outbox, inside).map_err(|error| read_error(&error))?;
    // Metadata of the open file: the path may lead to another file by now.
    let metadata = file.metadata().map_err(|error| read_error(&error))?;
    if !metadata.is_file() {
        return Err(unusable("it is not a regular file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&metadata) > 1 {
        // Its other name may be outside of the outbox.
        return Err(unusable("it has another name too (a hard link)"));
    }
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if length > max_bytes {
        return Err(LoadError::TooLarge(max_bytes));
    }
    let name = path.file_name().and_then(|name| name.to_str());
    Ok((file, length, name.map(str::to_owned)))
}

/// Reads a file of this length in bytes, and no more of one that grows meanwhile.
fn read_file(file: File, length: usize) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(&error))?;
    Ok(bytes)
}

/// Opens a file below a folder, one path component at a time and through no symbolic
/// link: if a folder is replaced by a link after the path was checked, opening fails.
#[cfg(unix)]
fn open(outbox: &Path, inside: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut at = openat(CWD, outbox, folder, Mode::empty())?;
    for part in inside.parent().into_iter().flat_map(Path::components) {
        at = openat(&at, part.as_os_str(), folder, Mode::empty())?;
    }
    let name = inside.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    // Without NONBLOCK, opening a pipe waits for its writer.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    Ok(openat(&at, name, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open(outbox: &Path, inside: &Path) -> io::Result<File> {
    File::open(outbox.join(inside))
}

fn read_error(error: &io::Error) -> LoadError {
    unusable(match error.kind() {
        io::ErrorKind::NotFound => "it does not exist",
        io::ErrorKind::PermissionDenied => "this server has no permission to read it",
        io::ErrorKind::IsADirectory => "it is not a regular file",
        _ => UNREADABLE,
    })
}

fn unusable(why: &'static str) -> LoadError {
    LoadError::File(why)
}
