//! Requests to WAHA, and what its refusals mean.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::attributes::Unable;
use crate::{
    backend::{
        http::{Body, Http, HttpReply, Locate, redacted},
        verify::Response as ChangeResponse,
    },
    config::{Config, Timeouts},
    media::MediaRules,
    op::{BackendError, BackendResult, ChatId, GroupId, MessageId, Progress, Untrusted},
};

pub(super) const API: &str = "WAHA";

/// A WAHA server, and the session that is used there.
pub(super) struct WahaClient {
    http: Http,
    server: Box<dyn Locate>,
    api_key: Option<SecretString>,
    session: String,
    pub(super) timeouts: Timeouts,
    pub(super) media: MediaRules,
    pub(super) unable: Unable,
}

/// `GET /api/server/version`.
#[derive(Deserialize)]
pub(super) struct Version {
    version: String,
    engine: Option<String>,
}

impl Version {
    pub(super) fn version(&self) -> Untrusted {
        Untrusted::new(&self.version)
    }

    pub(super) fn engine(&self) -> Untrusted {
        Untrusted::new(self.engine.as_deref().unwrap_or("unknown engine"))
    }
}

impl WahaClient {
    /// A session on a server; the configuration has how long to wait and what to send.
    pub(super) fn new(
        server: impl Locate,
        session: &str,
        api_key: Option<&SecretString>,
        config: &Config,
    ) -> Self {
        Self {
            http: Http::new(API, config.timeouts.answer).plain(!server.is_encrypted()),
            server: Box::new(server),
            api_key: api_key.cloned(),
            session: session.to_owned(),
            timeouts: config.timeouts,
            media: config.media.clone(),
            unable: Unable::default(),
        }
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }

    /// A path below the session.
    pub(super) fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        [&["api", self.session.as_str()], rest].concat()
    }

    pub(super) fn chat_path<'a>(&'a self, chat: &'a ChatId, rest: &[&'a str]) -> Vec<&'a str> {
        [&self.path(&["chats", chat.as_str()]), rest].concat()
    }

    pub(super) fn message_path<'a>(
        &'a self,
        chat: &'a ChatId,
        message: &'a MessageId,
    ) -> Vec<&'a str> {
        self.chat_path(chat, &["messages", message.as_str()])
    }

    pub(super) fn group_path<'a>(&'a self, group: &'a GroupId, rest: &[&'a str]) -> Vec<&'a str> {
        [&self.path(&["groups", group.as_str()]), rest].concat()
    }

    /// Reads; an answer other than 2xx is a refusal.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> BackendResult<HttpReply> {
        let reply = self.try_get(path, query).await?;
        self.accepted(reply)
    }

    /// Reads, whatever the status is.
    pub(super) async fn try_get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> BackendResult<HttpReply> {
        let mut url = self.url(path).await?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http
            .read(|client| self.authorized(client.request(Method::GET, url.clone())))
            .await
    }

    /// Requests one of WAHA's files by its encoded name, at the configured address only.
    pub(super) async fn open_file(&self, name: &str) -> BackendResult<Response> {
        let mut url = self.url(&["api", "files"]).await?;
        // The name is encoded once and has no dot segments: it stood in a parsed address.
        url.set_path(&format!("{}/{name}", url.path()));
        self.http
            .open(|client| self.keyed(client.request(Method::GET, url.clone())))
            .await
    }

    /// Changes something; an answer other than 2xx is a refusal.
    pub(super) async fn post(
        &self,
        progress: &Progress,
        path: &[&str],
        body: Option<&Value>,
    ) -> BackendResult<HttpReply> {
        let reply = self.try_post(progress, path, body).await?;
        self.accepted(reply)
    }

    /// Changes something, whatever the status is.
    pub(super) async fn try_post(
        &self,
        progress: &Progress,
        path: &[&str],
        body: Option<&Value>,
    ) -> BackendResult<HttpReply> {
        self.send(progress, Method::POST, path, body).await
    }

    /// Replaces something; an answer other than 2xx is a refusal.
    pub(super) async fn put(
        &self,
        progress: &Progress,
        path: &[&str],
        body: &Value,
    ) -> BackendResult<HttpReply> {
        let reply = self.send(progress, Method::PUT, path, Some(body)).await?;
        self.accepted(reply)
    }

    /// Deletes something; an answer other than 2xx is a refusal.
    pub(super) async fn delete(
        &self,
        progress: &Progress,
        path: &[&str],
    ) -> BackendResult<HttpReply> {
        let reply = self.send(progress, Method::DELETE, path, None).await?;
        self.accepted(reply)
    }

    async fn send(
        &self,
        progress: &Progress,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> BackendResult<HttpReply> {
        let url = self.url(path).await?;
        self.http
            .change(progress, |client| {
                let request = self.authorized(client.request(method, url));
                match body {
                    Some(body) => request.json(body),
                    None => request,
                }
            })
            .await
    }

    fn accepted(&self, reply: HttpReply) -> BackendResult<HttpReply> {
        if reply.is_success() {
            Ok(reply)
        } else {
            Err(self.refusal(&reply))
        }
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        // Without this WAHA draws the QR code as a bare picture.
        self.keyed(request.header("Accept", "application/json"))
    }

    fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.api_key {
            Some(key) => request.header("X-Api-Key", key.expose_secret()),
            None => request,
        }
    }

    async fn url(&self, path: &[&str]) -> BackendResult<Url> {
        let mut url = self.server.locate().await?;
        match url.path_segments_mut() {
            // Segments are parsed ids and names; none is `.` or `..`.
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(BackendError::internal(&"the address cannot have a path")),
        };
        Ok(url)
    }

    /// What an answer other than 2xx means, in words that hold no secret.
    pub(super) fn refusal(&self, reply: &HttpReply) -> BackendError {
        let body = reply.body();
        let message = self.message(&body).unwrap_or_else(|| {
            reply
                .status
                .canonical_reason()
                .unwrap_or("no reason given")
                .to_owned()
        });
        let wrong_state = matches!(&body, Body::Json(json) if json.get("status").is_some_and(Value::is_string))
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
            status: Some(reply.status.as_u16()),
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

    /// WAHA's message without the key, in case it repeats it.
    pub(super) fn without_key(&self, message: &str) -> String {
        redacted(message, self.api_key.as_ref())
    }
}

/// Whether a refusal says that the session is in another state than the call needs.
pub(super) fn says_wrong_state(reply: &HttpReply) -> bool {
    reply.status == StatusCode::UNPROCESSABLE_ENTITY
        && matches!(reply.body(), Body::Json(json) if json.get("status").is_some_and(Value::is_string)
            || json.get("message").and_then(Value::as_str).is_some_and(|message| message.contains("current status is")))
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
/// With an error after which certainly nothing was changed. An engine that has no such
/// method has changed nothing, whatever the status.
pub(super) fn response(
    answer: BackendResult<HttpReply>,
    remedy: &'static str,
) -> BackendResult<ChangeResponse> {
    match answer {
        Err(error @ BackendError::Refused { .. }) if names_engine(&error.to_string()) => Err(error),
        answer => ChangeResponse::of(answer, |reply| denial(reply, remedy)),
    }
}

/// An answer to a change that is not verified.
///
/// # Errors
/// With a denial, which has this remedy.
pub(super) fn accepted(reply: HttpReply, remedy: &'static str) -> BackendResult<HttpReply> {
    denial(&reply, remedy).map_or(Ok(reply), Err)
}

/// An explicit no, which comes with a status of success.
pub(super) fn denial(reply: &HttpReply, remedy: &'static str) -> Option<BackendError> {
    let body = reply.body();
    let failed =
        matches!(&body, Body::Json(json) if json.get("success") == Some(&Value::Bool(false)));
    (failed || is_false(&body)).then(|| refused("it answered no, without a reason", remedy))
}

/// Whether an answer is the bare word `false`.
pub(super) fn is_false(body: &Body) -> bool {
    match body {
        Body::Json(json) => json.as_bool() == Some(false) || json.as_str() == Some("false"),
        Body::Text(text) => text == "false",
        Body::Empty => false,
    }
}

/// A refusal that did not come as an HTTP status.
pub(super) fn refused(message: &str, remedy: &'static str) -> BackendError {
    BackendError::refused(API, message, remedy)
}

pub(super) fn unreadable(why: &str) -> BackendError {
    BackendError::unreadable(API, why)
}
