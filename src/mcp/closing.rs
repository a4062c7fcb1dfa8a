//! The end of a server, in order or at once.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::Server;

/// How long calls that were sent may take after the server is closed.
const CLOSING_GRACE: Duration = Duration::from_secs(10);

/// How long calls that are given up may take to record it.
const ENDING_GRACE: Duration = Duration::from_millis(200);

impl Server {
    /// Refuses every call from now on, those included that wait for their turn or for a
    /// person. What was sent already goes on.
    pub fn close(&self) {
        self.0.closed_at.get_or_init(Instant::now);
        for account in self.accounts() {
            account.gate.close();
        }
    }

    /// Waits until the server is closed and its calls have ended, at most for
    /// `CLOSING_GRACE` after it was closed.
    pub async fn drained(&self) {
        self.0.first.gate.closed().await;
        self.0.running.close();
        let until = *self.0.closed_at.get_or_init(Instant::now) + CLOSING_GRACE;
        // Calls that still run then are audited as abandoned.
        let _ = timeout_at(until, self.0.running.wait()).await;
    }

    /// Gives up the calls that still run, and ends the audit with them.
    pub async fn end(&self) {
        self.close();
        self.0.ended.cancel();
        self.0.running.close();
        // Nothing is awaited in a call that is given up but the audit itself.
        let _ = timeout(ENDING_GRACE, self.0.running.wait()).await;
        self.0.audit.close();
    }

    /// Opens the audit anew, whose file may have been rotated.
    pub fn reopen_audit(&self) {
        self.0.audit.reopen();
    }

    /// Whether the server is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.0.first.gate.is_closed()
    }
}
