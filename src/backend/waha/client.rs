//! Requests to WAHA.

use std::sync::Arc;

use reqwest::{
    Method, Response,
    header::{ACCEPT, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{attributes::Unable, own_file::OwnFile};
use crate::{
    backend::{
        http::{Body, Http, HttpReply, Locate},
        read_request::ReadRequest,
        shapes::Shape,
    },
    config::{Config, Timeouts},
    media::MediaRules,
    op::{BackendError, BackendResult, ChatId, GroupId, MessageId, Progress, Untrusted},
    text::Secrets,
};

pub(super) const API: &str = "WAHA";

const KEY: HeaderName = HeaderName::from_static("x-api-key");

const JSON: &str = "application/json";

/// A WAHA server, and the session that is used there.
pub(super) struct WahaClient {
    http: Http,
    server: Box<dyn Locate>,
    api_key: Option<SecretString>,
    pub(super) secrets: Arc<Secrets>,
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
            secrets: Arc::new(Secrets::new(api_key)),
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
        progress: &Progress,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> BackendResult<HttpReply> {
        let reply = self.try_get(progress, path, query).await?;
        if reply.is_success() {
            Ok(reply)
        } else {
            Err(self.refusal(&reply))
        }
    }

    /// Reads, whatever the status is.
    pub(super) async fn try_get(
        &self,
        progress: &Progress,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> BackendResult<HttpReply> {
        let mut url = self.url(path).await?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        // Without this WAHA draws the QR code as a bare picture.
        let json = HeaderValue::from_static(JSON);
        let request = self.request(url)?.with(ACCEPT, json);
        self.http.read(progress, &request).await
    }

    /// Requests one of WAHA's files, at the configured address only.
    pub(super) async fn open_file(
        &self,
        progress: &Progress,
        file: &OwnFile,
    ) -> BackendResult<Response> {
        let path: Vec<&str> = ["api", "files"]
            .into_iter()
            .chain(file.segments())
            .collect();
        let url = self.url(&path).await?;
        self.http.open(progress, &self.request(url)?).await
    }

    /// Changes something; returns an answer of one of these shapes.
    pub(super) async fn post(
        &self,
        progress: &Progress,
        path: &[&str],
        body: Option<&Value>,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        self.change(progress, Method::POST, path, body, shapes)
            .await
    }

    /// Replaces something; returns an answer of one of these shapes.
    pub(super) async fn put(
        &self,
        progress: &Progress,
        path: &[&str],
        body: &Value,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        self.change(progress, Method::PUT, path, Some(body), shapes)
            .await
    }

    /// Deletes something; returns an answer of one of these shapes.
    pub(super) async fn delete(
        &self,
        progress: &Progress,
        path: &[&str],
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        self.change(progress, Method::DELETE, path, None, shapes)
            .await
    }

    async fn change(
        &self,
        progress: &Progress,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        let url = self.url(path).await?;
        let reply = self
            .http
            .change(progress, |client| {
                let request = client.request(method, url).header(ACCEPT, JSON);
                let request = match &self.api_key {
                    Some(key) => request.header(KEY, key.expose_secret()),
                    None => request,
                };
                match body {
                    Some(body) => request.json(body),
                    None => request,
                }
            })
            .await?;
        self.changed(reply, shapes)
    }

    /// A request that changes nothing.
    fn request(&self, url: Url) -> BackendResult<ReadRequest> {
        let request = ReadRequest::get(url);
        let Some(key) = &self.api_key else {
            return Ok(request);
        };
        let key = HeaderValue::from_str(key.expose_secret());
        Ok(request.with(KEY, key.map_err(|error| BackendError::internal(&error))?))
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

    /// WAHA's message without the key, in case it repeats it.
    pub(super) fn without_key(&self, message: &str) -> String {
        self.secrets.message(message)
    }
}

pub(super) fn unreadable(why: &str) -> BackendError {
    BackendError::unreadable(API, why)
}
