//! Progress reports of a running call, its cancellation, and whether it may still be sent.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{BackendError, Clearance, Concealment, Hold, RequestKind};

/// The most reports that wait for the receiver; further ones are dropped.
const MAX_QUEUED_REPORTS: usize = 16;

/// How often a call that waits for its turn asks whether it may still be sent.
const TURN_RECHECK: Duration = Duration::from_secs(1);

/// Reports, cancellation and clearance of one call, and for whom it is made. Clones share
/// them.
#[derive(Clone, Default)]
pub struct Progress {
    cancel: CancellationToken,
    clearance: Option<Arc<dyn Clearance>>,
    /// Whether a request that changes something was handed to its connection.
    sent: Arc<AtomicBool>,
    reports: Option<mpsc::Sender<String>>,
    grant: Option<Arc<str>>,
    concealment: Concealment,
}

impl Progress {
    /// A progress that is cancelled by `cancel` and stopped by `clearance`, and the receiver
    /// of its reports.
    pub fn new(
        cancel: CancellationToken,
        clearance: Arc<dyn Clearance>,
    ) -> (Self, mpsc::Receiver<String>) {
        let (reports, listener) = mpsc::channel(MAX_QUEUED_REPORTS);
        let progress = Self {
            cancel,
            clearance: Some(clearance),
            reports: Some(reports),
            ..Self::default()
        };
        (progress, listener)
    }

    /// A progress that nobody follows, stopped by `clearance`.
    pub fn stopped_by(clearance: Arc<dyn Clearance>) -> Self {
        Self {
            clearance: Some(clearance),
            ..Self::default()
        }
    }

    /// The same of a call that a grant makes.
    #[must_use]
    pub fn of_grant(mut self, grant: &str) -> Self {
        self.grant = Some(grant.into());
        self
    }

    /// The same of a call for whose caller some chats do not exist.
    #[must_use]
    pub fn concealing(mut self, concealment: Concealment) -> Self {
        self.concealment = concealment;
        self
    }

    /// What does not exist for the caller.
    pub fn concealment(&self) -> &Concealment {
        &self.concealment
    }

    /// The grant whose share of what is bounded the call takes; empty for what the server
    /// looks up for all of them.
    pub fn grant(&self) -> &str {
        self.grant.as_deref().unwrap_or_default()
    }

    /// Reports what the call waits for.
    pub fn say(&self, message: impl Into<String>) {
        if let Some(reports) = &self.reports {
            // A slow or closed receiver must not end the call.
            let _ = reports.try_send(message.into());
        }
    }

    /// Call it once the call's turn has come, before anything of it is done.
    ///
    /// # Errors
    /// As [`still_wanted`](Self::still_wanted), and if the call cannot be recorded.
    pub async fn begin(&self) -> Result<(), BackendError> {
        self.check_cancelled()?;
        match &self.clearance {
            Some(clearance) => clearance.begin().await,
            None => Ok(()),
        }
    }

    /// Call it while the call waits, and before a request that changes something.
    ///
    /// # Errors
    /// [`BackendError::Cancelled`] after the caller cancelled the call,
    /// [`BackendError::Withdrawn`] if it may no longer be sent.
    pub async fn still_wanted(&self) -> Result<(), BackendError> {
        self.check_cancelled()?;
        match &self.clearance {
            Some(clearance) => clearance.check().await,
            None => Ok(()),
        }
    }

    /// Call it before a request that changes nothing.
    ///
    /// # Errors
    /// [`BackendError::Withdrawn`] if nothing may be read any more.
    pub async fn may_read(&self) -> Result<(), BackendError> {
        match self.reading_clearance() {
            Some(clearance) => clearance.check_read().await,
            None => Ok(()),
        }
    }

    /// Call it at the moment at which a request is handed to its connection, and hold the
    /// result until the request is written.
    ///
    /// # Errors
    /// As [`still_wanted`](Self::still_wanted) or [`may_read`](Self::may_read); the request
    /// must not be written then.
    pub fn hand_over(&self, request: RequestKind) -> Result<Hold, BackendError> {
        let clearance = match request {
            RequestKind::Read => self.reading_clearance(),
            RequestKind::Change => {
                self.check_cancelled()?;
                self.clearance.as_ref()
            }
        };
        let hold: Hold = match clearance {
            Some(clearance) => clearance.hand_over(request)?,
            None => Box::new(()),
        };
        if request == RequestKind::Change {
            self.sent.store(true, Ordering::Relaxed);
        }
        Ok(hold)
    }

    /// Who is asked before a read: nobody once a part of the call was sent, as what became of
    /// it is checked whatever has happened since.
    fn reading_clearance(&self) -> Option<&Arc<dyn Clearance>> {
        let sent = self.sent.load(Ordering::Relaxed);
        self.clearance.as_ref().filter(|_| !sent)
    }

    /// An error of the whole call: a call that was stopped after a part of it was sent has
    /// not changed nothing.
    pub fn error(&self, error: BackendError) -> BackendError {
        match error {
            BackendError::Cancelled | BackendError::Withdrawn(_)
                if self.sent.load(Ordering::Relaxed) =>
            {
                BackendError::Interrupted(error.before_part())
            }
            error => error,
        }
    }

    /// Waits for the call's turn.
    ///
    /// # Errors
    /// As [`still_wanted`](Self::still_wanted): at once if the caller cancels the call, within
    /// a second if it may no longer be sent.
    pub async fn turn(&self, wait: Duration) -> Result<(), BackendError> {
        let turn = Instant::now() + wait;
        loop {
            let left = turn.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.pause(left.min(TURN_RECHECK)).await?;
            self.still_wanted().await?;
        }
    }

    /// Waits for `time`.
    ///
    /// # Errors
    /// [`BackendError::Cancelled`] as soon as the caller cancels the call.
    pub async fn pause(&self, time: Duration) -> Result<(), BackendError> {
        if time.is_zero() {
            // A timer rounds up to a millisecond.
            return self.check_cancelled();
        }
        tokio::select! {
            () = self.cancel.cancelled() => Err(BackendError::Cancelled),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    fn check_cancelled(&self) -> Result<(), BackendError> {
        if self.cancel.is_cancelled() {
            Err(BackendError::Cancelled)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}
