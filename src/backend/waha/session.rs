//! The session on WAHA: opening, reading, logging out.

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{
    KIND, Waha,
    client::API,
    refusals::{refused, says_no_session, says_wrong_state},
    shapes::{PAIRING, SESSION},
};
use crate::{
    backend::{
        http::Body,
        in_seconds,
        verify::{Observation, Response, fetch_once},
    },
    op::{
        BackendError, BackendResult, GetSession, LoggedOut, LoggingOut, LogoutInstance, OfSession,
        OpenSession, OpenedSession, PairingCode, PersonId, PhoneNumber, QrCode, SessionReport,
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
struct WahaQr {
    value: String,
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

    /// Whether the session reports a linked account.
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
    pub(super) async fn get_session(self, _op: GetSession) -> BackendResult<SessionReport> {
        self.report().await
    }

    pub(super) async fn report(&self) -> BackendResult<SessionReport> {
        self.info().await.map(report)
    }

    /// The session, or `None` where there is none of its name.
    pub(super) async fn info(&self) -> BackendResult<Option<Info>> {
        let path = ["api", "sessions", self.client.session()];
        let reply = self.client.try_get(&self.progress, &path, &[]).await?;
        if reply.is_success() {
            return reply.parse(API).map(Some);
        }
        match self.client.refusal(&reply) {
            BackendError::Refused {
                status: Some(404 | 422),
                message,
                ..
            } if says_no_session(message.as_str()) => Ok(None),
            error => Err(error),
        }
    }

    /// The session if it is working.
    pub(super) async fn working(&self) -> BackendResult<Info> {
        match self.info().await? {
            Some(info) if info.state() == SessionState::Working => Ok(info),
            Some(info) => Err(not_ready(&info.report())),
            None => Err(not_ready(&SessionReport::new(SessionState::Missing, None))),
        }
    }

    pub(super) async fn open_session(self, op: OpenSession) -> BackendResult<OpenedSession> {
        let deadline = Instant::now() + self.client.timeouts.open;
        let mut info = self.info().await?;
        let mut changed = true;
        match info.as_ref().map(Info::state) {
            None => self.create().await?,
            Some(SessionState::Stopped) => self.control("start").await?,
            Some(SessionState::Failed) => self.control("restart").await?,
            Some(_) => changed = false,
        }
        if changed {
            self.follow(&mut info).await?;
        }
        loop {
            match &info {
                Some(now) if now.state() == SessionState::Working => {
                    return Ok(opened(now.report()));
                }
                Some(now) if now.status == "SCAN_QR_CODE" => {
                    if let Some(opened) = self.link(now, op.phone_number.as_ref()).await? {
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
            self.progress.say(format!(
                "waiting for the session, which is {}",
                Untrusted::new(word)
            ));
            let paused = self.progress.pause(self.client.timeouts.look).await;
            // A session that is coming up is not `nothing was changed`.
            if paused.is_err() && !changed {
                return Err(BackendError::Cancelled);
            }
            if paused.is_err() || Instant::now() >= deadline {
                return match info {
                    Some(info) => Ok(opened(info.report())),
                    None => Err(refused(
                        "the session was created, but it is not there",
                        "try again in a minute; if it fails again, the operator should check WAHA",
                    )),
                };
            }
            self.follow(&mut info).await?;
        }
    }

    /// Takes over how the session is now; it stays as it was seen last where the server
    /// does not answer in the time of a verification.
    async fn follow(&self, info: &mut Option<Info>) -> BackendResult<()> {
        if let Some(now) = fetch_once(self.client.timeouts, self.info()).await {
            *info = now?;
        }
        Ok(())
    }

    /// Creates the session. WAHA keeps one for each name: a second request for the
    /// same name is a 422, which means that another caller was faster.
    async fn create(&self) -> BackendResult<()> {
        let body = json!({
            "name": self.client.session(),
            // The server's own default differs from its documentation.
            "start": true,
            // NOWEB lists chats only with a store, which has to be there before linking.
            "config": { "noweb": { "markOnline": true, "store": { "enabled": true, "fullSync": false } } },
        });
        self.progress.say("creating the session");
        let path = ["api", "sessions"];
        let answer = self
            .client
            .post(&self.progress, &path, Some(&body), SESSION)
            .await;
        accept(answer, "already exists")
    }

    async fn control(&self, verb: &str) -> BackendResult<()> {
        self.progress.say("starting the session");
        let path = ["api", "sessions", self.client.session(), verb];
        let answer = self.client.post(&self.progress, &path, None, SESSION).await;
        accept(answer, "already started")
    }

    /// The QR code or pairing code; `None` when the state has moved on meanwhile.
    async fn link(
        &self,
        info: &Info,
        phone: Option<&PhoneNumber>,
    ) -> BackendResult<Option<OpenedSession>> {
        let mut opened = opened(info.report());
        opened.session.next = None;
        if let Some(phone) = phone {
            let path = self.client.path(&["auth", "request-code"]);
            let body = json!({ "phoneNumber": phone.digits() });
            let answer = self
                .client
                .post(&self.progress, &path, Some(&body), PAIRING)
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) if says_wrong_state(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            opened.pairing = pairing_code(&answer).map(|code| PairingCode {
                code: Untrusted::new(code).to_string(),
                expires_at: in_seconds(150),
                how: PairingCode::HOW,
            });
            return Ok(Some(opened));
        }
        let path = self.client.path(&["auth", "qr"]);
        let raw: WahaQr = match self
            .client
            .get(&self.progress, &path, &[("format", "raw")])
            .await
        {
            Ok(reply) => reply.parse(API)?,
            Err(error) if says_wrong_state(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let drawn =
            qr::draw(&raw.value).map_err(|why| BackendError::Unreadable { api: API, why })?;
        opened.qr = Some(QrCode {
            // A code lives 20 s, the first one a minute; WAHA does not report which one this is.
            expires_at: in_seconds(20),
            how: QrCode::HOW,
            drawing: Some(drawn.text),
            image: drawn.image,
        });
        Ok(Some(opened))
    }

    pub(super) async fn logout_instance(self, _op: LogoutInstance) -> BackendResult<LoggedOut> {
        let before = self.info().await?;
        if before.as_ref().is_none_or(Info::was_never_linked) {
            let session = Some(report(before));
            return Ok(LoggedOut::new(
                LoggingOut::WasNotLinked,
                OfSession { session },
            ));
        }
        self.progress.say("logging out");
        let path = ["api", "sessions", self.client.session(), "logout"];
        let answer = self.client.post(&self.progress, &path, None, SESSION).await;
        let response = Response::of(answer, |_| None)?;
        let fetch = || async {
            self.progress
                .say("checking whether the account is disconnected");
            self.info().await.ok()
        };
        let observe = |seen: &Option<Option<Info>>| match seen {
            // Without a session, its login is deleted too.
            Some(info) if info.as_ref().is_none_or(Info::is_unlinked) => Observation::Done,
            // STARTING proves nothing either way.
            Some(Some(info)) if info.state() == SessionState::Working => Observation::NotDone,
            _ => Observation::Unclear,
        };
        let timeouts = self.client.timeouts;
        let (change, seen) = response.verify_by(timeouts, fetch, observe).await?;
        let session = seen.flatten().map(report);
        Ok(LoggedOut::of(change, OfSession { session }))
    }
}

/// Accepts a refusal with these words, and an answer that is missing or cannot be read:
/// the state is read next.
fn accept(answer: BackendResult<Body>, fine: &str) -> BackendResult<()> {
    match answer {
        Ok(_) | Err(BackendError::OutcomeUnknown { .. }) => Ok(()),
        Err(BackendError::Refused { message, .. }) if message.as_str().contains(fine) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The session's report; there may be none.
pub(super) fn report(info: Option<Info>) -> SessionReport {
    info.map_or_else(
        || SessionReport::new(SessionState::Missing, None),
        |info| info.report(),
    )
}

/// The code in an answer.
pub(super) fn pairing_code(body: &Body) -> Option<&str> {
    match body {
        Body::Json(answer) => answer.get("code")?.as_str(),
        Body::Text(_) | Body::Empty => None,
    }
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
    refused(&report.text(), "call open_session, then try again")
}
