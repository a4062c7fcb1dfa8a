//! What goes where: answers to standard output, logs to standard error.

use std::{env, io};

use serde::Serialize;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Standard output, with colours only where they can be seen.
pub(super) fn stdout() -> anstream::AutoStream<io::StdoutLock<'static>> {
    anstream::AutoStream::auto(io::stdout().lock())
}

/// A value as indented JSON with a line end.
pub(super) fn write_json(out: &mut impl io::Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// Logs to standard error, at the level that `WHATSAPP_GUARD_LOG` names.
///
/// Only this crate speaks: libraries would log what passes through them, and that
/// may be anybody's message.
pub(super) fn log_to_stderr() {
    let level = env::var("WHATSAPP_GUARD_LOG")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::WARN);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_filter(Targets::new().with_target(env!("CARGO_CRATE_NAME"), level));
    // A second call, as in tests, keeps the first.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
