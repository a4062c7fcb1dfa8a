//! The session on WAHA: opening, looking, logging out.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{
    Waha,
    client::{API, says_no_session},
};
use crate::{
    backend::{Fault, http::Body},
    op::{
        Foreign, GetSession, LoggedOut, LoggingOut, LogoutInstance, OpenSession, OpenedSession,
        PairingCode, PersonId, PhoneNumber, QrCode, SessionReport, SessionState,
    },
    progress::Progress,
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
    fn state(&self) -> SessionState {
        match self.status.as_str() {
            "WORKING" => SessionState::Working,
            "SCAN_QR_CODE" | "PASSKEY_REQUIRED" | "PASSKEY_CONFIRMATION_REQUIRED" => {
                SessionState::NeedsLinking
            }
            "STARTING" => SessionState::Starting,
            "STOPPED" => SessionState::Stopped,
            "FAILED" => SessionState::Failed,
            _ => SessionState::Unknown,
        }
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
        .filter_map(PersonId::parse)
        .collect()
    }

    fn report(&self) -> SessionReport {
        let report = SessionReport::new(self.state(), Some(&self.status));
        match (&self.me, self.state()) {
            (Some(me), SessionState::Working | SessionState::Starting) => {
                let id = me.id.as_deref().and_then(PersonId::parse);
                report.signed_in(id.as_ref(), me.push_name.as_deref())
            }
            _ => report,
        }
    }
}

impl Waha {
    pub(super) async fn get_session(self, _op: GetSession) -> Result<SessionReport, Fault> {
        self.report().await
    }

    pub(super) async fn report(&self) -> Result<SessionReport, Fault> {
        Ok(self.info().await?.map_or_else(
            || SessionReport::new(SessionState::Missing, None),
            |info| info.report(),
        ))
    }

    /// The session, or `None` where there is none of its name.
    pub(super) async fn info(&self) -> Result<Option<Info>, Fault> {
        let path = ["api", "sessions", self.0.session()];
        let reply = self.0.try_get(&path, &[]).await?;
        if reply.is_success() {
            return reply.parse(API).map(Some);
        }
        match self.0.refusal(&reply) {
            Fault::Refused { said, .. } if says_no_session(said.as_str()) => Ok(None),
            fault => Err(fault),
        }
    }

    /// The session if it is working.
    pub(super) async fn working(&self) -> Result<Info, Fault> {
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
    ) -> Result<OpenedSession, Fault> {
        let deadline = Instant::now() + self.0.waits.open;
        let mut info = self.info().await?;
        let started = match info.as_ref().map(Info::state) {
            None => Some(self.create(&progress).await?),
            Some(SessionState::Stopped) => Some(self.control(&progress, "start").await?),
            Some(SessionState::Failed) => Some(self.control(&progress, "restart").await?),
            Some(_) => None,
        };
        if started.is_some() {
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
            if Instant::now() >= deadline {
                return match info {
                    Some(info) => Ok(opened(info.report())),
                    None => Err(Fault::Refused {
                        api: API,
                        status: None,
                        said: Foreign::new("the session was created, but it is not there"),
                        next: "try again in a minute, then let the operator look at WAHA",
                    }),
                };
            }
            let word = info
                .as_ref()
                .map_or("being created", |info| info.status.as_str());
            progress.say(format!(
                "waiting for the session, which is {}",
                Foreign::new(word)
            ));
            progress.pause(self.0.waits.look).await?;
            info = self.info().await?;
        }
    }

    /// Makes the session. WAHA keeps one for each name: a second request of the
    /// same name is a 422, which says that somebody was quicker.
    async fn create(&self, progress: &Progress) -> Result<(), Fault> {
        let body = json!({
            "name": self.0.session(),
            // The server's own default differs from its documentation.
            "start": true,
            // NOWEB lists chats only with a store, which has to be there before linking.
            "config": { "noweb": { "markOnline": true, "store": { "enabled": true, "fullSync": false } } },
        });
        progress.say("creating the session");
        let reply = self
            .0
            .try_post(progress, &["api", "sessions"], Some(&body))
            .await?;
        self.accept_unless(&reply, "already exists")
    }

    async fn control(&self, progress: &Progress, verb: &str) -> Result<(), Fault> {
        progress.say("starting the session");
        let path = ["api", "sessions", self.0.session(), verb];
        let reply = self.0.try_post(progress, &path, None).await?;
        self.accept_unless(&reply, "already started")
    }

    /// A refusal with these words is as good as a yes.
    fn accept_unless(&self, reply: &crate::backend::http::Reply, fine: &str) -> Result<(), Fault> {
        if reply.is_success() {
            return Ok(());
        }
        match self.0.refusal(reply) {
            Fault::Refused { said, .. } if said.as_str().contains(fine) => Ok(()),
            fault => Err(fault),
        }
    }

    /// The QR code or pairing code; `None` when the state has moved on meanwhile.
    async fn link(
        &self,
        info: &Info,
        phone: Option<&PhoneNumber>,
        progress: &Progress,
    ) -> Result<Option<OpenedSession>, Fault> {
        let mut opened = opened(info.report());
        opened.session.next = None;
        if let Some(phone) = phone {
            let path = ["api", self.0.session(), "auth", "request-code"];
            let body = json!({ "phoneNumber": phone.digits() });
            let code: Code = self
                .0
                .post(progress, &path, Some(&body))
                .await?
                .parse(API)?;
            opened.pairing = Some(PairingCode {
                code: Foreign::new(&code.code).to_string(),
                expires_at: in_seconds(150),
                how: PairingCode::HOW,
            });
            return Ok(Some(opened));
        }
        let path = ["api", self.0.session(), "auth", "qr"];
        let reply = self.0.try_get(&path, &[("format", "raw")]).await?;
        if reply.status.as_u16() == 422 {
            return Ok(None);
        }
        if !reply.is_success() {
            return Err(self.0.refusal(&reply));
        }
        let raw: RawQr = reply.parse(API)?;
        let drawn = qr::draw(&raw.value).map_err(|why| Fault::Unreadable { api: API, why })?;
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
    ) -> Result<LoggedOut, Fault> {
        let before = self.info().await?;
        let Some(before) = before else {
            return Ok(LoggedOut::new(
                LoggingOut::WasNotLinked,
                Some(SessionReport::new(SessionState::Missing, None)),
            ));
        };
        if before.me.is_none() && before.state() == SessionState::NeedsLinking {
            return Ok(LoggedOut::new(
                LoggingOut::WasNotLinked,
                Some(before.report()),
            ));
        }
        progress.say("logging out");
        let path = ["api", "sessions", self.0.session(), "logout"];
        let certain = match self.0.post(&progress, &path, None).await {
            Ok(_) => true,
            Err(Fault::OutcomeUnknown { .. }) => false,
            Err(fault) => return Err(fault),
        };
        self.watch_logout(certain, &progress).await
    }

    /// Looks at the state until it shows the logout, or time is up.
    async fn watch_logout(&self, certain: bool, progress: &Progress) -> Result<LoggedOut, Fault> {
        let deadline = Instant::now() + self.0.waits.settle;
        loop {
            let seen = match self.info().await {
                Ok(Some(info)) => {
                    let gone = info.me.is_none()
                        && matches!(
                            info.state(),
                            SessionState::NeedsLinking | SessionState::Stopped
                        );
                    let report = info.report();
                    if gone {
                        return Ok(LoggedOut::new(LoggingOut::LoggedOut, Some(report)));
                    }
                    // Starting proves nothing either way.
                    Some((info.state() == SessionState::Working, report))
                }
                // Somebody has deleted it, and the login with it.
                Ok(None) => {
                    let report = SessionReport::new(SessionState::Missing, None);
                    return Ok(LoggedOut::new(LoggingOut::LoggedOut, Some(report)));
                }
                Err(_) => None,
            };
            if Instant::now() >= deadline {
                return Ok(match seen {
                    Some((true, report)) if certain => {
                        LoggedOut::new(LoggingOut::StillLinked, Some(report))
                    }
                    Some((_, report)) => LoggedOut::new(LoggingOut::Unknown, Some(report)),
                    None => LoggedOut::new(LoggingOut::Unknown, None),
                });
            }
            progress.say("looking whether the account is disconnected");
            // The change is made; whoever listens, its outcome is found out.
            tokio::time::sleep(self.0.waits.look).await;
        }
    }
}

fn opened(session: SessionReport) -> OpenedSession {
    OpenedSession {
        session,
        qr: None,
        pairing: None,
    }
}

fn not_ready(report: &SessionReport) -> Fault {
    use crate::op::Output;

    let mut report = report.clone();
    report.next = None;
    Fault::Refused {
        api: API,
        status: None,
        said: Foreign::new(&report.text()),
        next: "call open_session, then try again",
    }
}

fn in_seconds(seconds: i64) -> Timestamp {
    let now = Timestamp::now();
    let then = now
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(now);
    // Whole seconds read better, and the API promises no more.
    Timestamp::from_second(then.as_second()).unwrap_or(then)
}

/// Whether an answer is an explicit no: the bare word `false` at status 200.
pub(super) fn is_false(body: &Body) -> bool {
    match body {
        Body::Json(json) => json.as_bool() == Some(false) || json.as_str() == Some("false"),
        Body::Text(text) => text == "false",
        Body::Empty => false,
    }
}
