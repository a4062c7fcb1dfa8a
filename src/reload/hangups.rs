//! SIGHUP, by which an operator asks for the files to be read again.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that come.
#[cfg(unix)]
pub(super) struct Hangups(Option<Signal>);

#[cfg(unix)]
impl Hangups {
    /// From now on the signal does not end the program.
    pub(super) fn new() -> Self {
        let signal = signal(SignalKind::hangup());
        if let Err(error) = &signal {
            tracing::warn!(%error, "SIGHUP cannot be heard");
        }
        Self(signal.ok())
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        let heard = match &mut self.0 {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// There are none here.
#[cfg(not(unix))]
pub(super) struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) async fn next(&mut self) {
        std::future::pending().await
    }
}
