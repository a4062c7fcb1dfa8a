//! The session on GREEN-API: opening, looking, logging out.

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{
    GreenApi, KIND,
    client::{API, flag, is_starting},
};
use crate::{
    backend::{
        effect::watch,
        in_seconds,
        settle::{Said, Seen, judge},
    },
    op::{
        BackendError, Blob, GetSession, LoggedOut, LoggingOut, LogoutInstance, OpenSession,
        OpenedSession, PairingCode, PersonId, PhoneNumber, Progress, QrCode, SessionReport,
        SessionState, Untrusted,
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
    /// Where the account's picture is; empty where there is none.
    pub(super) fn avatar(&self) -> &str {
        &self.avatar
    }
}

/// `qr`.
#[derive(Deserialize)]
struct RawQr {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// `getAuthorizationCode`.
#[derive(Deserialize)]
struct Code {
    status: bool,
    code: Option<String>,
}

/// What came of asking for a QR code or a pairing code.
enum Link {
    Qr(QrCode),
    Pairing(PairingCode),
    /// The state has moved on meanwhile.
    Moved,
    /// There is none yet; the refusal that stands if it stays so.
    NotYet(BackendError),
}

impl GreenApi {
    pub(super) async fn get_session(self, _op: GetSession) -> Result<SessionReport, BackendError> {
        self.report().await
    }

    /// The state, and who is signed in.
    pub(super) async fn report(&self) -> Result<SessionReport, BackendError> {
        let report = self.state().await?;
        Ok(self.with_account(report).await)
    }

    pub(super) async fn state(&self) -> Result<SessionReport, BackendError> {
        let instance: Instance = match self.0.read("getStateInstance", None).await {
            Ok(reply) => reply.parse(API)?,
            Err(fault) if is_starting(&fault) => Instance {
                state: "starting".into(),
            },
            Err(fault) => return Err(fault),
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
        // The state stands without the number.
        let settings = self.0.read("getWaSettings", None).await;
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

    pub(super) async fn open_session(
        self,
        op: OpenSession,
        progress: Progress,
    ) -> Result<OpenedSession, BackendError> {
        let deadline = Instant::now() + self.0.timeouts.open;
        loop {
            let now = self.state().await?;
            let word = now.reported.clone();
            let mut denied = None;
            match now.state {
                SessionState::Working => return Ok(opened(self.with_account(now).await)),
                SessionState::Restricted => return Ok(opened(now)),
                // A second code while one is awaited can leave the instance starting.
                SessionState::NeedsLinking if !is(&now, "pendingCode") => {
                    let link = self.link(op.phone_number.as_ref(), &progress).await?;
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
                        Link::NotYet(fault) => denied = Some(fault),
                    }
                }
                _ => {}
            }
            if Instant::now() >= deadline {
                return denied.map_or(Ok(opened(now)), Err);
            }
            if let Some(word) = word {
                progress.say(format!("waiting for the session, which is {word}"));
            }
            progress.pause(self.0.timeouts.look).await?;
        }
    }

    async fn link(
        &self,
        phone: Option<&PhoneNumber>,
        progress: &Progress,
    ) -> Result<Link, BackendError> {
        let link = match phone {
            Some(phone) => self.pairing_code(phone, progress).await,
            None => self.qr().await,
        };
        match link {
            Err(fault) if is_starting(&fault) => Ok(Link::NotYet(fault)),
            link => link,
        }
    }

    async fn pairing_code(
        &self,
        phone: &PhoneNumber,
        progress: &Progress,
    ) -> Result<Link, BackendError> {
        let number: u64 = phone
            .digits()
            .parse()
            .map_err(|error| BackendError::internal(&error))?;
        let arguments = json!({ "phoneNumber": number });
        let answer: Code = self
            .0
            .change(progress, "getAuthorizationCode", Some(&arguments))
            .await?
            .parse(API)?;
        Ok(match answer.code.as_deref().and_then(Untrusted::nonempty) {
            Some(code) if answer.status => Link::Pairing(PairingCode {
                code: code.to_string(),
                expires_at: in_seconds(150),
                how: PairingCode::HOW,
            }),
            _ => denied("it gives no pairing code now"),
        })
    }

    async fn qr(&self) -> Result<Link, BackendError> {
        let reply = self.0.read("qr", None).await?;
        let raw: RawQr = reply.parse(API)?;
        match raw.kind.as_str() {
            "qrCode" => picture(&raw.message).map(Link::Qr),
            "alreadyLogged" => Ok(Link::Moved),
            // Only an error's message is meant to be read.
            kind => {
                let said = self.0.said(&reply).filter(|_| kind == "error");
                Ok(denied(said.as_deref().unwrap_or("it gives no QR code now")))
            }
        }
    }

    pub(super) async fn logout_instance(
        self,
        _op: LogoutInstance,
        progress: Progress,
    ) -> Result<LoggedOut, BackendError> {
        let before = self.state().await?;
        if is(&before, "notAuthorized") {
            return Ok(LoggedOut::new(LoggingOut::WasNotLinked, Some(before)));
        }
        progress.say("logging out");
        let said = match self.0.change(&progress, "logout", None).await {
            Ok(reply) if flag(&reply, "isLogout").is_none() => {
                Said::Doubt(BackendError::OutcomeUnknown {
                    api: API,
                    why: "it answered neither yes nor no".into(),
                })
            }
            answer => Said::of(answer, |reply| {
                (flag(reply, "isLogout") == Some(false)).then(|| self.0.refusal(reply))
            })?,
        };
        if let Said::No(fault) = said {
            return Err(fault);
        }
        // A yes proves nothing: sessions have stayed active after it.
        let look = || {
            progress.say("looking whether the account is disconnected");
            self.state()
        };
        let gone = |seen: &Result<SessionReport, BackendError>| matches!(seen, Ok(report) if is(report, "notAuthorized"));
        let seen = watch(self.0.timeouts.settle, self.0.timeouts.look, look, gone).await;
        let shown = match &seen {
            seen if gone(seen) => Seen::Done,
            Ok(report) if is_working(report) => Seen::NotDone,
            _ => Seen::Nothing,
        };
        let outcome = judge(shown, said)?.into();
        Ok(LoggedOut::new(outcome, seen.ok()))
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

/// A session that a code is given for: the code says what to do next.
fn linking(mut session: SessionReport) -> OpenedSession {
    session.next = None;
    opened(session)
}

/// The QR code in a picture.
fn picture(base64: &str) -> Result<QrCode, BackendError> {
    use base64::{Engine, engine::general_purpose::STANDARD};

    let unreadable = |why: &str| BackendError::Unreadable {
        api: API,
        why: why.to_owned(),
    };
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

/// There is no code yet, in the API's words.
fn denied(said: &str) -> Link {
    Link::NotYet(BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new(said),
        next: "try again in some minutes; after a logout it may take up to ten",
    })
}
