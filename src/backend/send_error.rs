//! Why a request got no answer that can be read.

use std::error::Error;

use url::Url;

use crate::op::BackendError;

/// The end of a request that got no answer that can be read.
#[derive(Debug)]
pub(super) enum SendError {
    /// Nothing of it was sent.
    Unsent(String),
    /// It may have been sent, and no answer came.
    Unanswered(String),
    TimedOut,
    /// An answer came that cannot be read.
    Unreadable(String),
}

impl SendError {
    /// The error of a request that changes nothing.
    pub(super) fn of_read(self, api: &'static str, url: &Url) -> BackendError {
        match self {
            Self::Unreadable(why) => BackendError::Unreadable { api, why },
            Self::Unsent(why) | Self::Unanswered(why) => unreachable(api, url, why),
            Self::TimedOut => unreachable(api, url, TIMED_OUT.to_owned()),
        }
    }

    /// The error of a request that changes something.
    pub(super) fn of_change(self, api: &'static str, url: &Url) -> BackendError {
        let why = match self {
            Self::Unsent(why) => return unreachable(api, url, why),
            Self::Unanswered(why) => format!("no answer came ({why})"),
            Self::TimedOut => format!("no answer came ({TIMED_OUT})"),
            Self::Unreadable(why) => format!("its answer cannot be read: {why}"),
        };
        BackendError::OutcomeUnknown { api, why }
    }

    /// A connection that was lost while the answer was read.
    pub(super) fn cut_off(error: impl Error + 'static) -> Self {
        let why = reason(&error);
        Self::Unreadable(format!("the connection was lost while it was read: {why}"))
    }
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        let unsent = error.is_connect() || error.is_builder();
        match (unsent, error.is_timeout()) {
            (true, _) => Self::Unsent(reason(&error)),
            (false, true) => Self::TimedOut,
            (false, false) => Self::Unanswered(reason(&error)),
        }
    }
}

const TIMED_OUT: &str = "no answer within the time limit";

fn unreachable(api: &'static str, url: &Url, why: String) -> BackendError {
    // Scheme, host and port: the part of an address that may be shown.
    let address = url.origin().ascii_serialization();
    BackendError::Unreachable { api, address, why }
}

/// The reason of an error, without an address: its path may contain a secret.
pub(super) fn reason(error: &(dyn Error + 'static)) -> String {
    let general = error.downcast_ref::<reqwest::Error>();
    if general.is_some_and(reqwest::Error::is_timeout) {
        return TIMED_OUT.to_owned();
    }
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    match deepest.downcast_ref::<reqwest::Error>() {
        // Only an error of reqwest itself prints its URL.
        Some(_) => "the connection failed".to_owned(),
        None => deepest.to_string(),
    }
}
