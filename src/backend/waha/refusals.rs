//! What WAHA's refusals mean.

use reqwest::StatusCode;
use serde_json::Value;

use super::{
    client::{API, WahaClient},
    definite::{definite_no, webjs_error},
};
use crate::{
    backend::{
        http::{Body, HttpReply},
        shapes::{Shape, boolean, flag, may_have_acted},
        verify::Response as ChangeResponse,
    },
    op::{BackendError, BackendResult, Untrusted},
};

impl WahaClient {
    /// The body of an answer to a change.
    ///
    /// # Errors
    /// With a refusal, or with an error after which the change may have been made.
    pub(super) fn changed(&self, reply: HttpReply, shapes: &[Shape]) -> BackendResult<Body> {
        let body = reply.body();
        if !reply.is_success() {
            // WAHA refuses in JSON; anything else is from something before it, which does not
            // say how far the request went.
            let is_own = matches!(body, Body::Json(Value::Object(_)));
            let definite = definite_no(body).is_some() || (is_own && !may_have_acted(reply.status));
            return Err(match definite {
                true => self.refusal(&reply),
                false => reply.ambiguous(API, self.message(body)),
            });
        }
        match webjs_error(body) {
            Some((error, true)) => Err(refused(
                &self.without_key(error),
                "check with get_group; a person can do it on the phone",
            )),
            Some((error, false)) => Err(reply.ambiguous(API, Some(self.without_key(error)))),
            None => reply.into_body().accepted(API, shapes),
        }
    }

    /// What an answer other than 2xx means, in words that hold no secret.
    pub(super) fn refusal(&self, reply: &HttpReply) -> BackendError {
        let body = reply.body();
        let message = self.message(body).unwrap_or_else(|| {
            reply
                .status
                .canonical_reason()
                .unwrap_or("no reason given")
                .to_owned()
        });
        let wrong_state = matches!(body, Body::Json(json) if json.get("status").is_some_and(Value::is_string))
            || says_no_session(&message);
        let remedy = match reply.status {
            status if status.is_redirection() => {
                "WAHA_BASE_URL leads to a redirect, which is not followed; the operator should set the address behind it"
            }
            StatusCode::UNAUTHORIZED => "the operator should check WAHA_API_KEY",
            StatusCode::FORBIDDEN => {
                "the key may not do this; the operator can use another key or widen its rights in WAHA"
            }
            StatusCode::NOT_FOUND if message.starts_with("Cannot ") => {
                "this WAHA server is too old for the call, or WAHA_BASE_URL has a wrong path; the operator should check"
            }
            _ if wrong_state => "call get_session, then open_session if it is not working",
            StatusCode::NOT_FOUND => {
                "check the ids; list_chats, list_groups and list_messages return ids"
            }
            status if status == StatusCode::NOT_IMPLEMENTED || names_engine(&message) => {
                "WAHA's engine cannot do this; the operator can choose another engine"
            }
            _ if message.contains("rate-overlimit") => {
                "WhatsApp limits this account's requests: wait some minutes, then call once"
            }
            _ if message.contains("item-not-found") || message.contains("not found") => {
                "check the ids; list_chats, list_groups and list_messages return ids"
            }
            status if status.is_server_error() => "check the state before you try again",
            _ => "read the message; the operator finds more in WAHA's log",
        };
        BackendError::Refused {
            api: API,
            status: Some(definite_no(body).unwrap_or(reply.status.as_u16())),
            message: Untrusted::new(&message),
            remedy,
        }
    }

    /// WAHA's own message. `request`, `exception.stack` and `version` are never
    /// read: they repeat the request and name files.
    fn message(&self, body: &Body) -> Option<String> {
        let json = match body {
            Body::Json(json) => json,
            Body::Text(_) | Body::Empty => return None,
        };
        let nonempty = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        let text = |value: &Value| nonempty(value.as_str()?.to_owned());
        let message = match json.get("message") {
            Some(Value::Array(parts)) => {
                let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
                nonempty(parts.join("; "))
            }
            Some(message) => text(message),
            None => None,
        };
        let message = message
            .or_else(|| match json.get("error")? {
                Value::String(error) => Some(match json.get("status").and_then(Value::as_str) {
                    Some(status) => format!("{error} (the session is {status})"),
                    None => error.clone(),
                }),
                error => text(error.get("message")?),
            })
            .or_else(|| text(json.get("detail")?))
            .or_else(|| text(json.get("exception")?.get("message")?))?;
        Some(self.without_key(&message))
    }
}

/// Whether a server does not know the path.
pub(super) fn is_too_old(error: &BackendError) -> bool {
    matches!(error, BackendError::Refused { status: Some(404), message, .. } if message.as_str().starts_with("Cannot "))
}

/// Whether a refusal says that the session is in another state than the call needs.
pub(super) fn says_wrong_state(error: &BackendError) -> bool {
    matches!(error, BackendError::Refused { status: Some(422), message, .. }
        if ["the session is ", "current status is"].iter().any(|words| message.as_str().contains(words)))
}

/// Whether a refusal says that there is no session of this name, or that it is not running.
pub(super) fn says_no_session(message: &str) -> bool {
    message.contains("Session not found")
        || message.contains("We didn't find a session")
        || (message.contains("Session \"") && message.contains("does not exist"))
}

/// Whether a message says that the engine has no such method.
fn names_engine(message: &str) -> bool {
    message.contains("not implemented by")
}

/// The response in an answer to a change; `remedy` is for a denial.
///
/// # Errors
/// With an error after which certainly nothing was changed.
pub(super) fn response(
    answer: BackendResult<Body>,
    remedy: &'static str,
) -> BackendResult<ChangeResponse> {
    ChangeResponse::of(answer, |body| denial(body, remedy))
}

/// An answer to a change that is not verified.
///
/// # Errors
/// With a denial, which has this remedy.
pub(super) fn accepted(body: Body, remedy: &'static str) -> BackendResult<Body> {
    denial(&body, remedy).map_or(Ok(body), Err)
}

/// An explicit no, which comes with a status of success.
pub(super) fn denial(body: &Body, remedy: &'static str) -> Option<BackendError> {
    let denied = boolean(body) == Some(false) || flag(body, "success") == Some(false);
    denied.then(|| refused("it answered no, without a reason", remedy))
}

/// A refusal that did not come as an HTTP status.
pub(super) fn refused(message: &str, remedy: &'static str) -> BackendError {
    BackendError::refused(API, message, remedy)
}
