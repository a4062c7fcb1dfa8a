//! What GREEN-API's refusals mean.

use serde_json::Value;

use super::client::{API, GreenApiClient};
use crate::{
    backend::{
        http::{Body, HttpReply},
        shapes::{Shape, flag, may_have_acted},
        verify::Response as ChangeResponse,
    },
    op::{BackendError, BackendResult, Untrusted},
};

/// A no that comes with a status of success.
pub(super) const DENIAL: Shape = Shape::Is(is_denial);

impl GreenApiClient {
    /// An answer to a read that is not a refusal.
    pub(super) fn accepted(&self, reply: HttpReply) -> BackendResult<HttpReply> {
        match reply.is_success() && obstacle_in(reply.body()).is_none() {
            true => Ok(reply),
            false => Err(self.refusal(&reply)),
        }
    }

    /// The body of an answer to a change.
    ///
    /// # Errors
    /// With a refusal, or with an error after which the change may have been made.
    pub(super) fn changed(&self, reply: HttpReply, shapes: &[Shape]) -> BackendResult<Body> {
        let words = self.words(reply.body());
        let may_have_acted = may_have_acted(reply.status);
        match reply.is_success() {
            // Older instances report with 200 that they are not ready.
            _ if obstacle_in(reply.body()).is_some() => Err(self.refusal(&reply)),
            true => {
                let worded = words.map(|words| reply.ambiguous(API, Some(words)));
                let accepted = reply.into_body().accepted(API, shapes);
                accepted.map_err(|error| worded.unwrap_or(error))
            }
            false if may_have_acted => Err(reply.ambiguous(API, words)),
            false => Err(self.refusal(&reply)),
        }
    }

    /// The response in an answer to a change, by its flag of this name.
    ///
    /// # Errors
    /// With an error after which certainly nothing was changed.
    pub(super) fn response(
        &self,
        answer: BackendResult<Body>,
        key: &str,
    ) -> BackendResult<ChangeResponse> {
        ChangeResponse::of(answer, |body| {
            (flag(body, key) != Some(true)).then(|| self.denial(body))
        })
    }

    /// A no that comes with a status of success.
    pub(super) fn denial(&self, body: &Body) -> BackendError {
        let message = self.words(body);
        let message = message
            .as_deref()
            .unwrap_or("it answered no, without a reason");
        BackendError::Refused {
            api: API,
            status: (obstacle(message) == Some(Obstacle::WhatsAppRate)).then_some(429),
            message: Untrusted::new(message),
            remedy: remedy(200, message),
        }
    }

    /// What a refusal means, in words that hold no secret.
    fn refusal(&self, reply: &HttpReply) -> BackendError {
        let status = reply.status.as_u16();
        let body = reply.body();
        let message = match status {
            466 => quota(body),
            _ => self.words(body),
        };
        let message = message.unwrap_or_else(|| no_reason(reply));
        BackendError::Refused {
            api: API,
            status: Some(match obstacle(&message) {
                Some(Obstacle::WhatsAppRate) => 429,
                _ => status,
            }),
            remedy: remedy(status, &message),
            message: Untrusted::new(&message),
        }
    }

    /// GREEN-API's own words without the token. `path` is never read: it repeats it.
    pub(super) fn words(&self, body: &Body) -> Option<String> {
        words(body).map(|words| self.without_token(words))
    }
}

/// The words in an answer; a web page and broken JSON have none.
fn words(body: &Body) -> Option<&str> {
    let words = match body {
        Body::Json(Value::String(text)) => text,
        Body::Json(Value::Object(fields)) => ["message", "error", "reason"]
            .iter()
            .find_map(|name| fields.get(*name)?.as_str())?,
        Body::Text(text) if text.starts_with(char::is_alphabetic) => text,
        Body::Json(_) | Body::Text(_) | Body::Empty => return None,
    };
    (!words.trim().is_empty()).then_some(words)
}

/// Whether an answer is a no that comes with a status of success: words, or a `false`.
fn is_denial(body: &Body) -> bool {
    let is_false = |value: &Value| value.as_bool() == Some(false);
    let denies = match body {
        Body::Json(Value::Object(fields)) => fields.values().any(is_false),
        Body::Json(value) => is_false(value),
        Body::Text(_) | Body::Empty => false,
    };
    denies || words(body).is_some()
}

/// Whether a refusal says that the instance is starting.
pub(super) fn is_starting(error: &BackendError) -> bool {
    matches!(error, BackendError::Refused { message, .. } if obstacle(message.as_str()) == Some(Obstacle::Starting))
}

/// Whether a refusal may be about the target of the call, and not about the instance,
/// its token, its rate or its quota.
pub(super) fn is_about_target(error: &BackendError) -> bool {
    matches!(
        error,
        BackendError::Refused { status: Some(400 | 404 | 500), message, .. } if obstacle(message.as_str()).is_none()
    )
}

/// What prevents a call, whatever its target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    Starting,
    NotLinked,
    Ended,
    WhatsAppRate,
}

/// What prevents every call, by the words of an answer. Nothing was done then.
fn obstacle_in(body: &Body) -> Option<Obstacle> {
    obstacle(words(body)?)
}

fn obstacle(message: &str) -> Option<Obstacle> {
    let message = message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    if says("starting process") || says("is starting") {
        Some(Obstacle::Starting)
    } else if says("instance") && says("not authorized") {
        Some(Obstacle::NotLinked)
    } else if says("instance") && (says("expired") || says("deleted")) {
        Some(Obstacle::Ended)
    } else if says("overlimit") {
        Some(Obstacle::WhatsAppRate)
    } else {
        None
    }
}

/// A used-up quota in this program's words: GREEN-API's description lists phone numbers.
fn quota(body: &Body) -> Option<String> {
    let Body::Json(json) = body else { return None };
    let status = json
        .get("invokeStatus")
        .or_else(|| json.get("correspondentsStatus"))?;
    let method = status.get("method")?.as_str()?;
    let (used, total) = (
        status.get("used")?.as_u64()?,
        status.get("total")?.as_u64()?,
    );
    Some(format!(
        "the monthly quota of {method} is used up ({used} of {total})"
    ))
}

fn no_reason(reply: &HttpReply) -> String {
    match (reply.status.as_u16(), reply.status.canonical_reason()) {
        (466, _) => "a monthly quota is used up".into(),
        (499, _) => "a proxy gave up waiting for the answer".into(),
        (_, Some(reason)) => reason.to_owned(),
        (status, None) => format!("status {status} without a reason"),
    }
}

/// What to do about a refusal.
fn remedy(status: u16, message: &str) -> &'static str {
    match (status, obstacle(message)) {
        (300..=399, _) => {
            "GREENAPI_API_URL leads to a redirect, which is not followed; the operator should set the address behind it"
        }
        (401, _) => "the operator should check GREENAPI_API_TOKEN",
        (403, _) if message.contains("suspended") => {
            "stop sending and check the account on the phone"
        }
        (403, _) => "the operator should check GREENAPI_ID_INSTANCE and GREENAPI_API_URL",
        (404, _) => "the operator should check GREENAPI_API_URL",
        (429, _) => "wait a minute, then call once",
        (466, _) => "stop these calls: the quota comes back next month, or with another plan",
        (_, Some(Obstacle::Starting)) => "wait some seconds, then call get_session",
        (_, Some(Obstacle::NotLinked)) => "call open_session, then try again",
        (_, Some(Obstacle::Ended)) => {
            "the operator should renew the instance in GREEN-API's console"
        }
        (_, Some(Obstacle::WhatsAppRate)) => {
            "WhatsApp limits this account's requests: wait some minutes, then call once"
        }
        (500.., None) => "check the state before you try again",
        (_, None) if message.contains("Validation failed") => {
            "check the ids; list_chats, list_groups and list_messages return ids"
        }
        (_, None) => "read the message; the operator finds more in GREEN-API's console",
    }
}

/// A refusal that did not come as an HTTP status.
pub(super) fn refused(message: &str, remedy: &'static str) -> BackendError {
    BackendError::refused(API, message, remedy)
}
