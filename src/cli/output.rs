//! Output: reports and tables to standard output, files, and logs to standard error.

use std::{
    env, fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use tempfile::NamedTempFile;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{CliError, terminal};
use crate::stderr::Stderr;

/// Standard output; colours are removed where it is not a terminal.
pub(super) type Out = anstream::AutoStream<io::StdoutLock<'static>>;

pub(super) fn stdout() -> Out {
    anstream::AutoStream::auto(io::stdout().lock())
}

/// Prints a report: as indented JSON with `--json`, otherwise as `text` writes it.
pub(super) fn print(
    json: bool,
    report: &impl Serialize,
    text: impl FnOnce(&mut Out) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = stdout();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        return writeln!(out);
    }
    text(&mut out)
}

/// Exit code 0 for `true`, 1 for `false`.
pub(super) fn exit(success: bool) -> ExitCode {
    if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The style for text in a colour.
pub(super) const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

/// Writes rows with aligned columns. The last column is not padded; a cell may have a
/// style.
pub(super) fn table<const N: usize>(
    out: &mut impl Write,
    rows: &[[(String, Style); N]],
) -> io::Result<()> {
    let mut widths = [0; N];
    for row in rows {
        for (width, (text, _)) in widths.iter_mut().zip(row) {
            *width = text.len().max(*width);
        }
    }
    for row in rows {
        for (index, (width, (text, style))) in widths.iter().zip(row).enumerate() {
            let gap = if index > 0 { "  " } else { "" };
            let width = if index + 1 < N { *width } else { 0 };
            write!(out, "{gap}{style}{text:width$}{style:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The columns of output that is no terminal, and the bounds of any width.
const DEFAULT_COLUMNS: usize = 100;
const MIN_COLUMNS: usize = 60;
const MAX_COLUMNS: usize = 200;

/// How many columns text for people may take: what `COLUMNS` says, or else the width of the
/// terminal.
pub(super) fn columns() -> usize {
    let set = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    set.or_else(terminal::columns)
        .unwrap_or(DEFAULT_COLUMNS)
        .clamp(MIN_COLUMNS, MAX_COLUMNS)
}

/// Breaks text at blanks. The first line has `begin` columns before it; further lines are
/// indented by `indent`.
pub(super) fn wrap(text: &str, begin: usize, indent: usize, columns: usize) -> String {
    let (mut wrapped, mut column) = (String::new(), begin);
    let mut is_first = true;
    for word in text.split(' ') {
        let length = word.chars().count();
        if !is_first && column + 1 + length > columns {
            wrapped += &format!("\n{:indent$}", "");
            column = indent;
        } else if !is_first {
            wrapped.push(' ');
            column += 1;
        }
        wrapped += word;
        column += length;
        is_first = false;
    }
    wrapped
}

/// Writes a whole file or nothing, and creates missing folders above it. An existing file
/// is replaced only with `force`.
///
/// # Errors
/// [`CliError::Usage`] if the path is a folder or the file exists, [`CliError::Failed`]
/// if it cannot be written.
pub(super) fn write_file(path: &Path, text: &str, force: bool) -> Result<(), CliError> {
    if path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/') {
        let message = format!("{} is a folder; name a file in it", path.display());
        return Err(CliError::Usage(message));
    }
    replace(path, text, force).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => already_exists(path),
        _ => CliError::Failed(format!("cannot write {}: {error}", path.display())),
    })
}

/// Fails if a file exists, with the option that replaces it.
///
/// # Errors
/// [`CliError::Usage`] if the file exists.
pub(super) fn refuse_existing(path: &Path) -> Result<(), CliError> {
    match path.exists() {
        true => Err(already_exists(path)),
        false => Ok(()),
    }
}

fn already_exists(path: &Path) -> CliError {
    let path = path.display();
    CliError::Usage(format!("{path} already exists; --force replaces it"))
}

fn replace(path: &Path, text: &str, force: bool) -> io::Result<()> {
    // A symbolic link stays; its target is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|error| {
        io::Error::other(format!("cannot create {}: {error}", folder.display()))
    })?;
    let mut builder = tempfile::Builder::new();
    // The permissions of any new file: everything that the umask allows.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut new: NamedTempFile = builder.tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    if force {
        new.persist(path)?;
    } else {
        new.persist_noclobber(path)?;
    }
    Ok(())
}

/// Logs to standard error, at the level in `WHATSAPP_GUARD_LOG` (default: `warn`).
///
/// Only this crate logs: libraries would log what passes through them, which may be
/// somebody's message.
pub(super) fn log_to_stderr() {
    let level = env::var("WHATSAPP_GUARD_LOG")
        .ok()
        // The parser takes an empty text for `error`; an empty variable counts as unset.
        .filter(|level| !level.trim().is_empty())
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::WARN);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| Stderr)
        .with_ansi(false)
        // It would report a closed standard error on standard error, and panic.
        .log_internal_errors(false)
        .with_filter(Targets::new().with_target(env!("CARGO_CRATE_NAME"), level));
    // In tests a second call keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
