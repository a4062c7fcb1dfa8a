//! The sandbox's session, and the phone that scans its code.

use std::time::{Duration, Instant};

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    ME, Shared, State,
    reply::{Answer, Refused, expect, found, lock},
};

/// How long the pretended phone takes to scan a code once it was shown.
const SCAN_AFTER: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Status {
    #[default]
    Stopped,
    ScanQrCode,
    Working,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::ScanQrCode => "SCAN_QR_CODE",
            Self::Working => "WORKING",
        }
    }
}

/// A session: stopped and not linked when it is new.
pub(super) struct Session {
    /// Whether there is one; it can be deleted, and created again.
    exists: bool,
    status: Status,
    linked: bool,
    shown: Option<Instant>,
    codes: u32,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            exists: true,
            status: Status::Stopped,
            linked: false,
            shown: None,
            codes: 0,
        }
    }
}

impl Session {
    pub(super) fn exists(&self) -> bool {
        self.exists
    }

    fn delete(&mut self) {
        self.stop();
        (self.exists, self.linked) = (false, false);
    }

    /// The status now; a code that was shown is scanned after a while.
    pub(super) fn status(&mut self) -> Status {
        if self
            .shown
            .is_some_and(|shown| shown.elapsed() >= SCAN_AFTER)
        {
            self.scan();
        }
        self.status
    }

    pub(super) fn scan(&mut self) {
        if self.status == Status::ScanQrCode {
            (self.status, self.linked, self.shown) = (Status::Working, true, None);
        }
    }

    fn start(&mut self) {
        self.status = if self.linked {
            Status::Working
        } else {
            Status::ScanQrCode
        };
    }

    fn stop(&mut self) {
        (self.status, self.shown) = (Status::Stopped, None);
    }

    fn log_out(&mut self) {
        self.linked = false;
        if self.status == Status::Working {
            self.status = Status::ScanQrCode;
        }
    }

    /// Shows a code, a new one each time.
    fn show_code(&mut self) -> u32 {
        self.shown.get_or_insert_with(Instant::now);
        self.codes += 1;
        self.codes
    }

    fn json(&mut self, name: &str) -> Value {
        let status = self.status();
        let me = (status == Status::Working).then(|| json!({ "id": ME, "pushName": name }));
        json!({ "name": "default", "status": status.name(), "config": null, "me": me, "engine": { "engine": "NOWEB" } })
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/server/version", get(version))
        .route("/api/sessions", post(create))
        .route("/api/sessions/{session}", get(session).delete(delete))
        .route("/api/sessions/{session}/{verb}", post(control))
        .route("/api/{session}/auth/qr", get(qr))
        .route("/api/{session}/auth/request-code", post(request_code))
}

async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "engine": "sandbox", "tier": "CORE" }))
}

async fn create(Extract(state): Extract<Shared>) -> Answer {
    let State {
        session, profile, ..
    } = &mut *lock(&state);
    if session.exists {
        return Err(Refused::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Session 'default' already exists. Use PUT to update it.",
        ));
    }
    session.exists = true;
    session.start();
    Ok((StatusCode::CREATED, Json(session.json(&profile.name))).into_response())
}

async fn session(Extract(state): Extract<Shared>) -> Answer {
    let State {
        session, profile, ..
    } = &mut *lock(&state);
    if session.exists {
        Ok(found(session.json(&profile.name)))
    } else {
        Err(not_found())
    }
}

/// Answers the same when it is gone already.
async fn delete(Extract(state): Extract<Shared>) -> StatusCode {
    lock(&state).session.delete();
    StatusCode::OK
}

fn not_found() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "Session not found")
}

async fn control(
    Extract(state): Extract<Shared>,
    Path((_session, verb)): Path<(String, String)>,
) -> Answer {
    let State {
        session, profile, ..
    } = &mut *lock(&state);
    if !session.exists {
        return Err(not_found());
    }
    match verb.as_str() {
        "start" => session.start(),
        "restart" => {
            session.stop();
            session.start();
        }
        "stop" => session.stop(),
        "logout" => session.log_out(),
        _ => {
            return Err(Refused::new(
                StatusCode::NOT_FOUND,
                &format!("Cannot POST {verb}"),
            ));
        }
    }
    Ok((StatusCode::CREATED, Json(session.json(&profile.name))).into_response())
}

async fn qr(Extract(state): Extract<Shared>) -> Answer {
    let code = expect(&state, Status::ScanQrCode)?.session.show_code();
    Ok(found(
        json!({ "value": format!("2@sandbox-{code},nothing,to,see,here") }),
    ))
}

async fn request_code(Extract(state): Extract<Shared>) -> Answer {
    let code = expect(&state, Status::ScanQrCode)?.session.show_code();
    let code = json!({ "code": format!("SAND-{code:04}") });
    Ok((StatusCode::CREATED, Json(code)).into_response())
}
