//! Reading from the outbox.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path},
};

use super::{LoadError, MediaRules, SourceFile};

/// Reads a regular file below the outbox.
pub(super) async fn read(path: &str, rules: &MediaRules) -> Result<SourceFile, LoadError> {
    let outbox = rules.outbox.clone().ok_or(LoadError::NoOutbox)?;
    let (path, max_bytes) = (path.to_owned(), rules.max_bytes);
    tokio::task::spawn_blocking(move || read_now(&outbox, Path::new(&path), max_bytes))
        .await
        .map_err(|_| unusable("it could not be read"))?
}

fn read_now(outbox: &Path, path: &Path, max_bytes: usize) -> Result<SourceFile, LoadError> {
    let below = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !path.components().all(below) {
        return Err(unusable("its path has to be relative, without `..`"));
    }
    let outbox = fs::canonicalize(outbox).map_err(|_| unusable("the outbox is not there"))?;
    let real = fs::canonicalize(outbox.join(path)).map_err(|error| unread(&error))?;
    let Ok(inside) = real.strip_prefix(&outbox) else {
        return Err(unusable("it lies outside the outbox"));
    };
    let file = open(&outbox, inside).map_err(|error| unread(&error))?;
    // Asked of the open file: what stands at the path may be another by now.
    let about = file.metadata().map_err(|error| unread(&error))?;
    if !about.is_file() {
        return Err(unusable("it is no regular file"));
    }
    let most = max_bytes as u64;
    let mut bytes = Vec::new();
    if about.len() <= most {
        file.take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| unread(&error))?;
    }
    if about.len() > most || bytes.len() > max_bytes {
        return Err(LoadError::TooLarge(max_bytes));
    }
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(SourceFile {
        bytes,
        declared: None,
        name: name.map(str::to_owned),
    })
}

/// Opens a file below a folder step by step, through no symbolic link: a folder that
/// is exchanged for one after the look at the path leads nowhere.
#[cfg(unix)]
fn open(outbox: &Path, inside: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut at = openat(CWD, outbox, folder, Mode::empty())?;
    for part in inside.parent().into_iter().flat_map(Path::components) {
        at = openat(&at, part.as_os_str(), folder, Mode::empty())?;
    }
    let name = inside.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    // A pipe would wait for its writer without the last of these.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    Ok(openat(&at, name, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open(outbox: &Path, inside: &Path) -> io::Result<File> {
    File::open(outbox.join(inside))
}

fn unread(error: &io::Error) -> LoadError {
    unusable(match error.kind() {
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::PermissionDenied => "it may not be read",
        io::ErrorKind::IsADirectory => "it is no regular file",
        _ => "it could not be read",
    })
}

fn unusable(why: &str) -> LoadError {
    LoadError::File(why.to_owned())
}
