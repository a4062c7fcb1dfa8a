//! Restarting the instance of GREEN-API.

use tokio::time::Instant;

use super::{GreenApi, session::is_working};
use crate::{
    backend::{
        shapes::Shape,
        verify::{Response, fetch_once, poll_until},
    },
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
        let timeouts = self.client.timeouts;
        // It goes through `starting`: until then the state is that of before.
        let begun = Instant::now() + timeouts.settle;
        let mut restarting = false;
        let fetch = || async {
            self.progress.say("waiting for the instance to come up");
            self.state().await
        };
        let done = |seen: Option<&BackendResult<SessionReport>>| {
            let seen = seen.and_then(|seen| seen.as_ref().ok());
            let starting = matches!(seen, Some(report) if report.state == SessionState::Starting);
            restarting |= starting;
            if restarting {
                !starting && seen.is_some()
            } else {
                Instant::now() >= begun
            }
        };
        let seen = poll_until(timeouts.open, timeouts, fetch, done).await;
        let seen = seen.and_then(Result::ok);
        let outcome = match (&seen, response) {
            (Some(report), _) if restarting => {
                let account = self.with_account(report.clone());
                let full = fetch_once(timeouts, account).await;
                return Ok(RestartedSession::seen(
                    full.unwrap_or_else(|| report.clone()),
                ));
            }
            (Some(report), Response::Accepted) if is_working(report) => Restarting::NotSeen,
            // An error that left everything as it was is told in its own words.
            (Some(_), Response::Ambiguous(error @ BackendError::Failed { .. })) => {
                return Err(error);
            }
            _ => Restarting::Unknown,
        };
        let session = seen;
        Ok(RestartedSession::new(outcome, OfSession { session }))
    }
}
