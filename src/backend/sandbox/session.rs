//! The sandbox's session, and the phone that scans its code.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    ME, SandboxState,
    request::{SandboxAnswer, SandboxRefusal, created, found, nothing},
};

/// How long the simulated phone takes to scan a code once it was shown.
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
pub(super) struct SandboxSession {
    /// Whether there is one; it can be deleted, and created again.
    exists: bool,
    status: Status,
    linked: bool,
    shown: Option<Instant>,
    codes: u32,
}

impl Default for SandboxSession {
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

impl SandboxSession {
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

impl SandboxState {
    /// Checks that the session has a status.
    pub(super) fn expect(&mut self, wanted: Status) -> Result<(), SandboxRefusal> {
        let status = self.session.status();
        let body = if !self.session.exists {
            json!({ "error": "Session \"default\" does not exist", "session": "default" })
        } else if status != wanted {
            json!({
                "error": "Session status is not as expected. Try again later or restart the session",
                "session": "default",
                "status": status.name(),
                "expected": [wanted.name()],
            })
        } else {
            return Ok(());
        };
        Err(SandboxRefusal(StatusCode::UNPROCESSABLE_ENTITY, body))
    }

    fn session_json(&mut self) -> Value {
        self.session.json(&self.profile.name)
    }
}

pub(super) fn version() -> SandboxAnswer {
    found(json!({ "version": env!("CARGO_PKG_VERSION"), "engine": "sandbox", "tier": "CORE" }))
}

pub(super) fn create(state: &mut SandboxState) -> SandboxAnswer {
    if state.session.exists {
        return Err(SandboxRefusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Session 'default' already exists. Use PUT to update it.",
        ));
    }
    state.session.exists = true;
    state.session.start();
    created(state.session_json())
}

pub(super) fn get(state: &mut SandboxState) -> SandboxAnswer {
    match state.session.exists {
        true => found(state.session_json()),
        false => Err(not_found()),
    }
}

/// Answers the same when it is gone already.
pub(super) fn delete(state: &mut SandboxState) -> SandboxAnswer {
    state.session.delete();
    nothing()
}

fn not_found() -> SandboxRefusal {
    SandboxRefusal::new(StatusCode::NOT_FOUND, "Session not found")
}

pub(super) fn control(state: &mut SandboxState, verb: &str) -> SandboxAnswer {
    let session = &mut state.session;
    match verb {
        _ if !session.exists => return Err(not_found()),
        "start" => session.start(),
        "restart" => {
            session.stop();
            session.start();
        }
        "stop" => session.stop(),
        "logout" => session.log_out(),
        _ => {
            let message = format!("Cannot POST {verb}");
            return Err(SandboxRefusal::new(StatusCode::NOT_FOUND, &message));
        }
    }
    created(state.session_json())
}

pub(super) fn qr(state: &mut SandboxState) -> SandboxAnswer {
    state.expect(Status::ScanQrCode)?;
    let code = state.session.show_code();
    found(json!({ "value": format!("2@sandbox-{code},nothing,to,see,here") }))
}

pub(super) fn request_code(state: &mut SandboxState) -> SandboxAnswer {
    state.expect(Status::ScanQrCode)?;
    let code = state.session.show_code();
    created(json!({ "code": format!("SAND-{code:04}") }))
}
