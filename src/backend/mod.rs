//! WhatsApp HTTP APIs: one method per operation, and a look at the effect.

mod changes;
mod effect;
mod files;
pub mod green_api;
mod http;
mod media;
mod members;
mod pictures;
pub mod sandbox;
mod settle;
mod showing;
pub mod waha;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    config::Config,
    op::{BackendError, Output, SessionReport},
    toolset::{Authority, Toolset},
};
use green_api::GreenApi;
use waha::Waha;

/// A back end that is ready to be called; nothing has been opened yet.
#[derive(Clone)]
pub enum Backend {
    /// WAHA, or the sandbox that stands in for it.
    Waha(Waha),
    /// GREEN-API.
    GreenApi(GreenApi),
}

/// One thing that was looked at when the back end was examined.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was looked at, and what was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    /// Something is as it should be.
    pub fn fine(found: impl Into<String>) -> Self {
        Self {
            ok: true,
            found: found.into(),
            next: None,
        }
    }

    /// Something is wrong.
    pub fn wrong(found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            ok: false,
            found: found.into(),
            next: Some(next.into()),
        }
    }

    /// A session's state.
    fn session(mut report: SessionReport) -> Self {
        match report.next.take() {
            None => Self::fine(report.text()),
            Some(next) => Self::wrong(report.text(), next),
        }
    }
}

impl From<BackendError> for Finding {
    fn from(fault: BackendError) -> Self {
        Self::wrong(fault.to_string(), fault.next())
    }
}

impl Backend {
    /// The back end that a configuration names.
    pub fn new(config: &Config) -> Self {
        match config {
            Config::Waha(account) => Self::Waha(Waha::new(account)),
            Config::GreenApi(account) => Self::GreenApi(GreenApi::new(account)),
            Config::Sandbox(timeouts, media) => Self::Waha(Waha::sandbox(*timeouts, media.clone())),
        }
    }

    /// The tools that it offers, with the authority to permit their calls.
    pub fn toolset(&self) -> (Toolset, Authority) {
        match self {
            Self::Waha(waha) => waha.toolset(),
            Self::GreenApi(green_api) => green_api.toolset(),
        }
    }

    /// The tools that it offers, to be listed and prepared; none of their calls can be run.
    pub fn tools(&self) -> Toolset {
        self.toolset().0
    }

    /// Looks whether the API is there, takes the key and has a working session.
    pub async fn examine(&self) -> Vec<Finding> {
        match self {
            Self::Waha(waha) => waha.examine().await,
            Self::GreenApi(green_api) => green_api.examine().await,
        }
    }
}

/// A time from now, in whole seconds: no API promises more.
fn in_seconds(seconds: i64) -> Timestamp {
    let now = Timestamp::now();
    let then = now
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(now);
    Timestamp::from_second(then.as_second()).unwrap_or(then)
}
