//! The session on GREEN-API: opening, reading, logging out.

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{
    GreenApi, KIND,
    client::{API, unreadable},
    refusals::{is_starting, refused},
};
use crate::{
    backend::{
        http::Body,
        in_seconds,
        shapes::{Shape, flag},
        verify::Observation,
    },
    op::{
        BackendError, BackendResult, Blob, GetSession, LoggedOut, LoggingOut, LogoutInstance,
        OfSession, OpenSession, OpenedSession, PairingCode, PersonId, PhoneNumber, QrCode,
        SessionReport, SessionState, Untrusted,
    },
    qr,
};

/// The largest picture of a QR code.
const LARGEST_PICTURE: usize = 1024 * 1024;

/// `getStateInstance`.
#[derive(Deserialize)]
struct Instance {
    #[serde(rename = "stateInstance")]
    state: String,
}

/// `getWaSettings`, as far as it is needed.
#[derive(Deserialize)]
pub(super) struct WaSettings {
    pub(super) phone: String,
    #[serde(default)]
    avatar: String,
}

impl WaSettings {
    /// The address of the account's picture; empty where there is none.
    pub(super) fn avatar(&self) -> &str {
        &self.avatar
    }
}

/// `qr`.
#[derive(Deserialize)]
struct GreenApiQr {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// What came of requesting a QR code or a pairing code.
enum Link {
    Qr(QrCode),
    Pairing(PairingCode),
    /// The state has moved on meanwhile.
    Moved,
    /// There is none yet; the refusal in case none comes in time.
    NotYet(BackendError),
}

impl GreenApi {
    pub(super) async fn get_session(self, _op: GetSession) -> BackendResult<SessionReport> {
        self.report().await
    }

    /// The state, and who is signed in.
    pub(super) async fn report(&self) -> BackendResult<SessionReport> {
        let report = self.state().await?;
        Ok(self.with_account(report).await)
    }

    pub(super) async fn state(&self) -> BackendResult<SessionReport> {
        let instance: Instance = match self
            .client
            .read(&self.progress, "getStateInstance", None)
            .await
        {
            Ok(reply) => reply.parse(API)?,
            Err(error) if is_starting(&error) => Instance {
                state: "starting".into(),
            },
            Err(error) => return Err(error),
        };
        let mut report =
            SessionReport::new(KIND.spec.state(&instance.state), Some(&instance.state));
        if instance.state == "pendingCode" {
            report.next = Some(
                "type the pairing code on the phone; if it is lost, log out (logout_instance) and link again (open_session)",
            );
        }
        Ok(report)
    }

    pub(super) async fn with_account(&self, report: SessionReport) -> SessionReport {
        if report.state != SessionState::Working {
            return report;
        }
        // The state is complete without the number.
        let settings = self
            .client
            .read(&self.progress, "getWaSettings", None)
            .await;
        let phone = settings.and_then(|reply| reply.parse::<WaSettings>(API));
        let account = phone.map(|settings| format!("{}@c.us", settings.phone));
        report.signed_in(
            account
                .ok()
                .as_deref()
                .and_then(|id| PersonId::parse(id).ok())
                .as_ref(),
            None,
        )
    }

    pub(super) async fn open_session(self, op: OpenSession) -> BackendResult<OpenedSession> {
        let deadline = Instant::now() + self.client.timeouts.open;
        loop {
            let now = self.state().await?;
            let word = now.reported.clone();
            let mut denied = None;
            match now.state {
                SessionState::Working => return Ok(opened(self.with_account(now).await)),
                SessionState::Restricted => return Ok(opened(now)),
                // A second code while one is awaited can leave the instance starting.
                SessionState::NeedsLinking if !is(&now, "pendingCode") => {
                    let link = self.link(op.phone_number.as_ref()).await?;
                    match link {
                        Link::Qr(qr) => {
                            return Ok(OpenedSession {
                                qr: Some(qr),
                                ..linking(now)
                            });
                        }
                        Link::Pairing(code) => {
                            return Ok(OpenedSession {
                                pairing: Some(code),
                                ..linking(now)
                            });
                        }
                        Link::Moved => {}
                        Link::NotYet(error) => denied = Some(error),
                    }
                }
                _ => {}
            }
            if Instant::now() >= deadline {
                return denied.map_or(Ok(opened(now)), Err);
            }
            if let Some(word) = word {
                self.progress
                    .say(format!("waiting for the session, which is {word}"));
            }
            self.progress.pause(self.client.timeouts.look).await?;
        }
    }

    async fn link(&self, phone: Option<&PhoneNumber>) -> BackendResult<Link> {
        let link = match phone {
            Some(phone) => self.pairing_code(phone).await,
            None => self.qr().await,
        };
        match link {
            Err(error) if is_starting(&error) => Ok(Link::NotYet(error)),
            link => link,
        }
    }

    async fn pairing_code(&self, phone: &PhoneNumber) -> BackendResult<Link> {
        let number: u64 = phone
            .digits()
            .parse()
            .map_err(|error| BackendError::internal(&error))?;
        let arguments = json!({ "phoneNumber": number });
        let (method, shapes) = ("getAuthorizationCode", [Shape::Flag("status")]);
        let answer = self
            .client
            .change(&self.progress, method, Some(&arguments), &shapes)
            .await?;
        Ok(match code(&answer) {
            Some(code) if flag(&answer, "status") == Some(true) => Link::Pairing(PairingCode {
                code: code.to_string(),
                expires_at: in_seconds(150),
                how: PairingCode::HOW,
            }),
            _ => denied("it has no pairing code now"),
        })
    }

    async fn qr(&self) -> BackendResult<Link> {
        let reply = self.client.read(&self.progress, "qr", None).await?;
        let raw: GreenApiQr = reply.parse(API)?;
        match raw.kind.as_str() {
            "qrCode" => picture(&raw.message).map(Link::Qr),
            "alreadyLogged" => Ok(Link::Moved),
            // Only an error's message is meant to be read.
            kind => {
                let message = self.client.words(reply.body());
                let message = message.filter(|_| kind == "error");
                let message = message.as_deref().unwrap_or("it has no QR code now");
                Ok(denied(message))
            }
        }
    }

    pub(super) async fn logout_instance(self, _op: LogoutInstance) -> BackendResult<LoggedOut> {
        let before = self.state().await?;
        if is(&before, "notAuthorized") {
            let session = Some(before);
            return Ok(LoggedOut::new(
                LoggingOut::WasNotLinked,
                OfSession { session },
            ));
        }
        self.progress.say("logging out");
        let shapes = [Shape::Flag("isLogout")];
        let answer = self.client.change(&self.progress, "logout", None, &shapes);
        let response = self.client.response(answer.await, "isLogout")?;
        // An accepted logout proves nothing: sessions have stayed active after it.
        let fetch = || async {
            self.progress
                .say("checking whether the account is disconnected");
            self.state().await.ok()
        };
        let observe = |seen: &Option<SessionReport>| match seen {
            Some(report) if is(report, "notAuthorized") => Observation::Done,
            Some(report) if is_working(report) => Observation::NotDone,
            _ => Observation::Unclear,
        };
        let timeouts = self.client.timeouts;
        let (change, session) = response.verify_by(timeouts, fetch, observe).await?;
        let session = session.flatten();
        Ok(LoggedOut::of(change, OfSession { session }))
    }
}

/// The code in an answer, if there is one.
fn code(body: &Body) -> Option<Untrusted> {
    match body {
        Body::Json(answer) => Untrusted::nonempty(answer.get("code")?.as_str()?),
        Body::Text(_) | Body::Empty => None,
    }
}

pub(super) fn is_working(report: &SessionReport) -> bool {
    report.state == SessionState::Working
}

fn is(report: &SessionReport, state: &str) -> bool {
    report
        .reported
        .as_ref()
        .is_some_and(|word| word.as_str() == state)
}

fn opened(session: SessionReport) -> OpenedSession {
    OpenedSession {
        session,
        qr: None,
        pairing: None,
    }
}

/// A session with a code: the code says what to do next.
fn linking(mut session: SessionReport) -> OpenedSession {
    session.next = None;
    opened(session)
}

/// The QR code in a picture.
fn picture(base64: &str) -> BackendResult<QrCode> {
    use base64::{Engine, engine::general_purpose::STANDARD};

    let png = STANDARD
        .decode(base64)
        .ok()
        .filter(|png| !png.is_empty())
        .ok_or_else(|| unreadable("the QR code is not a picture in base64"))?;
    if png.len() > LARGEST_PICTURE {
        return Err(unreadable(
            "the picture of the QR code is larger than 1 MiB",
        ));
    }
    Ok(QrCode {
        expires_at: in_seconds(20),
        how: QrCode::HOW,
        drawing: qr::redraw(&png),
        image: Blob {
            mime: "image/png".into(),
            base64: base64.to_owned(),
        },
    })
}

/// There is no code yet, with the API's message.
fn denied(message: &str) -> Link {
    let remedy = "try again in some minutes; after a logout it may take up to ten";
    Link::NotYet(refused(message, remedy))
}
