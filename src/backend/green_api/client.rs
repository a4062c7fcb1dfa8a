//! Requests to GREEN-API, and what its refusals mean.

use reqwest::{Client as Network, Method, RequestBuilder, Response, multipart::Form};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::sleep;
use url::Url;

use super::kind;
use crate::{
    backend::{
        http::{Body, Http, HttpReply, redacted},
        verify::Response as ChangeResponse,
    },
    config::{Config, ConfigError, Timeouts},
    media::MediaRules,
    op::{BackendError, BackendResult, Progress, Untrusted},
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
        method: &str,
        arguments: Option<&Value>,
    ) -> BackendResult<HttpReply> {
        let url = self.url(&self.api_url, method)?;
        let mut repeats = 0;
        loop {
            let reply = self
                .http
                .read(|network| request(network, url.clone(), arguments))
                .await?;
            // Too many requests, or a gateway that says to try again.
            if !matches!(reply.status.as_u16(), 429 | 502) || repeats == REPEATS {
                return self.accepted(reply);
            }
            repeats += 1;
            sleep(self.timeouts.look * repeats).await;
        }
    }

    /// Calls a method that changes something, by GET too; it is sent once.
    pub(super) async fn change(
        &self,
        progress: &Progress,
        method: &str,
        arguments: Option<&Value>,
    ) -> BackendResult<HttpReply> {
        let url = self.url(&self.api_url, method)?;
        let reply = self
            .http
            .change(progress, |network| request(network, url, arguments))
            .await?;
        self.changed(reply)
    }

    /// Requests a file at one of the configured hosts; `None` for any other address.
    pub(super) async fn open_file(&self, url: &str) -> BackendResult<Option<Response>> {
        let Ok(url) = Url::parse(url) else {
            return Ok(None);
        };
        let http = if url.origin() == self.api_url.origin() {
            &self.http
        } else if url.origin() == self.media_url.origin() {
            &self.files
        } else {
            return Ok(None);
        };
        http.open(|network| network.get(url.clone()))
            .await
            .map(Some)
    }

    /// Sends a file, once, to the host for files.
    pub(super) async fn upload(
        &self,
        progress: &Progress,
        method: &str,
        form: Form,
    ) -> BackendResult<HttpReply> {
        let url = self.url(&self.media_url, method)?;
        self.post_form(&self.files, progress, url, form).await
    }

    /// Calls a method that changes something by a file, once. Pictures of accounts and
    /// groups go to the same host as everything that is not sent.
    pub(super) async fn change_with_file(
        &self,
        progress: &Progress,
        method: &str,
        form: Form,
    ) -> BackendResult<HttpReply> {
        let url = self.url(&self.api_url, method)?;
        self.post_form(&self.http, progress, url, form).await
    }

    async fn post_form(
        &self,
        http: &Http,
        progress: &Progress,
        url: Url,
        form: Form,
    ) -> BackendResult<HttpReply> {
        let reply = http
            .change(progress, |network| network.post(url).multipart(form))
            .await?;
        self.changed(reply)
    }

    /// The answer to a change that is not a refusal.
    fn changed(&self, reply: HttpReply) -> BackendResult<HttpReply> {
        match reply.status.as_u16() {
            // A proxy gave up waiting; the instance may have made the change.
            status @ (499 | 502 | 504) => Err(BackendError::OutcomeUnknown {
                api: API,
                why: format!("it answered {status}"),
            }),
            _ => self.accepted(reply),
        }
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

    /// An answer that is not a refusal.
    fn accepted(&self, reply: HttpReply) -> BackendResult<HttpReply> {
        // Older instances report with 200 that they are not ready.
        let hindered = || {
            let message = self.message(&reply);
            message.and_then(|message| obstacle(&message)).is_some()
        };
        if reply.is_success() && !hindered() {
            Ok(reply)
        } else {
            Err(self.refusal(&reply))
        }
    }

    /// The response in an answer to a change, by its flag of this name.
    ///
    /// # Errors
    /// With an error after which certainly nothing was changed.
    pub(super) fn response(
        &self,
        answer: BackendResult<HttpReply>,
        key: &str,
    ) -> BackendResult<ChangeResponse> {
        match answer {
            Ok(reply) if flag(&reply, key).is_none() => {
                Ok(ChangeResponse::Ambiguous(BackendError::OutcomeUnknown {
                    api: API,
                    why: "it answered neither yes nor no".into(),
                }))
            }
            answer => self.strict_response(answer, key),
        }
    }

    /// As [`GreenApiClient::response`], for methods that deny by leaving the flag out.
    pub(super) fn strict_response(
        &self,
        answer: BackendResult<HttpReply>,
        key: &str,
    ) -> BackendResult<ChangeResponse> {
        ChangeResponse::of(answer, |reply| {
            (flag(reply, key) != Some(true)).then(|| self.refusal(reply))
        })
    }

    /// What a refusal means, in words that hold no secret.
    pub(super) fn refusal(&self, reply: &HttpReply) -> BackendError {
        let status = reply.status.as_u16();
        let message = match status {
            466 => quota(&reply.body()),
            _ => self.message(reply),
        };
        let message = message.unwrap_or_else(|| no_reason(reply));
        BackendError::Refused {
            api: API,
            status: Some(status),
            remedy: remedy(status, &message),
            message: Untrusted::new(&redacted(&message, Some(&self.api_token))),
        }
    }

    /// GREEN-API's own message without the token. `path` is never read: it repeats it.
    pub(super) fn message(&self, reply: &HttpReply) -> Option<String> {
        let message = match reply.body() {
            Body::Json(Value::String(text)) => text,
            Body::Json(Value::Object(fields)) => ["message", "error", "reason"]
                .iter()
                .find_map(|name| fields.get(*name)?.as_str())?
                .to_owned(),
            // An HTML page is no message.
            Body::Text(text) if !text.starts_with('<') => text,
            Body::Json(_) | Body::Text(_) | Body::Empty => return None,
        };
        (!message.trim().is_empty()).then(|| redacted(&message, Some(&self.api_token)))
    }
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

fn request(network: &Network, url: Url, arguments: Option<&Value>) -> RequestBuilder {
    match arguments {
        Some(arguments) => network.request(Method::POST, url).json(arguments),
        None => network.request(Method::GET, url),
    }
}

/// A flag in an answer; for changes, a status of 200 alone says nothing.
pub(super) fn flag(reply: &HttpReply, key: &str) -> Option<bool> {
    match reply.body() {
        Body::Json(json) => json.get(key)?.as_bool(),
        Body::Text(_) | Body::Empty => None,
    }
}

/// What prevents a call, whatever its target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    Starting,
    NotLinked,
    Ended,
    WhatsAppRate,
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
        (200..=299, _) => "it answered no, without a reason".into(),
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

pub(super) fn unreadable(why: &str) -> BackendError {
    BackendError::unreadable(API, why)
}
