//! Restarting, stopping and deleting the session on WAHA.

use super::{
    Waha,
    session::{Info, not_ready, report},
    shapes::{DONE, SESSION},
};
use crate::{
    backend::{
        http::Body,
        verify::{Observation, Response, change_and_verify, poll_until},
    },
    op::{
        BackendError, BackendResult, Briefing, Change, DeleteSession, DeletedSession, Deleting,
        OfNothing, OfSession, RestartSession, RestartedSession, Restarting, SessionReport,
        SessionState, StopSession, StoppedSession, Stopping,
    },
};

impl Waha {
    pub(super) async fn restart_session(
        self,
        _op: RestartSession,
    ) -> BackendResult<RestartedSession> {
        if self.info().await?.is_none() {
            return Err(not_ready(&report(None)));
        }
        self.progress.say("restarting the session");
        let path = ["api", "sessions", self.client.session(), "restart"];
        let answer = self.client.post(&self.progress, &path, None, SESSION).await;
        let response = Response::of(answer, |_| None)?;
        let mut restarting = matches!(response, Response::Accepted);
        let fetch = || async {
            self.progress.say("waiting for the session to come up");
            self.info().await
        };
        // FAILED is left again by some engines, and STARTING alone proves nothing.
        let done = |seen: Option<&BackendResult<Option<Info>>>| match seen {
            Some(Ok(Some(info))) => {
                restarting |= info.state() == SessionState::Starting;
                let up = [SessionState::Working, SessionState::NeedsLinking];
                restarting && up.contains(&info.state())
            }
            Some(Ok(None)) => restarting,
            // The server may not answer while the session restarts.
            Some(Err(_)) | None => false,
        };
        let timeouts = self.client.timeouts;
        let seen = poll_until(timeouts.open, timeouts, fetch, done).await;
        match (seen, response) {
            (Some(Ok(info)), _) if restarting => Ok(RestartedSession::seen(report(info))),
            // An error that left everything as it was is told in its own words.
            (Some(Ok(_)), Response::Ambiguous(error @ BackendError::Failed { .. })) => Err(error),
            (seen, _) => {
                let session = seen.and_then(Result::ok).map(report);
                Ok(RestartedSession::new(
                    Restarting::Unknown,
                    OfSession { session },
                ))
            }
        }
    }

    pub(super) async fn stop_session(self, _op: StopSession) -> BackendResult<StoppedSession> {
        if is_stopped(&self.info().await?) {
            return Ok(StoppedSession::new(Stopping::WasNotRunning, OfNothing {}));
        }
        self.progress.say("stopping the session");
        let path = ["api", "sessions", self.client.session(), "stop"];
        let request = self.client.post(&self.progress, &path, None, SESSION);
        let change = self.verify_session(request, is_stopped).await?;
        Ok(StoppedSession::of(change, OfNothing {}))
    }

    pub(super) async fn brief_delete_session(self, _op: DeleteSession) -> BackendResult<Briefing> {
        Ok(self.report().await?.briefing())
    }

    pub(super) async fn delete_session(self, _op: DeleteSession) -> BackendResult<DeletedSession> {
        if self.info().await?.is_none() {
            return Ok(DeletedSession::new(Deleting::WasMissing, OfNothing {}));
        }
        self.progress.say("deleting the session");
        let path = ["api", "sessions", self.client.session()];
        let request = self.client.delete(&self.progress, &path, DONE);
        let change = self.verify_session(request, Option::is_none).await?;
        Ok(DeletedSession::of(change, OfNothing {}))
    }

    /// Sends a change of the session, and verifies that it shows.
    async fn verify_session(
        &self,
        request: impl Future<Output = BackendResult<Body>>,
        shows: impl Fn(&Option<Info>) -> bool,
    ) -> BackendResult<Change> {
        let read = |answer| Response::of(answer, |_| None);
        let observe = || async {
            self.progress.say("checking the session");
            Observation::from(self.info().await.ok().as_ref().map(&shows))
        };
        change_and_verify(request, read, self.client.timeouts, observe).await
    }
}

/// Whether nothing runs; a missing session does not run either.
fn is_stopped(seen: &Option<Info>) -> bool {
    seen.as_ref()
        .is_none_or(|info| info.state() == SessionState::Stopped)
}

impl SessionReport {
    /// What a person needs to know before the session is deleted.
    fn briefing(self) -> Briefing {
        let mut facts = Vec::new();
        if let Some(account) = self.account {
            facts.push(format!("The account {account} is signed in."));
        }
        facts.push(if self.state == SessionState::Missing {
            "There is no session.".into()
        } else {
            "Its login and its settings are lost; linking it again needs the phone.".into()
        });
        Briefing {
            subject: self.account_name,
            facts,
        }
    }
}
