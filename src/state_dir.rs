//! Where the program keeps what has to outlive it.

use std::{
    env,
    fs::DirBuilder,
    io,
    path::{Path, PathBuf},
};

/// `whatsapp-guard` below the XDG state directory; none without a home directory.
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

/// Makes a directory, and those above it, for its owner alone; one that is there stays
/// as it is.
///
/// # Errors
/// When it cannot be made.
pub fn make(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
