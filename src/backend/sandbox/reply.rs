//! Answers in WAHA's form.

use std::sync::{MutexGuard, PoisonError};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Shared, State, session::Status};

/// What a handler answers.
pub(super) type Answer = Result<Response, Refused>;

/// A refusal in WAHA's form.
pub(super) struct Refused(pub(super) StatusCode, pub(super) Value);

impl Refused {
    /// A status with a message.
    pub(super) fn new(status: StatusCode, message: &str) -> Self {
        let body = json!({ "statusCode": status.as_u16(), "message": message });
        Self(status, body)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

pub(super) fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state, if an account is linked.
pub(super) fn working(state: &Shared) -> Result<MutexGuard<'_, State>, Refused> {
    expect(state, Status::Working)
}

/// The state, if the session is in the wanted status.
pub(super) fn expect(state: &Shared, wanted: Status) -> Result<MutexGuard<'_, State>, Refused> {
    let mut state = lock(state);
    if !state.session.exists() {
        return Err(Refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({ "error": "Session \"default\" does not exist", "session": "default" }),
        ));
    }
    let status = state.session.status();
    if status == wanted {
        return Ok(state);
    }
    Err(Refused(
        StatusCode::UNPROCESSABLE_ENTITY,
        json!({
            "error": "Session status is not as expected. Try again later or restart the session",
            "session": "default",
            "status": status.name(),
            "expected": [wanted.name()],
        }),
    ))
}

/// A value with status 200.
pub(super) fn found(value: Value) -> Response {
    Json(value).into_response()
}

/// NOWEB answers nothing, with status 200, for what it does not know.
pub(super) fn or_nothing(value: Option<Value>) -> Response {
    value.map_or_else(|| StatusCode::OK.into_response(), found)
}

/// Done, with status 201 and nothing more.
pub(super) fn done() -> Response {
    StatusCode::CREATED.into_response()
}
