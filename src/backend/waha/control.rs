//! Restarting, stopping and deleting the session on WAHA.

use tokio::time::{Instant, sleep};

use super::{
    Waha,
    session::{Info, not_ready, report},
};
use crate::{
    backend::{
        effect::leaves_doubt,
        settle::{Said, Seen, settle},
    },
    op::{
        BackendError, Briefing, Change, DeleteSession, DeletedSession, Deleting, Progress,
        RestartSession, RestartedSession, Restarting, SessionReport, SessionState, StopSession,
        StoppedSession, Stopping,
    },
};

impl Waha {
    pub(super) async fn restart_session(
        self,
        _op: RestartSession,
        progress: Progress,
    ) -> Result<RestartedSession, BackendError> {
        if self.info().await?.is_none() {
            return Err(not_ready(&report(None)));
        }
        progress.say("restarting the session");
        let path = ["api", "sessions", self.0.session(), "restart"];
        let doubt = match self.0.post(&progress, &path, None).await {
            Ok(_) => None,
            Err(fault) if leaves_doubt(&fault) => Some(fault),
            Err(fault) => return Err(fault),
        };
        let deadline = Instant::now() + self.0.timeouts.open;
        let mut restarting = doubt.is_none();
        let seen = loop {
            let seen = self.info().await;
            // FAILED is left again by some engines, and STARTING proves nothing alone.
            let settled = match &seen {
                Ok(Some(info)) => {
                    restarting |= info.state() == SessionState::Starting;
                    matches!(
                        info.state(),
                        SessionState::Working | SessionState::NeedsLinking
                    )
                }
                Ok(None) => true,
                Err(_) => false,
            };
            if (settled && restarting) || Instant::now() >= deadline {
                break seen;
            }
            progress.say("waiting for the session to come up");
            sleep(self.0.timeouts.look).await;
        };
        match (seen, doubt) {
            (Ok(info), _) if restarting => Ok(RestartedSession::seen(report(info))),
            // A refusal that left everything as it was is a refusal.
            (Ok(_), Some(fault @ BackendError::Refused { .. })) => Err(fault),
            (seen, _) => Ok(RestartedSession::new(
                Restarting::Unknown,
                seen.ok().map(report),
            )),
        }
    }

    pub(super) async fn stop_session(
        self,
        _op: StopSession,
        progress: Progress,
    ) -> Result<StoppedSession, BackendError> {
        if is_stopped(&self.info().await?) {
            return Ok(Stopping::WasNotRunning.into());
        }
        progress.say("stopping the session");
        let path = ["api", "sessions", self.0.session(), "stop"];
        let said = Said::of(self.0.post(&progress, &path, None).await, |_| None)?;
        let change = self.settled(said, &progress, is_stopped).await?;
        Ok(Stopping::from(change).into())
    }

    pub(super) async fn brief_delete_session(
        self,
        _op: DeleteSession,
    ) -> Result<Briefing, BackendError> {
        Ok(self.report().await?.briefing())
    }

    pub(super) async fn delete_session(
        self,
        _op: DeleteSession,
        progress: Progress,
    ) -> Result<DeletedSession, BackendError> {
        if self.info().await?.is_none() {
            return Ok(Deleting::WasMissing.into());
        }
        progress.say("deleting the session");
        let path = ["api", "sessions", self.0.session()];
        let said = Said::of(self.0.delete(&progress, &path).await, |_| None)?;
        let gone = |seen: &Option<Info>| seen.is_none();
        let change = self.settled(said, &progress, gone).await?;
        Ok(Deleting::from(change).into())
    }

    /// Looks at the session until it is as it should be, or time is up.
    async fn settled(
        &self,
        said: Said,
        progress: &Progress,
        shows: impl Fn(&Option<Info>) -> bool,
    ) -> Result<Change, BackendError> {
        let look = || async {
            progress.say("looking at the session");
            Seen::wanted(self.info().await.ok().as_ref().map(&shows))
        };
        settle(said, self.0.timeouts, look).await
    }
}

/// Whether nothing runs; a session that is not there does not.
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
