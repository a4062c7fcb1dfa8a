//! SIGHUP, with which an operator requests a reload.

use std::future::pending;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The stream of SIGHUP signals; it never yields where they cannot be handled.
pub(super) struct Sighup(#[cfg(unix)] Option<Signal>);

impl Sighup {
    /// Handles the signal from now on; without a handler it ends the program.
    pub(super) fn handle() -> Self {
        #[cfg(unix)]
        let handled = signal(SignalKind::hangup())
            .inspect_err(|error| tracing::warn!(%error, "cannot handle SIGHUP"));
        Self(
            #[cfg(unix)]
            handled.ok(),
        )
    }

    /// Waits for the next signal.
    pub(super) async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        pending().await
    }
}
