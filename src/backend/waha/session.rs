//! The session on WAHA: opening, looking, logging out.

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{
    KIND, Waha,
    client::{API, says_no_session, says_wrong_state},
};
use crate::{
    backend::{
        effect::watch,
        http::{Body, Reply},
        in_seconds,
        settle::{Said, Seen, judge},
    },
    op::{
        BackendError, GetSession, LoggedOut, LoggingOut, LogoutInstance, OpenSession,
        OpenedSession, PairingCode, PersonId, PhoneNumber, Progress, QrCode, SessionReport,
        SessionState, Untrusted,
    },
    qr,
};

/// `GET /api/sessions/{session}`, as far as it is needed.
#[derive(Deserialize)]
pub(super) struct Info {
    status: String,
    me: Option<Me>,
}

/// Who is signed in.
#[derive(Deserialize)]
struct Me {
    id: Option<String>,
    lid: Option<String>,
    #[serde(rename = "pushName")]
    push_name: Option<String>,
}

#[derive(Deserialize)]
struct RawQr {
    value: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

impl Info {
    pub(super) fn state(&self) -> SessionState {
        KIND.spec.state(&self.status)
    }

    /// The ids of the account that is signed in: its number, and its hidden id.
    pub(super) fn own_ids(&self) -> Vec<PersonId> {
        let me = self.me.as_ref();
        [
            me.and_then(|me| me.id.as_deref()),
            me.and_then(|me| me.lid.as_deref()),
        ]
        .into_iter()
        .flatten()
        .filter_map(|id| PersonId::parse(id).ok())
        .collect()
    }

    /// Whether an account is linked, as far as the session tells.
    fn has_account(&self) -> bool {
        self.me
            .as_ref()
            .is_some_and(|me| me.id.is_some() || me.lid.is_some())
    }

    /// Whether there is nothing to log out.
    fn was_never_linked(&self) -> bool {
        !self.has_account() && self.state() == SessionState::NeedsLinking
    }

    /// Whether a logout has had its effect.
    fn is_unlinked(&self) -> bool {
        !self.has_account()
            && matches!(
                self.state(),
                SessionState::NeedsLinking | SessionState::Stopped
            )
    }

    fn report(&self) -> SessionReport {
        let mut report = SessionReport::new(self.state(), Some(&self.status));
        if self.status.starts_with("PASSKEY_") {
            report.next = Some(
                "WhatsApp asks for a passkey, which only a browser can give: the operator should finish the linking in WAHA",
            );
        }
        match (&self.me, self.state()) {
            (Some(me), SessionState::Working | SessionState::Starting) => {
                let id = me.id.as_deref().and_then(|id| PersonId::parse(id).ok());
                report.signed_in(id.as_ref(), me.push_name.as_deref())
            }
            _ => report,
        }
    }
}

impl Waha {
    pub(super) async fn get_session(self, _op: GetSession) -> Result<SessionReport, BackendError> {
        self.report().await
    }

    pub(super) async fn report(&self) -> Result<SessionReport, BackendError> {
        self.info().await.map(report)
    }

    /// The session, or `None` where there is none of its name.
    pub(super) async fn info(&self) -> Result<Option<Info>, BackendError> {
        let path = ["api", "sessions", self.0.session()];
        let reply = self.0.try_get(&path, &[]).await?;
        if reply.is_success() {
            return reply.parse(API).map(Some);
        }
        match self.0.refusal(&reply) {
            BackendError::Refused {
                status: Some(404 | 422),
                said,
                ..
            } if says_no_session(said.as_str()) => Ok(None),
            fault => Err(fault),
        }
    }

    /// The session if it is working.
    pub(super) async fn working(&self) -> Result<Info, BackendError> {
        match self.info().await? {
            Some(info) if info.state() == SessionState::Working => Ok(info),
            Some(info) => Err(not_ready(&info.report())),
            None => Err(not_ready(&SessionReport::new(SessionState::Missing, None))),
        }
    }

    pub(super) async fn open_session(
        self,
        op: OpenSession,
        progress: Progress,
    ) -> Result<OpenedSession, BackendError> {
        let deadline = Instant::now() + self.0.timeouts.open;
        let mut info = self.info().await?;
        let mut changed = true;
        match info.as_ref().map(Info::state) {
            None => self.create(&progress).await?,
            Some(SessionState::Stopped) => self.control(&progress, "start").await?,
            Some(SessionState::Failed) => self.control(&progress, "restart").await?,
            Some(_) => changed = false,
        }
        if changed {
            info = self.info().await?;
        }
        loop {
            match &info {
                Some(now) if now.state() == SessionState::Working => {
                    return Ok(opened(now.report()));
                }
                Some(now) if now.status == "SCAN_QR_CODE" => {
                    if let Some(opened) =
                        self.link(now, op.phone_number.as_ref(), &progress).await?
                    {
                        return Ok(opened);
                    }
                }
                Some(now) if now.state() == SessionState::NeedsLinking => {
                    // A passkey can only be answered in a browser.
                    return Ok(opened(now.report()));
                }
                _ => {}
            }
            let word = info
                .as_ref()
                .map_or("being created", |info| info.status.as_str());
            progress.say(format!(
                "waiting for the session, which is {}",
                Untrusted::new(word)
            ));
            let paused = progress.pause(self.0.timeouts.look).await;
            // A session that is coming up is not `nothing was changed`.
            if paused.is_err() && !changed {
                return Err(BackendError::Cancelled);
            }
            if paused.is_err() || Instant::now() >= deadline {
                return match info {
                    Some(info) => Ok(opened(info.report())),
                    None => Err(BackendError::Refused {
                        api: API,
                        status: None,
                        said: Untrusted::new("the session was created, but it is not there"),
                        next: "try again in a minute, then let the operator look at WAHA",
                    }),
                };
            }
            info = self.info().await?;
        }
    }

    /// Makes the session. WAHA keeps one for each name: a second request of the
    /// same name is a 422, which says that somebody was quicker.
    async fn create(&self, progress: &Progress) -> Result<(), BackendError> {
        let body = json!({
            "name": self.0.session(),
            // The server's own default differs from its documentation.
            "start": true,
            // NOWEB lists chats only with a store, which has to be there before linking.
            "config": { "noweb": { "markOnline": true, "store": { "enabled": true, "fullSync": false } } },
        });
        progress.say("creating the session");
        let path = ["api", "sessions"];
        let reply = self.0.try_post(progress, &path, Some(&body)).await;
        self.accept(reply, "already exists")
    }

    async fn control(&self, progress: &Progress, verb: &str) -> Result<(), BackendError> {
        progress.say("starting the session");
        let path = ["api", "sessions", self.0.session(), verb];
        let reply = self.0.try_post(progress, &path, None).await;
        self.accept(reply, "already started")
    }

    /// A refusal with these words is as good as a yes, and so is a lost answer: what
    /// comes next is a look at the state.
    fn accept(&self, reply: Result<Reply, BackendError>, fine: &str) -> Result<(), BackendError> {
        let reply = match reply {
            Ok(reply) if reply.is_success() => return Ok(()),
            Ok(reply) => reply,
            Err(BackendError::OutcomeUnknown { .. }) => return Ok(()),
            Err(fault) => return Err(fault),
        };
        match self.0.refusal(&reply) {
            BackendError::Refused { said, .. } if said.as_str().contains(fine) => Ok(()),
            fault => Err(fault),
        }
    }

    /// The QR code or pairing code; `None` when the state has moved on meanwhile.
    async fn link(
        &self,
        info: &Info,
        phone: Option<&PhoneNumber>,
        progress: &Progress,
    ) -> Result<Option<OpenedSession>, BackendError> {
        let mut opened = opened(info.report());
        opened.session.next = None;
        if let Some(phone) = phone {
            let path = ["api", self.0.session(), "auth", "request-code"];
            let body = json!({ "phoneNumber": phone.digits() });
            let reply = self.0.try_post(progress, &path, Some(&body)).await?;
            if says_wrong_state(&reply) {
                return Ok(None);
            }
            if !reply.is_success() {
                return Err(self.0.refusal(&reply));
            }
            let code: Code = reply.parse(API)?;
            opened.pairing = Some(PairingCode {
                code: Untrusted::new(&code.code).to_string(),
                expires_at: in_seconds(150),
                how: PairingCode::HOW,
            });
            return Ok(Some(opened));
        }
        let path = ["api", self.0.session(), "auth", "qr"];
        let reply = self.0.try_get(&path, &[("format", "raw")]).await?;
        if says_wrong_state(&reply) {
            return Ok(None);
        }
        if !reply.is_success() {
            return Err(self.0.refusal(&reply));
        }
        let raw: RawQr = reply.parse(API)?;
        let drawn =
            qr::draw(&raw.value).map_err(|why| BackendError::Unreadable { api: API, why })?;
        opened.qr = Some(QrCode {
            // A code lives 20 s, the first one a minute; which one this is is not said.
            expires_at: in_seconds(20),
            how: QrCode::HOW,
            drawing: Some(drawn.text),
            image: drawn.image,
        });
        Ok(Some(opened))
    }

    pub(super) async fn logout_instance(
        self,
        _op: LogoutInstance,
        progress: Progress,
    ) -> Result<LoggedOut, BackendError> {
        let before = self.info().await?;
        if before.as_ref().is_none_or(Info::was_never_linked) {
            return Ok(LoggedOut::new(
                LoggingOut::WasNotLinked,
                Some(report(before)),
            ));
        }
        progress.say("logging out");
        let path = ["api", "sessions", self.0.session(), "logout"];
        let said = Said::of(self.0.post(&progress, &path, None).await, |_| None)?;
        let look = || {
            progress.say("looking whether the account is disconnected");
            self.info()
        };
        let gone = |seen: &Result<Option<Info>, BackendError>| match seen {
            Ok(Some(info)) => info.is_unlinked(),
            // Somebody has deleted it, and the login with it.
            Ok(None) => true,
            Err(_) => false,
        };
        let seen = watch(self.0.timeouts.settle, self.0.timeouts.look, look, gone).await;
        let shown = match &seen {
            seen if gone(seen) => Seen::Done,
            // Starting proves nothing either way.
            Ok(Some(info)) if info.state() == SessionState::Working => Seen::NotDone,
            _ => Seen::Nothing,
        };
        let outcome = judge(shown, said)?.into();
        Ok(LoggedOut::new(outcome, seen.ok().map(report)))
    }
}

/// The session as it is told; there may be none.
pub(super) fn report(info: Option<Info>) -> SessionReport {
    info.map_or_else(
        || SessionReport::new(SessionState::Missing, None),
        |info| info.report(),
    )
}

fn opened(session: SessionReport) -> OpenedSession {
    OpenedSession {
        session,
        qr: None,
        pairing: None,
    }
}

pub(super) fn not_ready(report: &SessionReport) -> BackendError {
    use crate::op::Output;

    let mut report = report.clone();
    report.next = None;
    BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new(&report.text()),
        next: "call open_session, then try again",
    }
}

/// Whether an answer is an explicit no: the bare word `false` at status 200.
pub(super) fn is_false(body: &Body) -> bool {
    match body {
        Body::Json(json) => json.as_bool() == Some(false) || json.as_str() == Some("false"),
        Body::Text(text) => text == "false",
        Body::Empty => false,
    }
}
