//! Restarting the instance of GREEN-API.

use tokio::time::Instant;

use super::{GreenApi, session::is_working};
use crate::{
    backend::{
        shapes::Shape,
        verify::{Response, poll_until},
    },
    config::Timeouts,
    op::{
        BackendError, BackendResult, OfSession, RestartSession, RestartedSession, Restarting,
        SessionReport, SessionState,
    },
};

impl GreenApi {
    pub(super) async fn restart_session(
        self,
        _op: RestartSession,
    ) -> BackendResult<RestartedSession> {
        self.progress.say("restarting the instance");
        let shapes = [Shape::Flag("isReboot")];
        let answer = self.client.change(&self.progress, "reboot", None, &shapes);
        let response = match self.client.response(answer.await, "isReboot")? {
            Response::Denied(error) => return Err(error),
            response => response,
        };
        let Timeouts {
            settle, open, look, ..
        } = self.client.timeouts;
        // It goes through `starting`: until then the state is that of before.
        let begun = Instant::now() + settle;
        let mut restarting = false;
        let fetch = || async {
            self.progress.say("waiting for the instance to come up");
            self.state().await
        };
        let done = |seen: &BackendResult<SessionReport>| {
            let starting = matches!(seen, Ok(report) if report.state == SessionState::Starting);
            restarting |= starting;
            if restarting {
                !starting && seen.is_ok()
            } else {
                Instant::now() >= begun
            }
        };
        let seen = poll_until(open, look, fetch, done).await;
        let outcome = match (&seen, response) {
            (Ok(report), _) if restarting => {
                return Ok(RestartedSession::seen(
                    self.with_account(report.clone()).await,
                ));
            }
            (Ok(report), Response::Accepted) if is_working(report) => Restarting::NotSeen,
            // An error that left everything as it was is told in its own words.
            (Ok(_), Response::Ambiguous(error @ BackendError::Failed { .. })) => {
                return Err(error);
            }
            _ => Restarting::Unknown,
        };
        let session = seen.ok();
        Ok(RestartedSession::new(outcome, OfSession { session }))
    }
}
