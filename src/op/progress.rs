//! What a running call tells its caller, and how the caller stops it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::BackendError;

/// How many reports may wait for a slow listener; more are dropped.
const QUEUE: usize = 16;

/// Given to operations that wait or change something.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    cancel: CancellationToken,
    reports: Option<mpsc::Sender<String>>,
}

impl Progress {
    /// A progress that stops when `cancel` does, and where its reports arrive.
    pub fn new(cancel: CancellationToken) -> (Self, mpsc::Receiver<String>) {
        let (reports, listener) = mpsc::channel(QUEUE);
        (
            Self {
                cancel,
                reports: Some(reports),
            },
            listener,
        )
    }

    /// Tells the caller what is being waited for.
    pub fn say(&self, message: impl Into<String>) {
        if let Some(reports) = &self.reports {
            // A listener that is behind or gone loses a report, never the call.
            let _ = reports.try_send(message.into());
        }
    }

    /// The last look before something is sent that changes anything.
    ///
    /// # Errors
    /// [`BackendError::Cancelled`] when the caller has taken the call back.
    pub fn still_wanted(&self) -> Result<(), BackendError> {
        if self.cancel.is_cancelled() {
            Err(BackendError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Waits, unless the caller takes the call back first.
    ///
    /// # Errors
    /// [`BackendError::Cancelled`].
    pub async fn pause(&self, time: Duration) -> Result<(), BackendError> {
        if time.is_zero() {
            // The timer would round it up to a millisecond.
            return self.still_wanted();
        }
        tokio::select! {
            () = self.cancel.cancelled() => Err(BackendError::Cancelled),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }
}
