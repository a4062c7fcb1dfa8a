//! GREEN-API as a back end: how it is configured, and the words of its instance states.

use super::GreenApi;
use crate::{
    backend::BackendKind,
    config::{AccountKey, BackendSpec, ConfigKey, KeyPresence, StateWord, http_url, is_loopback},
    op::SessionState,
};

/// GREEN-API in the table of back ends.
pub(crate) static KIND: BackendKind = BackendKind {
    spec: BackendSpec {
        name: "green-api",
        title: "GREEN-API",
        about: "A GREEN-API instance",
        keys: &[ID_INSTANCE, API_TOKEN, API_URL, MEDIA_URL],
        states: &[
            StateWord::new("authorized", SessionState::Working),
            StateWord::new("starting", SessionState::Starting),
            StateWord::new("pendingCode", SessionState::NeedsLinking),
            StateWord::pausing("notAuthorized", SessionState::NeedsLinking),
            StateWord::pausing("sleepMode", SessionState::Starting),
            StateWord::pausing("yellowCard", SessionState::Restricted),
            StateWord::pausing("suspended", SessionState::Restricted),
            StateWord::pausing("blocked", SessionState::Restricted),
        ],
    },
    open: |config| Ok(Box::new(GreenApi::open(config)?)),
};

/// The number of the instance.
pub(super) const ID_INSTANCE: ConfigKey = ConfigKey {
    variable: "GREENAPI_ID_INSTANCE",
    account_key: AccountKey::Value("id_instance"),
    presence: KeyPresence::Required,
    parse: |text| {
        let fits = text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        checked(fits, text, "takes the digits that the console shows")
    },
    identifies: Some(|id| id.trim_start_matches('0').to_owned()),
    example: "1101000001",
};

/// The token of the instance.
pub(super) const API_TOKEN: ConfigKey = ConfigKey {
    variable: "GREENAPI_API_TOKEN",
    account_key: AccountKey::Secret {
        file: "api_token_file",
        variable: "api_token_env",
    },
    presence: KeyPresence::Required,
    parse: |text| {
        let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let problem = "takes the letters and digits that the console shows";
        checked(fits, text, problem)
    },
    identifies: None,
    example: "d75b3a66374942c5",
};

/// The address of the API.
pub(super) const API_URL: ConfigKey = ConfigKey {
    variable: "GREENAPI_API_URL",
    account_key: AccountKey::Value("api_url"),
    presence: KeyPresence::Default("https://api.green-api.com"),
    parse: url,
    identifies: None,
    example: "https://api.green-api.com",
};

/// The address that takes files.
pub(super) const MEDIA_URL: ConfigKey = ConfigKey {
    variable: "GREENAPI_MEDIA_URL",
    account_key: AccountKey::Value("media_url"),
    presence: KeyPresence::Default("https://media.green-api.com"),
    parse: url,
    identifies: None,
    example: "https://media.green-api.com",
};

fn url(text: &str) -> Result<String, String> {
    let url = http_url(text)?;
    let fits = url.scheme() == "https" || is_loopback(&url);
    let problem = "has to start with https://: the token is part of every path";
    checked(fits, url.as_str(), problem)
}

fn checked(fits: bool, text: &str, problem: &str) -> Result<String, String> {
    match fits {
        true => Ok(text.to_owned()),
        false => Err(problem.to_owned()),
    }
}
