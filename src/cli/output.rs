//! What goes where: answers to standard output, logs to standard error.

use std::{env, fs, io, io::Write, path::Path};

use serde::Serialize;
use tempfile::NamedTempFile;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::CliError;

/// Standard output, with colours only where they can be seen.
pub(super) fn stdout() -> anstream::AutoStream<io::StdoutLock<'static>> {
    anstream::AutoStream::auto(io::stdout().lock())
}

/// A value as indented JSON with a line end.
pub(super) fn write_json(out: &mut impl io::Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// Writes a whole file or nothing; what is there already stays unless `force`.
pub(super) fn write_file(path: &Path, text: &str, force: bool) -> Result<(), CliError> {
    if path.is_dir() {
        let message = format!("{} is a folder; name a file in it", path.display());
        return Err(CliError::Usage(message));
    }
    // A link is kept, and what it leads to replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // As any new file: the umask takes away from it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let written = builder.tempfile_in(folder).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        place(new, path, force)
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => CliError::Usage(format!(
            "{} is there already; --force replaces it",
            path.display()
        )),
        _ => CliError::Failed(format!("{} cannot be written: {error}", path.display())),
    })
}

fn place(new: NamedTempFile, path: &Path, force: bool) -> io::Result<()> {
    let placed = if force {
        new.persist(path)
    } else {
        new.persist_noclobber(path)
    };
    placed.map(drop).map_err(|failed| failed.error)
}

/// Logs to standard error, at the level that `WHATSAPP_GUARD_LOG` names.
///
/// Only this crate speaks: libraries would log what passes through them, and that
/// may be anybody's message.
pub(super) fn log_to_stderr() {
    let level = env::var("WHATSAPP_GUARD_LOG")
        .ok()
        // The parser takes an empty text for `error`; an empty variable counts as unset.
        .filter(|level| !level.trim().is_empty())
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::WARN);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_filter(Targets::new().with_target(env!("CARGO_CRATE_NAME"), level));
    // A second call, as in tests, keeps the first.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
