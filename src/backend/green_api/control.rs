//! Restarting the instance of GREEN-API.

use tokio::time::{Instant, sleep};

use super::{
    GreenApi,
    client::{API, flag},
    session::is_working,
};
use crate::{
    backend::effect::leaves_doubt,
    op::{BackendError, Progress, RestartSession, RestartedSession, Restarting, SessionState},
};

impl GreenApi {
    pub(super) async fn restart_session(
        self,
        _op: RestartSession,
        progress: Progress,
    ) -> Result<RestartedSession, BackendError> {
        progress.say("restarting the instance");
        let doubt = match self.0.change(&progress, "reboot", None).await {
            Ok(reply) => match flag(&reply, "isReboot") {
                Some(true) => None,
                Some(false) => return Err(self.0.refusal(&reply)),
                None => Some(BackendError::OutcomeUnknown {
                    api: API,
                    why: "it answered neither yes nor no".into(),
                }),
            },
            Err(fault) if leaves_doubt(&fault) => Some(fault),
            Err(fault) => return Err(fault),
        };
        // It goes through `starting`: until then the state is that of before.
        let begun = Instant::now() + self.0.timeouts.settle;
        let deadline = Instant::now() + self.0.timeouts.open;
        let mut restarting = false;
        let seen = loop {
            let seen = self.state().await;
            let starting = matches!(&seen, Ok(report) if report.state == SessionState::Starting);
            restarting |= starting;
            let settled = restarting && !starting && seen.is_ok();
            let now = Instant::now();
            if settled || now >= deadline || (!restarting && now >= begun) {
                break seen;
            }
            progress.say("waiting for the instance to come up");
            sleep(self.0.timeouts.look).await;
        };
        match (seen, doubt) {
            (Ok(report), _) if restarting => {
                Ok(RestartedSession::seen(self.with_account(report).await))
            }
            (Ok(report), None) if is_working(&report) => {
                Ok(RestartedSession::new(Restarting::NotSeen, Some(report)))
            }
            // A refusal that left everything as it was is a refusal.
            (Ok(_), Some(fault @ BackendError::Refused { .. })) => Err(fault),
            (seen, _) => Ok(RestartedSession::new(Restarting::Unknown, seen.ok())),
        }
    }
}
