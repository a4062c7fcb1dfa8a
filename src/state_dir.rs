//! The state directory of the program.

use std::{
    env,
    fs::DirBuilder,
    io,
    path::{Path, PathBuf},
};

/// `whatsapp-guard` in the XDG state directory; `None` without a home directory.
pub fn directory() -> Option<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("whatsapp-guard"))
}

/// Creates a directory and missing parents with mode 0700. An existing directory keeps its
/// mode.
///
/// # Errors
/// If it cannot be created.
pub fn create(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Who besides its owner may write a file or folder, in words with its mode; `None` for
/// nobody, for a folder in which only owners replace their files, and for what does not
/// exist.
#[cfg(unix)]
pub fn other_writers(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    let mode = metadata.mode() & 0o7777;
    if metadata.is_dir() && mode & STICKY != 0 {
        return None;
    }
    match (mode & 0o002, mode & 0o020) {
        (0, 0) => None,
        (0, _) => Some(format!("its group may write it (mode {mode:o})")),
        _ => Some(format!("others may write it (mode {mode:o})")),
    }
}

/// Who besides its owner may read a file, in words with its mode; `None` for nobody, and for
/// what does not exist.
#[cfg(unix)]
pub fn other_readers(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let mode = std::fs::metadata(path).ok()?.mode() & 0o7777;
    match (mode & 0o004, mode & 0o040) {
        (0, 0) => None,
        (0, _) => Some(format!("its group may read it (mode {mode:o})")),
        _ => Some(format!("others may read it (mode {mode:o})")),
    }
}

/// Elsewhere access is not a matter of modes.
#[cfg(not(unix))]
pub fn other_readers(_path: &Path) -> Option<String> {
    None
}

/// Elsewhere access is not a matter of modes.
#[cfg(not(unix))]
pub fn other_writers(_path: &Path) -> Option<String> {
    None
}

/// In a folder with this bit, only owners rename and remove their files.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

/// Checks that nobody but owners and their groups can change a file or put another one in
/// its place: neither the file nor a folder on the way to it may be writable for others. A
/// file system that is mounted to be read only can be changed by nobody.
///
/// # Errors
/// What others may write, and how to change that.
#[cfg(unix)]
pub fn check_not_for_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let for_others = |path: &Path| -> Option<u32> {
        let metadata = std::fs::metadata(path).ok()?;
        let mode = metadata.mode() & 0o7777;
        let shared = match (metadata.is_file(), metadata.is_dir()) {
            (true, _) => mode & 0o002 != 0,
            (_, true) => mode & 0o002 != 0 && mode & STICKY == 0,
            (false, false) => false,
        };
        (shared && !is_read_only(path)).then_some(mode)
    };
    let chmod = |path: &Path| format!("Run `chmod o-w {}`.", path.display());
    if let Some(mode) = for_others(path) {
        return Err(io::Error::other(format!(
            "others may write it (mode {mode:o}). {}",
            chmod(path)
        )));
    }
    // A link on the way stands in a folder of its own.
    let ways = [std::path::absolute(path).ok(), path.canonicalize().ok()];
    for way in ways.iter().flatten() {
        for folder in way.ancestors().skip(1) {
            if let Some(mode) = for_others(folder) {
                return Err(io::Error::other(format!(
                    "others may replace it, since they may write the folder `{}` (mode {mode:o}). {}",
                    folder.display(),
                    chmod(folder)
                )));
            }
        }
    }
    Ok(())
}

/// Elsewhere access is not a matter of modes.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn check_not_for_others(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_read_only(path: &Path) -> bool {
    rustix::fs::statvfs(path)
        .is_ok_and(|disk| disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}
