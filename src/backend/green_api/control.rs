//! Restarting the instance of GREEN-API, and the account's profile.

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    GreenApi,
    client::{API, flag},
    groups::text,
    session::{WaSettings, is_working},
};
use crate::{
    backend::{Fault, effect::leaves_doubt, http::Body},
    op::{
        Foreign, GetProfile, PersonId, Profile, RestartSession, RestartedSession, Restarting,
        SessionState,
    },
    progress::Progress,
};

impl GreenApi {
    pub(super) async fn get_profile(self, _op: GetProfile) -> Result<Profile, Fault> {
        let settings: WaSettings = self.0.read("getWaSettings", None).await?.parse(API)?;
        let Ok(account) = PersonId::parse(&format!("{}@c.us", settings.phone)) else {
            return Err(Fault::Refused {
                api: API,
                status: None,
                said: Foreign::new("no account is signed in"),
                next: "call open_session, then try again",
            });
        };
        // The account stands without its name, which is counted against a limit.
        let arguments = json!({ "chatId": account.as_str() });
        let info = match self.0.read("getContactInfo", Some(&arguments)).await {
            Ok(reply) => match reply.body() {
                Body::Json(info) => info,
                _ => Value::Null,
            },
            Err(_) => Value::Null,
        };
        Ok(Profile {
            name: text(&info, "name").or_else(|| text(&info, "contactName")),
            account,
            has_picture: settings.has_picture(),
        })
    }

    pub(super) async fn restart_session(
        self,
        _op: RestartSession,
        progress: Progress,
    ) -> Result<RestartedSession, Fault> {
        progress.say("restarting the instance");
        let doubt = match self.0.change(&progress, "reboot", None).await {
            Ok(reply) => match flag(&reply, "isReboot") {
                Some(true) => None,
                Some(false) => return Err(self.0.refusal(&reply)),
                None => Some(Fault::OutcomeUnknown {
                    api: API,
                    why: "it answered neither yes nor no".into(),
                }),
            },
            Err(fault) if leaves_doubt(&fault) => Some(fault),
            Err(fault) => return Err(fault),
        };
        // It goes through `starting`: until then the state is that of before.
        let begun = Instant::now() + self.0.waits.settle;
        let deadline = Instant::now() + self.0.waits.open;
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
            sleep(self.0.waits.look).await;
        };
        match (seen, doubt) {
            (Ok(report), _) if restarting => {
                Ok(RestartedSession::seen(self.with_account(report).await))
            }
            (Ok(report), None) if is_working(&report) => {
                Ok(RestartedSession::new(Restarting::NotSeen, Some(report)))
            }
            // A refusal that left everything as it was is a refusal.
            (Ok(_), Some(fault @ Fault::Refused { .. })) => Err(fault),
            (seen, _) => Ok(RestartedSession::new(Restarting::Unknown, seen.ok())),
        }
    }
}
