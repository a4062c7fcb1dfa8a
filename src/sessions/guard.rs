//! What shows that a session is in use.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Sessions;

/// Keeps a session in use until the last clone is dropped: it goes with a request into
/// the call that the request leads to, and into the body of the response.
#[derive(Clone)]
pub struct SessionGuard(Arc<Use>);

struct Use {
    sessions: Arc<Sessions>,
    id: Arc<str>,
}

impl SessionGuard {
    /// A guard that the table has counted.
    pub(super) fn new(sessions: Arc<Sessions>, id: Arc<str>) -> Self {
        Self(Arc::new(Use { sessions, id }))
    }

    /// For whoever notifies the client of changes: a token that is cancelled when the
    /// session ends. `None` if the session has ended, or if somebody has its token.
    pub fn notify(&self) -> Option<CancellationToken> {
        let mut table = self.0.sessions.lock();
        let session = table.get_mut(&self.0.id)?;
        let is_first = !std::mem::replace(&mut session.notified, true);
        is_first.then(|| session.ended.clone())
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let now = self.sessions.clock.elapsed();
        if let Some(session) = self.sessions.lock().get_mut(&self.id) {
            session.in_use = session.in_use.saturating_sub(1);
            session.last_used = now;
        }
    }
}
