//! Requests to WAHA, and what its refusals mean.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::attributes::Unable;
use crate::{
    backend::{
        http::{Body, Http, Reply, redacted},
        sandbox,
    },
    config::{Timeouts, WahaAccount},
    media::MediaRules,
    op::{BackendError, Progress, Untrusted},
};

pub(super) const API: &str = "WAHA";

pub(super) struct Client {
    http: Http,
    server: Server,
    api_key: Option<SecretString>,
    session: String,
    pub(super) timeouts: Timeouts,
    pub(super) media: MediaRules,
    pub(super) unable: Unable,
}

enum Server {
    At(Url),
    StandIn(OnceCell<sandbox::Running>),
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

impl Client {
    pub(super) fn new(account: &WahaAccount) -> Self {
        Self {
            http: Http::new(API, account.timeouts.answer)
                .plain(account.base_url.scheme() == "http"),
            server: Server::At(account.base_url.clone()),
            api_key: account.api_key.clone(),
            session: account.session.as_str().to_owned(),
            timeouts: account.timeouts,
            media: account.media.clone(),
            unable: Unable::default(),
        }
    }

    pub(super) fn sandbox(timeouts: Timeouts, media: MediaRules) -> Self {
        Self {
            http: Http::new(API, timeouts.answer).plain(true),
            server: Server::StandIn(OnceCell::new()),
            api_key: None,
            session: "default".into(),
            timeouts,
            media,
            unable: Unable::default(),
        }
    }

    pub(super) fn is_sandbox(&self) -> bool {
        matches!(self.server, Server::StandIn(_))
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }

    pub(super) async fn stand_in(&self) -> Result<Option<&sandbox::Running>, BackendError> {
        match &self.server {
            Server::At(_) => Ok(None),
            Server::StandIn(running) => running
                .get_or_try_init(sandbox::start)
                .await
                .map(Some)
                .map_err(|error| BackendError::internal(&error)),
        }
    }

    /// Reads; an answer other than 2xx is a refusal.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, BackendError> {
        let reply = self.try_get(path, query).await?;
        self.accepted(reply)
    }

    /// Reads, whatever the status is.
    pub(super) async fn try_get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, BackendError> {
        let mut url = self.url(path).await?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http
            .read(|client| self.authorized(client.request(Method::GET, url.clone())))
            .await
    }

    /// Asks for one of WAHA's files by its encoded name, at the configured address only.
    pub(super) async fn open_file(&self, name: &str) -> Result<Response, BackendError> {
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
    ) -> Result<Reply, BackendError> {
        let reply = self.try_post(progress, path, body).await?;
        self.accepted(reply)
    }

    /// Changes something, whatever the status is.
    pub(super) async fn try_post(
        &self,
        progress: &Progress,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Reply, BackendError> {
        self.send(progress, Method::POST, path, body).await
    }

    /// Replaces something; an answer other than 2xx is a refusal.
    pub(super) async fn put(
        &self,
        progress: &Progress,
        path: &[&str],
        body: &Value,
    ) -> Result<Reply, BackendError> {
        let reply = self.send(progress, Method::PUT, path, Some(body)).await?;
        self.accepted(reply)
    }

    /// Deletes something; an answer other than 2xx is a refusal.
    pub(super) async fn delete(
        &self,
        progress: &Progress,
        path: &[&str],
    ) -> Result<Reply, BackendError> {
        let reply = self.send(progress, Method::DELETE, path, None).await?;
        self.accepted(reply)
    }

    async fn send(
        &self,
        progress: &Progress,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Reply, BackendError> {
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

    fn accepted(&self, reply: Reply) -> Result<Reply, BackendError> {
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

    async fn url(&self, path: &[&str]) -> Result<Url, BackendError> {
        let mut url = match (&self.server, self.stand_in().await?) {
            (Server::At(url), _) => url.clone(),
            (Server::StandIn(_), Some(running)) => running.url().clone(),
            (Server::StandIn(_), None) => {
                return Err(BackendError::internal(&"the sandbox is not there"));
            }
        };
        match url.path_segments_mut() {
            // Segments are parsed ids and names; none is `.` or `..`.
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(BackendError::internal(&"the address cannot have a path")),
        };
        Ok(url)
    }

    /// What an answer other than 2xx means, in words that hold no secret.
    pub(super) fn refusal(&self, reply: &Reply) -> BackendError {
        let body = reply.body();
        let said = self.message(&body).unwrap_or_else(|| {
            reply
                .status
                .canonical_reason()
                .unwrap_or("no reason given")
                .to_owned()
        });
        let wrong_state = matches!(&body, Body::Json(json) if json.get("status").is_some_and(Value::is_string))
            || says_no_session(&said);
        let next = match reply.status {
            status if status.is_redirection() => {
                "WAHA_BASE_URL leads to a redirect, which is not followed; the operator should set the address behind it"
            }
            StatusCode::UNAUTHORIZED => "the operator should check WAHA_API_KEY",
            StatusCode::FORBIDDEN => {
                "the key may not do this; the operator can use another key or widen its rights in WAHA"
            }
            StatusCode::NOT_FOUND if said.starts_with("Cannot ") => {
                "this WAHA server is too old for the call, or WAHA_BASE_URL has a wrong path; the operator should look"
            }
            _ if wrong_state => "call get_session, then open_session if it is not working",
            StatusCode::NOT_FOUND => {
                "check the ids; list_chats, list_groups and list_messages return ids"
            }
            _ if said.contains("not implemented by") => {
                "WAHA's engine cannot do this; the operator can choose another engine"
            }
            StatusCode::NOT_IMPLEMENTED => {
                "WAHA's engine cannot do this; the operator can choose another engine"
            }
            _ if said.contains("rate-overlimit") => {
                "WhatsApp limits this account's requests: wait some minutes, then call once"
            }
            _ if said.contains("item-not-found") || said.contains("not found") => {
                "check the ids; list_chats, list_groups and list_messages return ids"
            }
            status if status.is_server_error() => "look at the state before trying again",
            _ => "read the message; the operator finds more in WAHA's log",
        };
        BackendError::Refused {
            api: API,
            status: Some(reply.status.as_u16()),
            said: Untrusted::new(&said),
            next,
        }
    }

    /// WAHA's own message. `request`, `exception.stack` and `version` are never
    /// looked at: they repeat the request and name files.
    fn message(&self, body: &Body) -> Option<String> {
        let json = match body {
            Body::Json(json) => json,
            Body::Text(_) | Body::Empty => return None,
        };
        let said = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        let text = |value: &Value| said(value.as_str()?.to_owned());
        let message = match json.get("message") {
            Some(Value::Array(parts)) => {
                let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
                said(parts.join("; "))
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

    /// WAHA's words without the key, in case they repeat it.
    pub(super) fn without_key(&self, said: &str) -> String {
        redacted(said, self.api_key.as_ref())
    }
}

/// Whether a refusal says that the session is in another state than the call needs.
pub(super) fn says_wrong_state(reply: &Reply) -> bool {
    reply.status == StatusCode::UNPROCESSABLE_ENTITY
        && matches!(reply.body(), Body::Json(json) if json.get("status").is_some_and(Value::is_string)
            || json.get("message").and_then(Value::as_str).is_some_and(|said| said.contains("current status is")))
}

/// Whether a refusal says that there is no session of this name, or that it is not running.
pub(super) fn says_no_session(said: &str) -> bool {
    said.contains("Session not found")
        || said.contains("We didn't find a session")
        || (said.contains("Session \"") && said.contains("does not exist"))
}
