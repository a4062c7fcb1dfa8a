//! WAHA as a back end: how it is configured, and the words of its session states.

use super::Waha;
use crate::{
    backend::BackendKind,
    config::{AccountKey, BackendSpec, ConfigKey, KeyPresence, StateWord, http_url, is_loopback},
    op::SessionState,
};

/// WAHA in the table of back ends.
pub(crate) static KIND: BackendKind = BackendKind {
    spec: BackendSpec {
        name: "waha",
        title: "WAHA",
        about: "A WAHA server",
        keys: &[BASE_URL, API_KEY, SESSION],
        states: &[
            StateWord::new("WORKING", SessionState::Working),
            StateWord::new("STARTING", SessionState::Starting),
            StateWord::new("PASSKEY_REQUIRED", SessionState::NeedsLinking),
            StateWord::new("PASSKEY_CONFIRMATION_REQUIRED", SessionState::NeedsLinking),
            StateWord::pausing("SCAN_QR_CODE", SessionState::NeedsLinking),
            StateWord::pausing("STOPPED", SessionState::Stopped),
            StateWord::pausing("FAILED", SessionState::Failed),
            // What the account may still do, where the server knows it.
            StateWord::pausing("timelock", SessionState::Restricted),
            StateWord::pausing("capped", SessionState::Restricted),
        ],
    },
    open: |config| Ok(Box::new(Waha::open(config)?)),
};

/// The server's address.
pub(super) const BASE_URL: ConfigKey = ConfigKey {
    variable: "WAHA_BASE_URL",
    account_key: AccountKey::Value("url"),
    presence: KeyPresence::Required,
    parse: |text| http_url(text).map(|url| url.to_string()),
    identifies: Some(same_server),
    example: "http://localhost:3000",
};

/// The key of the API; a server may be set up without one.
pub(super) const API_KEY: ConfigKey = ConfigKey {
    variable: "WAHA_API_KEY",
    account_key: AccountKey::Secret {
        file: "api_key_file",
        variable: "api_key_env",
    },
    presence: KeyPresence::Optional,
    parse: |text| Ok(text.to_owned()),
    identifies: None,
    example: "secret",
};

/// The name of the session.
pub(super) const SESSION: ConfigKey = ConfigKey {
    variable: "WAHA_SESSION",
    account_key: AccountKey::Value("session"),
    presence: KeyPresence::Default("default"),
    parse: session,
    identifies: Some(str::to_owned),
    example: "default",
};

fn session(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match (1..=54).contains(&text.len()) && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("takes 1 to 54 letters, digits, `_` or `-`".to_owned()),
    }
}

/// One form for all names that a machine has for itself.
fn same_server(url: &str) -> String {
    let Ok(mut url) = http_url(url) else {
        return url.to_owned();
    };
    if is_loopback(&url) {
        // Cannot fail: the address has a host.
        let _ = url.set_host(Some("localhost"));
    }
    url.as_str().trim_end_matches('/').to_owned()
}
