//! The signal of a write beyond the limit on the size of files (`ulimit -f`).

/// Lets such a write fail with an error, like one to a full disk. Without a handler the
/// signal ends the program in the middle of a line.
///
/// Call it inside a runtime.
#[cfg(unix)]
pub(super) fn handle() {
    use tokio::signal::unix::{SignalKind, signal};

    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // The handler stays when the stream of signals is dropped.
    if let Err(error) = signal(kind) {
        tracing::warn!(%error, "cannot handle SIGXFSZ");
    }
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
pub(super) fn handle() {}
