//! The sandbox's paths and answers.

use std::sync::{MutexGuard, PoisonError};

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Shared,
    state::{State, Status},
};

pub(super) fn app(state: Shared) -> Router {
    Router::new()
        .route("/api/server/version", get(version))
        .route("/api/sessions", post(create))
        .route("/api/sessions/{session}", get(session))
        .route("/api/sessions/{session}/{verb}", post(control))
        .route("/api/{session}/auth/qr", get(qr))
        .route("/api/{session}/auth/request-code", post(request_code))
        .route("/api/{session}/groups", get(groups))
        .route("/api/{session}/groups/{id}", get(group))
        .route("/api/{session}/groups/{id}/participants/v2", get(members))
        .route("/api/{session}/groups/{id}/leave", post(leave))
        .with_state(state)
}

type Answer = Result<Response, Refused>;

/// A refusal in WAHA's form.
struct Refused(StatusCode, Value);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state, if the session is in the wanted status.
fn expect(state: &Shared, wanted: Status) -> Result<MutexGuard<'_, State>, Refused> {
    let mut state = lock(state);
    let status = state.status();
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

async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "engine": "sandbox", "tier": "CORE" }))
}

async fn create() -> Refused {
    Refused(
        StatusCode::UNPROCESSABLE_ENTITY,
        json!({
            "statusCode": 422,
            "message": "Session 'default' already exists. Use PUT to update it.",
            "error": "Unprocessable Entity",
        }),
    )
}

async fn session(Extract(state): Extract<Shared>) -> Json<Value> {
    Json(lock(&state).session())
}

async fn control(
    Extract(state): Extract<Shared>,
    Path((_session, verb)): Path<(String, String)>,
) -> Answer {
    let mut state = lock(&state);
    match verb.as_str() {
        "start" => state.start(),
        "restart" => {
            state.stop();
            state.start();
        }
        "stop" => state.stop(),
        "logout" => state.logout(),
        _ => {
            let message = format!("Cannot POST {verb}");
            return Err(Refused(
                StatusCode::NOT_FOUND,
                json!({ "statusCode": 404, "message": message }),
            ));
        }
    }
    Ok((StatusCode::CREATED, Json(state.session())).into_response())
}

async fn qr(Extract(state): Extract<Shared>) -> Answer {
    let code = expect(&state, Status::ScanQrCode)?.show_code();
    Ok(Json(json!({ "value": format!("2@sandbox-{code},nothing,to,see,here") })).into_response())
}

async fn request_code(Extract(state): Extract<Shared>) -> Answer {
    let code = expect(&state, Status::ScanQrCode)?.show_code();
    Ok((
        StatusCode::CREATED,
        Json(json!({ "code": format!("SAND-{code:04}") })),
    )
        .into_response())
}

async fn groups(Extract(state): Extract<Shared>) -> Answer {
    Ok(Json(expect(&state, Status::Working)?.groups()).into_response())
}

async fn group(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    Ok(or_nothing(expect(&state, Status::Working)?.group(&id)))
}

async fn members(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    Ok(or_nothing(expect(&state, Status::Working)?.members(&id)))
}

async fn leave(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    expect(&state, Status::Working)?.leave(&id);
    Ok(StatusCode::CREATED.into_response())
}

/// NOWEB answers nothing, with status 200, for what it does not know.
fn or_nothing(value: Option<Value>) -> Response {
    match value {
        Some(value) => Json(value).into_response(),
        None => StatusCode::OK.into_response(),
    }
}
