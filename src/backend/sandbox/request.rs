//! Requests and answers in WAHA's form.

use std::collections::HashMap;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use url::form_urlencoded;

/// A request without its path.
pub(super) struct SandboxRequest {
    query: HashMap<String, String>,
    body: Value,
}

/// A file in a request.
pub(super) struct SentFile<'r> {
    pub(super) mime: &'r str,
    pub(super) name: Option<&'r str>,
    pub(super) bytes: Vec<u8>,
}

/// The answer to a request.
pub(super) type SandboxAnswer = Result<Response, SandboxRefusal>;

/// A refusal: its status and its body.
pub(super) struct SandboxRefusal(pub(super) StatusCode, pub(super) Value);

impl SandboxRequest {
    pub(super) fn new(query: Option<&str>, body: &[u8]) -> Self {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self {
            query: query.into_owned().collect(),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A parameter of the query that is a number or a boolean.
    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.query(name)?.parse().ok()
    }

    /// The value at a JSON pointer of the body.
    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        self.body.pointer(pointer)
    }

    /// The text at a JSON pointer of the body.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// The text at a JSON pointer of the body, which has to be there.
    pub(super) fn required(&self, pointer: &str) -> Result<&str, SandboxRefusal> {
        self.text(pointer)
            .ok_or_else(|| SandboxRefusal::lacking(pointer))
    }

    /// The file in the body, which has to be there.
    pub(super) fn file(&self) -> Result<SentFile<'_>, SandboxRefusal> {
        let data = STANDARD.decode(self.required("/file/data")?);
        Ok(SentFile {
            mime: self.required("/file/mimetype")?,
            name: self.text("/file/filename"),
            bytes: data.map_err(|_| SandboxRefusal::lacking("/file/data"))?,
        })
    }
}

impl SandboxRefusal {
    /// A status with a message.
    pub(super) fn new(status: StatusCode, message: &str) -> Self {
        let body = json!({ "statusCode": status.as_u16(), "message": message });
        Self(status, body)
    }

    /// WAHA's answer to a body without something that it reads.
    pub(super) fn lacking(what: &str) -> Self {
        let message = format!("{what} is needed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, &message)
    }

    /// An error of WhatsApp, which WAHA passes on.
    pub(super) fn whatsapp(message: &str) -> Self {
        let body = json!({ "statusCode": 500, "exception": { "message": message } });
        Self(StatusCode::INTERNAL_SERVER_ERROR, body)
    }
}

impl IntoResponse for SandboxRefusal {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// A value with status 200.
pub(super) fn found(value: Value) -> SandboxAnswer {
    Ok(Json(value).into_response())
}

/// A value with status 200, or nothing: NOWEB answers so for what it does not know.
pub(super) fn or_nothing(value: Option<Value>) -> SandboxAnswer {
    value.map_or_else(nothing, found)
}

/// An empty answer with status 200.
pub(super) fn nothing() -> SandboxAnswer {
    Ok(StatusCode::OK.into_response())
}

/// A value with status 201.
pub(super) fn created(value: Value) -> SandboxAnswer {
    Ok((StatusCode::CREATED, Json(value)).into_response())
}

/// An empty answer with status 201.
pub(super) fn done() -> SandboxAnswer {
    Ok(StatusCode::CREATED.into_response())
}

/// WAHA's answer to a change that has no result.
pub(super) fn success() -> SandboxAnswer {
    found(json!({ "success": true }))
}
