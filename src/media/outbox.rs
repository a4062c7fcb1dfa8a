//! Reads files from the outbox folder.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path},
};

use super::{LoadError, MediaRules, RawMedia};

/// Reads a regular file in the outbox or in a folder below it.
pub(super) async fn read(path: &str, rules: &MediaRules) -> Result<RawMedia, LoadError> {
    let outbox = rules.outbox.clone().ok_or(LoadError::NoOutbox)?;
    let (path, max_bytes) = (path.to_owned(), rules.max_bytes);
    tokio::task::spawn_blocking(move || read_now(&outbox, Path::new(&path), max_bytes))
        .await
        .map_err(|_| unusable("it cannot be read"))?
}

fn read_now(outbox: &Path, path: &Path, max_bytes: usize) -> Result<RawMedia, LoadError> {
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
    let limit = max_bytes as u64;
    let mut bytes = Vec::new();
    if metadata.len() <= limit {
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| read_error(&error))?;
    }
    if metadata.len() > limit || bytes.len() > max_bytes {
        return Err(LoadError::TooLarge(max_bytes));
    }
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(RawMedia {
        bytes,
        declared: None,
        name: name.map(str::to_owned),
    })
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
        _ => "it cannot be read",
    })
}

fn unusable(why: &'static str) -> LoadError {
    LoadError::File(why)
}
