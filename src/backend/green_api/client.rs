//! Requests to GREEN-API.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use reqwest::{Client as Network, Method, RequestBuilder, Response, multipart::Form};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::sleep;
use url::Url;

use super::kind;
use crate::{
    backend::{
        http::{Body, Http, HttpReply},
        read_request::ReadRequest,
        shapes::Shape,
    },
    config::{Config, ConfigError, Timeouts},
    media::MediaRules,
    op::{BackendError, BackendResult, Progress},
    text::Secrets,
};

pub(super) const API: &str = "GREEN-API";

/// How often a read that came too early is sent again.
const REPEATS: u32 = 2;

/// A GREEN-API instance.
pub(super) struct GreenApiClient {
    http: Http,
    files: Http,
    api_url: Url,
    media_url: Url,
    id_instance: String,
    api_token: SecretString,
    pub(super) secrets: Arc<Secrets>,
    pub(super) timeouts: Timeouts,
    pub(super) media: MediaRules,
}

impl GreenApiClient {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let (api_url, media_url) = (config.url(&kind::API_URL)?, config.url(&kind::MEDIA_URL)?);
        let http = |url: &Url| Http::new(API, config.timeouts.answer).plain(url.scheme() == "http");
        Ok(Self {
            http: http(&api_url),
            files: http(&media_url),
            api_url,
            media_url,
            id_instance: config.text(&kind::ID_INSTANCE).to_owned(),
            secrets: Arc::new(Secrets::new(config.value(&kind::API_TOKEN))),
            api_token: config.value(&kind::API_TOKEN).cloned().unwrap_or_default(),
            timeouts: config.timeouts,
            media: config.media.clone(),
        })
    }

    pub(super) fn id_instance(&self) -> &str {
        &self.id_instance
    }

    /// Calls a method that changes nothing: a POST where it takes arguments, else a GET.
    pub(super) async fn read(
        &self,
        progress: &Progress,
        method: &str,
        arguments: Option<&Value>,
    ) -> BackendResult<HttpReply> {
        let url = self.url(&self.api_url, method)?;
        let request = match arguments {
            Some(arguments) => ReadRequest::post(url, arguments),
            None => ReadRequest::get(url),
        };
        let mut repeats = 0;
        loop {
            let reply = self.http.read(progress, &request).await?;
            // Too many requests, or a gateway that says to try again.
            if !matches!(reply.status.as_u16(), 429 | 502) || repeats == REPEATS {
                return self.accepted(reply);
            }
            repeats += 1;
            sleep(self.timeouts.look * repeats).await;
        }
    }

    /// Calls a method that changes something, by GET too; it is sent once. Returns an
    /// answer of one of these shapes.
    pub(super) async fn change(
        &self,
        progress: &Progress,
        method: &str,
        arguments: Option<&Value>,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        let url = self.url(&self.api_url, method)?;
        let reply = self
            .http
            .change(progress, |network| request(network, url, arguments))
            .await?;
        self.changed(reply, shapes)
    }

    /// Requests a file at one of the configured hosts; `None` for any other address, and
    /// for the address of a method: a GET of it may change something.
    pub(super) async fn open_file(
        &self,
        progress: &Progress,
        url: &str,
    ) -> BackendResult<Option<Response>> {
        let Some(url) = Url::parse(url).ok().filter(is_of_file) else {
            return Ok(None);
        };
        let http = if url.origin() == self.api_url.origin() {
            &self.http
        } else if url.origin() == self.media_url.origin() {
            &self.files
        } else {
            return Ok(None);
        };
        let request = ReadRequest::get(url);
        http.open(progress, &request).await.map(Some)
    }

    /// Sends a file, once, to the host for files.
    pub(super) async fn upload(
        &self,
        progress: &Progress,
        method: &str,
        form: Form,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        let url = self.url(&self.media_url, method)?;
        self.post_form(&self.files, progress, url, form, shapes)
            .await
    }

    /// Calls a method that changes something by a file, once. Pictures of accounts and
    /// groups go to the same host as everything that is not sent.
    pub(super) async fn change_with_file(
        &self,
        progress: &Progress,
        method: &str,
        form: Form,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        let url = self.url(&self.api_url, method)?;
        self.post_form(&self.http, progress, url, form, shapes)
            .await
    }

    async fn post_form(
        &self,
        http: &Http,
        progress: &Progress,
        url: Url,
        form: Form,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        let reply = http
            .change(progress, |network| network.post(url).multipart(form))
            .await?;
        self.changed(reply, shapes)
    }

    /// A message of GREEN-API without the token, in case it repeats it.
    pub(super) fn without_token(&self, message: &str) -> String {
        self.secrets.message(message)
    }

    /// The address of a method, with the token in it: never to be shown.
    fn url(&self, base: &Url, method: &str) -> BackendResult<Url> {
        let mut url = base.clone();
        let instance = format!("waInstance{}", self.id_instance);
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend([
                    instance.as_str(),
                    method,
                    self.api_token.expose_secret(),
                ]);
            }
            Err(()) => return Err(BackendError::internal(&"the address cannot have a path")),
        }
        Ok(url)
    }
}

/// Whether an address can be one of a file, however often a server decodes it.
fn is_of_file(url: &Url) -> bool {
    let path = percent_decode_str(url.path()).decode_utf8_lossy();
    let may_be_method = path.contains('%') || path.to_ascii_lowercase().contains("wainstance");
    !may_be_method && url.username().is_empty() && url.password().is_none()
}

fn request(network: &Network, url: Url, arguments: Option<&Value>) -> RequestBuilder {
    match arguments {
        Some(arguments) => network.request(Method::POST, url).json(arguments),
        None => network.request(Method::GET, url),
    }
}

pub(super) fn unreadable(why: &str) -> BackendError {
    BackendError::unreadable(API, why)
}
